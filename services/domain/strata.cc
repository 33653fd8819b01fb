#include "services/domain/strata.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "services/base/text.h"

namespace imdi::domain {
namespace {

constexpr char kDistrict[] = "district";

model::LocalizedText Text(std::string_view nn, std::string_view nb, std::string_view en) {
  model::LocalizedText text;
  text.set_nn(nn.data(), nn.size());
  text.set_nb(nb.data(), nb.size());
  text.set_en(en.data(), en.size());
  return text;
}

// English falls back to bokmål.
const std::string& English(const model::LocalizedText& text) {
  return TextIn(text, model::LANGUAGE_EN);
}

// What a group is called within the title of a stratum; an unknown one needs its variable.
model::LocalizedText GroupTitle(const CompiledFrame::Attribute& attribute, uint16_t group) {
  if (group != kUnknownGroup) return attribute.groups[group].title;
  const model::LocalizedText& title = attribute.title;
  return Text(base::StrCat(title.nn(), " ukjend"), base::StrCat(title.nb(), " ukjent"),
              base::StrCat(English(title), " unknown"));
}

model::LocalizedText Join(const model::LocalizedText& a, const model::LocalizedText& b) {
  return Text(base::StrCat(a.nn(), ", ", b.nn()), base::StrCat(a.nb(), ", ", b.nb()),
              base::StrCat(English(a), ", ", English(b)));
}

}  // namespace

Strata Strata::Of(const CompiledFrame& frame, std::string_view within, std::string_view along) {
  const std::optional<uint32_t> within_attribute = frame.FindAttribute(within);
  const std::optional<uint32_t> along_attribute = frame.FindAttribute(along);
  // kUnknownGroup is the largest number, so the order of keys is the order of strata.
  using Key = std::tuple<bool, uint16_t, uint16_t>;
  std::vector<Key> keys(frame.size());
  std::map<Key, uint16_t> numbers;
  for (UnitIndex unit = 0; unit < frame.size(); ++unit) {
    Key& key = keys[unit];
    if (frame.unit(unit).type() == model::UNIT_TYPE_DISTRICT) {
      key = {true, 0, 0};
    } else {
      key = {false, within_attribute ? frame.GroupOf(unit, *within_attribute) : uint16_t{0},
             along_attribute ? frame.GroupOf(unit, *along_attribute) : uint16_t{0}};
    }
    numbers.emplace(key, uint16_t{0});
  }
  Strata out;
  for (auto& [key, number] : numbers) {
    number = static_cast<uint16_t>(out.strata_.size());
    const auto& [district, within_group, along_group] = key;
    Stratum& stratum = out.strata_.emplace_back();
    stratum.district = district;
    stratum.within_group = within_group;
    stratum.along_group = along_group;
    if (district) {
      stratum.id = kDistrict;
      stratum.title = Text("Bydelar", "Bydeler", "City districts");
      continue;
    }
    for (const auto& [attribute, group] :
         {std::pair(within_attribute, within_group), std::pair(along_attribute, along_group)}) {
      if (!attribute) continue;
      const model::LocalizedText title = GroupTitle(frame.attributes()[*attribute], group);
      const std::string_view code = frame.GroupCode(*attribute, group);
      const bool first = stratum.id.empty();
      stratum.title = first ? title : Join(stratum.title, title);
      stratum.id = first ? std::string(code) : base::StrCat(stratum.id, ".", code);
    }
    if (stratum.id.empty()) {
      stratum.id = "all";
      stratum.title = Text("Alle kommunar", "Alle kommuner", "All municipalities");
    }
  }
  out.of_unit_.reserve(keys.size());
  for (const Key& key : keys) out.of_unit_.push_back(numbers.find(key)->second);
  return out;
}

Collapse CollapseStrata(const Strata& strata, std::span<const int32_t> frame,
                        std::span<const int32_t> responded) {
  // Neighbours joined so far, in the order of the strata.
  struct Joined {
    std::vector<uint16_t> members;
    int32_t frame = 0;
    int32_t responded = 0;
    bool thin() const { return responded < kStratumRespondentsMin && responded < frame; }
  };
  Collapse out;
  out.to.assign(strata.size(), 0);
  const auto same_group = [&strata](size_t a, size_t b) {
    return strata[a].district == strata[b].district &&
           strata[a].within_group == strata[b].within_group;
  };
  for (size_t begin = 0; begin < strata.size();) {
    size_t end = begin + 1;
    while (end < strata.size() && same_group(begin, end)) ++end;
    std::vector<Joined> group;
    for (size_t h = begin; h < end; ++h) {
      if (frame[h] > 0) group.push_back({{static_cast<uint16_t>(h)}, frame[h], responded[h]});
    }
    while (group.size() > 1) {
      size_t from = group.size();
      for (size_t i = 0; i < group.size(); ++i) {
        if (group[i].thin() &&
            (from == group.size() || group[i].responded < group[from].responded)) {
          from = i;
        }
      }
      if (from == group.size()) break;
      size_t into = from == 0 ? 1 : from - 1;
      if (from > 0 && from + 1 < group.size() && group[from + 1].responded < group[into].responded)
        into = from + 1;
      const Joined thin = group[from];
      Joined& taker = group[into];
      Collapse::Step step{
          thin.members.front(), taker.members.front(), thin.responded, thin.frame, {}};
      step.reason = base::StrCat("stratum ", strata[step.from].id, ": ", thin.responded, " of ",
                                 thin.frame, " answered, fewer than ", kStratumRespondentsMin,
                                 "; joined with ", strata[step.into].id);
      out.steps.push_back(std::move(step));
      taker.members.insert(into < from ? taker.members.end() : taker.members.begin(),
                           thin.members.begin(), thin.members.end());
      taker.frame += thin.frame;
      taker.responded += thin.responded;
      group.erase(group.begin() + static_cast<std::ptrdiff_t>(from));
    }
    if (group.empty()) {  // A whole group without invited units still needs a number.
      for (size_t h = begin; h < end; ++h) out.to[h] = out.count;
      ++out.count;
    }
    // Strata without units go with the one before them; those at the front with the one after.
    size_t next = begin;
    for (size_t i = 0; i < group.size(); ++i) {
      const size_t stop = i + 1 < group.size() ? group[i + 1].members.front() : end;
      for (; next < stop; ++next) out.to[next] = out.count;
      ++out.count;
    }
    begin = end;
  }
  return out;
}

}  // namespace imdi::domain
