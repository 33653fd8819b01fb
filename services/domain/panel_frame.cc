#include "services/domain/panel_frame.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace imdi::domain {

size_t PanelFrame::bytes() const {
  size_t out = strata_of_gone.capacity() * sizeof(uint16_t);
  for (const Earlier& one : earlier) out += one.unit_at.capacity() * sizeof(UnitIndex);
  return out;
}

PanelFrame MakePanelFrame(const CompiledFrame& frame, const Strata& strata,
                          const std::string& previous, std::vector<EarlierEdition> earlier) {
  PanelFrame out;
  if (earlier.empty()) return out;
  std::map<std::string_view, uint16_t> stratum_by_id;
  for (size_t s = 0; s < strata.size(); ++s)
    stratum_by_id.emplace(strata[s].id, static_cast<uint16_t>(s));

  // By column: the unit in the edition that was gone through last, and the code that it is followed
  // by; empty = no further.
  std::vector<UnitIndex> here(frame.size());
  std::vector<std::string_view> code(frame.size());
  for (UnitIndex unit = 0; unit < frame.size(); ++unit) {
    here[unit] = unit;
    code[unit] = frame.unit(unit).code();
  }
  const CompiledFrame* later = &frame;
  std::string_view names_before = previous;
  out.earlier.resize(earlier.size());
  for (size_t at = earlier.size(); at-- > 0;) {
    EarlierEdition& edition = earlier[at];
    const CompiledFrame& before = *edition.frame;
    std::vector<UnitIndex>& unit_at = out.earlier[at].unit_at;
    unit_at.assign(code.size(), kNoUnit);
    std::vector<uint8_t> claims(before.size(), 0);
    for (size_t column = 0; column < code.size(); ++column) {
      // Predecessors are units of the edition that the frame's own edition names.
      if (here[column] != kNoUnit && names_before == edition.id)
        code[column] = later->OnlyPredecessorOf(here[column]).value_or(std::string_view());
      if (code[column].empty()) continue;
      const std::optional<UnitIndex> unit = before.Find(code[column]);
      if (!unit.has_value()) continue;
      unit_at[column] = *unit;
      if (claims[*unit] < 2) ++claims[*unit];
    }
    for (size_t column = 0; column < code.size(); ++column) {
      if (unit_at[column] == kNoUnit || claims[unit_at[column]] < 2) continue;
      unit_at[column] = kNoUnit;
      code[column] = {};
    }
    const Strata own = Strata::Of(before);
    for (UnitIndex unit = 0; unit < before.size(); ++unit) {
      if (claims[unit] == 1) continue;
      const auto stratum = stratum_by_id.find(own[own.StratumOf(unit)].id);
      out.strata_of_gone.push_back(
          stratum == stratum_by_id.end() ? static_cast<uint16_t>(strata.size()) : stratum->second);
      unit_at.push_back(unit);
      code.push_back(before.unit(unit).code());
    }
    here = unit_at;
    later = &before;
    names_before = edition.previous;
  }
  out.columns = code.size();
  for (size_t at = 0; at < earlier.size(); ++at) {
    out.earlier[at].unit_at.resize(out.columns, kNoUnit);
    out.earlier[at].edition = std::move(earlier[at]);
  }
  return out;
}

}  // namespace imdi::domain
