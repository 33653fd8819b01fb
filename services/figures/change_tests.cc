#include "services/figures/change_tests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "services/base/text.h"
#include "services/domain/multiplicity.h"
#include "services/figures/joined_strata.h"
#include "services/figures/stratum_labels.h"

namespace imdi::figures {
namespace {

using domain::AnswerState;
using domain::PairCell;

constexpr std::string_view kGone = "gone";
constexpr std::string_view kRule = "benjamini-hochberg";

std::vector<PairCell> CellsOf(std::span<const query_pb::ChangeStratum> strata) {
  std::vector<PairCell> out;
  for (const query_pb::ChangeStratum& stratum : strata) {
    PairCell& cell = out.emplace_back();
    cell.frame_a = stratum.frame_earlier();
    cell.frame_b = stratum.frame_later();
    cell.frame_both = stratum.frame_both();
    const auto count = static_cast<size_t>(stratum.states_size());
    for (size_t i = 0; i < std::min(count, cell.count.size()); ++i)
      cell.count[i] = stratum.states(static_cast<int>(i));
  }
  return out;
}

// x / n of one edition over all strata.
double ShareCounted(std::span<const PairCell> cells, bool later) {
  domain::CountedShare out;
  for (const PairCell& cell : cells) {
    for (size_t s = 0; s < domain::kAnswerStates; ++s) {
      const auto other = static_cast<AnswerState>(s);
      const auto count = [&](AnswerState own) {
        return later ? cell.At(other, own) : cell.At(own, other);
      };
      out.x += count(AnswerState::kYes);
      out.n += count(AnswerState::kYes) + count(AnswerState::kNo);
    }
  }
  return out.n == 0 ? 0 : static_cast<double>(out.x) / static_cast<double>(out.n);
}

}  // namespace

std::optional<CountedChange> CountChange(const EditionFigures& edition, std::string_view cell,
                                         int32_t year) {
  const domain::FigurePlan& plan = edition.plan();
  const std::optional<size_t> index = plan.Find(cell);
  if (!index.has_value()) return std::nullopt;
  const std::optional<size_t> panel = plan.FindPanel(plan.CellAt(*index));
  if (!panel.has_value()) return std::nullopt;
  const domain::FigurePlan::Panel& editions = plan.panels()[*panel];
  const auto earlier = std::ranges::find_if(editions.earlier, [&](uint32_t number) {
    return plan.panel_frame().earlier[number].edition.year == year;
  });
  if (earlier == editions.earlier.end()) return std::nullopt;
  const auto place = static_cast<size_t>(earlier - editions.earlier.begin());
  const std::vector<PairCell> cells =
      edition.counts().CountsOfPanel(*panel, place, editions.editions() - 1);
  const JoinedStrata joined = JoinStrata(plan.strata(), std::span(&cells, 1));
  std::vector<std::string> ids(joined.count);
  for (size_t h = 0; h < cells.size(); ++h) {
    if (cells[h].frame_a + cells[h].frame_b == 0) continue;
    std::string& id = ids[joined.to[h]];
    base::StrAppend(id, id.empty() ? "" : "+",
                    h < plan.strata().size() ? std::string_view(plan.strata()[h].id) : kGone);
  }
  CountedChange out;
  const int32_t later_year = edition.entry().definition->reference_year();
  out.collapsed = CollapsedInfos(plan.strata(), joined.steps, std::array{year, later_year});
  const std::vector<PairCell> sums = Join(joined, cells);
  for (size_t h = 0; h < sums.size(); ++h) {
    if (ids[h].empty()) continue;
    query_pb::ChangeStratum& stratum = out.strata.emplace_back();
    stratum.set_stratum(ids[h]);
    stratum.set_frame_earlier(sums[h].frame_a);
    stratum.set_frame_later(sums[h].frame_b);
    stratum.set_frame_both(sums[h].frame_both);
    stratum.mutable_states()->Add(sums[h].count.begin(), sums[h].count.end());
    for (size_t s = 0; s < domain::kAnswerStates; ++s) {
      const auto state = static_cast<AnswerState>(s);
      const int32_t yes_earlier = sums[h].At(AnswerState::kYes, state);
      const int32_t yes_later = sums[h].At(state, AnswerState::kYes);
      out.earlier.x += yes_earlier;
      out.earlier.n += yes_earlier + sums[h].At(AnswerState::kNo, state);
      out.later.x += yes_later;
      out.later.n += yes_later + sums[h].At(state, AnswerState::kNo);
    }
  }
  return out;
}

domain::Change EstimateOf(std::span<const query_pb::ChangeStratum> strata) {
  return domain::EstimateChange(CellsOf(strata), kTestLevel);
}

query_pb::ChangeEstimate ChangeEstimateOf(std::span<const query_pb::ChangeStratum> strata,
                                          bool known) {
  const domain::Change change = EstimateOf(strata);
  query_pb::ChangeEstimate out;
  out.set_value(change.estimate);
  out.set_lower(change.estimate);
  out.set_upper(change.estimate);
  out.set_level(kTestLevel);
  out.set_earlier(change.p_a);
  out.set_later(change.p_b);
  out.set_df(change.df);
  if (known) {
    // All of both bases answered: they stand for nobody else, whatever their strata's weights.
    const std::vector<PairCell> cells = CellsOf(strata);
    out.set_earlier(ShareCounted(cells, false));
    out.set_later(ShareCounted(cells, true));
    out.set_value(out.later() - out.earlier());
    out.set_lower(out.value());
    out.set_upper(out.value());
    return out;
  }
  if (!std::isnan(change.test.standard_error)) out.set_standard_error(change.test.standard_error);
  out.set_earlier_error(change.se_a);
  out.set_later_error(change.se_b);
  out.set_covariance(change.covariance);
  if (!change.test.p.has_value()) return out;
  out.set_t(*change.test.t);
  out.set_p(*change.test.p);
  if (change.test.interval.has_value()) {
    out.set_lower(change.test.interval->lower);
    out.set_upper(change.test.interval->upper);
  }
  return out;
}

query_pb::PanelCounts PanelOf(std::span<const query_pb::ChangeStratum> strata) {
  const domain::PanelTest panel = domain::McNemar(CellsOf(strata));
  query_pb::PanelCounts out;
  out.set_units(panel.n);
  out.set_yes_yes(panel.yes_yes);
  out.set_yes_no(panel.yes_no);
  out.set_no_yes(panel.no_yes);
  out.set_no_no(panel.no_no);
  if (panel.tested) out.set_p_mid(panel.p_mid);
  return out;
}

std::vector<std::optional<double>> Adjust(std::span<const std::optional<double>> p,
                                          std::string_view id, query_pb::TestFamily* family) {
  std::vector<std::optional<double>> out;
  int32_t size = 0;
  for (const domain::AdjustedP& one : domain::AdjustForMultiplicity(p)) {
    out.push_back(one.benjamini_hochberg);
    size += one.benjamini_hochberg.has_value() ? 1 : 0;
  }
  family->set_id(std::string(id));
  family->set_size(size);
  family->set_rule(std::string(kRule));
  return out;
}

void AdjustWithinTables(std::span<query_pb::ChangeFigure> changes) {
  std::map<std::string, std::vector<query_pb::ChangeFigure*>> tables;
  for (query_pb::ChangeFigure& change : changes) {
    if (!change.estimate().has_p()) continue;
    std::string id = base::StrCat("changes@", change.earlier().year());
    // The group, behind indicator and basis; a category is no group.
    std::string_view rest = change.later().figure();
    for (int part = 0; !rest.empty(); ++part) {
      const std::string_view one = rest.substr(0, rest.find('.'));
      if (part >= 2 && !one.starts_with("answer=")) base::StrAppend(id, ".", one);
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    tables[id].push_back(&change);
  }
  for (auto& [id, table] : tables) {
    std::vector<std::optional<double>> p;
    for (const query_pb::ChangeFigure* change : table) p.push_back(change->estimate().p());
    query_pb::TestFamily family;
    const std::vector<std::optional<double>> q = Adjust(p, id, &family);
    for (size_t i = 0; i < table.size(); ++i) {
      if (!q[i].has_value()) continue;
      table[i]->set_q(*q[i]);
      *table[i]->mutable_family() = family;
    }
  }
}

}  // namespace imdi::figures
