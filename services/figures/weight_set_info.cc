#include "services/figures/weight_set_info.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "services/base/text.h"
#include "services/domain/weighted_estimate.h"
#include "services/figures/figure_estimate.h"
#include "services/figures/stratum_labels.h"

namespace imdi::figures {
namespace {

using domain::CalibratedWeights;
using domain::FigurePlan;

// Of a target: a level of a margin is written "region=2"; all units together are "units".
bool IsTotal(std::string_view level) {
  return level.find('=') == std::string_view::npos && level != "units";
}

// The cells of a calibrated layout; `strata` are its strata after collapsing.
void PutCells(const EditionFigures& edition, uint32_t number,
              const std::vector<query_pb::StratumEvidence>& strata,
              const CalibratedWeights& weights, query_pb::WeightSetInfo& out) {
  const FigurePlan::WeightLayout& layout = edition.plan().layouts()[number];
  const std::vector<domain::EditionCounts::Responded> responded =
      edition.counts().RespondedByWeightCell(number);
  const domain::Collapse& collapse = edition.counts().collapse(number);
  std::vector<bool> titled(strata.size(), false);
  for (size_t c = 0; c < layout.cells.size(); ++c) {
    const FigurePlan::WeightLayout::Cell& cell = layout.cells[c];
    const uint16_t stratum = collapse.to[cell.stratum];
    query_pb::StratumEvidence& line = *out.add_cells();
    line = strata[stratum];
    if (titled[stratum]) line.clear_title();
    titled[stratum] = true;
    const uint32_t place = weights.cell_of[c];
    const bool weighted = weights.status.ok() && place != CalibratedWeights::kNoCell;
    line.set_weight(weighted ? weights.weighting.cells()[place].weight : 0);
    for (size_t m = 0; m < cell.levels.size(); ++m)
      line.add_levels(layout.margins[m].levels[cell.levels[m]]);
    for (size_t t = 0; t < cell.totals.size(); ++t)
      line.add_levels(
          base::StrCat(domain::FrameNumberName(layout.set->totals()[t]), "=", cell.totals[t]));
    line.set_cell_frame(responded[c].invited);
    line.set_cell_responded(responded[c].responded);
  }
}

query_pb::WeightSetInfo InfoOf(const EditionFigures& edition, uint32_t number) {
  const FigurePlan::WeightLayout& layout = edition.plan().layouts()[number];
  const CalibratedWeights& weights = edition.weights().Of(number);
  query_pb::WeightSetInfo out;
  out.set_name(layout.set->name());
  out.set_revision(edition.catalog().RevisionOf(layout.set->name()));
  *out.mutable_title() = layout.set->definition().title();
  out.set_method(layout.set->method());
  const std::vector<query_pb::StratumEvidence> strata = StrataInfos(edition.counts(), number);
  if (IsCalibrated(layout)) {
    PutCells(edition, number, strata, weights, out);
  } else {
    out.mutable_cells()->Assign(strata.begin(), strata.end());
  }
  const auto collapsed = CollapsedInfos(edition.counts(), number);
  out.mutable_collapsed()->Assign(collapsed.begin(), collapsed.end());
  for (const domain::WeightTarget& target : weights.targets) {
    query_pb::WeightTarget& one = *out.add_targets();
    one.set_level(target.level);
    one.set_frame(target.frame);
    one.set_before(target.before);
    one.set_after(target.after);
  }
  if (!weights.status.ok()) {
    *out.mutable_problem() = ProblemOf(weights.status);
    return out;
  }
  const domain::WeightSummary summary = domain::SummarizeWeights(weights.weighting);
  out.set_smallest(summary.smallest);
  out.set_largest(summary.largest);
  out.set_kish_design_effect(summary.kish_deff);
  return out;
}

}  // namespace

std::vector<query_pb::WeightSetInfo> WeightSetInfos(const EditionFigures& edition) {
  std::vector<query_pb::WeightSetInfo> out;
  for (uint32_t number = 1; number < edition.plan().layouts().size(); ++number)
    out.push_back(InfoOf(edition, number));
  return out;
}

bool IsCalibrated(const query_pb::WeightSetInfo& set) {
  return set.method() != model::WEIGHT_METHOD_STRATA &&
         set.method() != model::WEIGHT_METHOD_UNSPECIFIED;
}

std::optional<RestoredWeights> RestoreWeights(const query_pb::WeightSetInfo& set,
                                              std::span<const query_pb::StratumEvidence> lines) {
  if (set.has_problem() || lines.empty()) return std::nullopt;
  std::vector<domain::WeightStratum> strata;
  std::map<std::string_view, uint32_t> stratum_of;
  std::vector<domain::WeightCell> cells;
  std::vector<double> weights;
  std::vector<const query_pb::StratumEvidence*> answered;
  std::vector<uint32_t> cell_of(lines.size(), RestoredWeights::kNoCell);
  for (size_t i = 0; i < lines.size(); ++i) {
    const query_pb::StratumEvidence& line = lines[i];
    if (line.levels_size() != lines.front().levels_size()) return std::nullopt;
    const auto [found, fresh] =
        stratum_of.emplace(line.stratum(), static_cast<uint32_t>(strata.size()));
    if (fresh) strata.push_back({static_cast<double>(line.frame()), line.responded()});
    if (line.cell_responded() == 0) continue;
    if (line.responded() <= 0 || line.weight() < 0) return std::nullopt;
    cell_of[i] = static_cast<uint32_t>(cells.size());
    cells.push_back({found->second, line.cell_responded(),
                     static_cast<double>(line.frame()) / line.responded()});
    weights.push_back(line.weight());
    answered.push_back(&line);
  }
  // Levels in the order of the targets, which is the order that weights were made in.
  std::map<std::string_view, size_t> order;
  for (const query_pb::WeightTarget& target : set.targets())
    order.emplace(target.level(), order.size());
  std::vector<domain::Margin> margins;
  std::vector<domain::KnownTotal> totals;
  // Totals stand behind the margins, among the targets as in a line. The names do not tell them
  // apart: a variable of the frame may be called population.
  const int total_count = static_cast<int>(std::ranges::count_if(
      set.targets(), [](const query_pb::WeightTarget& target) { return IsTotal(target.level()); }));
  for (int place = 0; place < lines.front().levels_size(); ++place) {
    const std::string_view first = lines.front().levels(place);
    const std::string_view name = first.substr(0, first.find('='));
    if (place >= lines.front().levels_size() - total_count) {
      domain::KnownTotal& total = totals.emplace_back();
      total.name = std::string(name);
      for (size_t c = 0; c < answered.size(); ++c) {
        const std::optional<int64_t> number =
            base::ParseInt64(std::string_view(answered[c]->levels(place)).substr(name.size() + 1));
        if (!number.has_value()) return std::nullopt;
        total.value.push_back(static_cast<double>(*number));
        total.total += weights[c] * cells[c].respondents * total.value.back();
      }
      continue;
    }
    std::map<size_t, uint32_t> levels;  // By place in the order.
    for (const query_pb::StratumEvidence* line : answered) {
      const auto found = order.find(line->levels(place));
      if (found == order.end()) return std::nullopt;
      levels.emplace(found->second, 0);
    }
    uint32_t count = 0;
    for (auto& [key, level] : levels) level = count++;
    domain::Margin& margin = margins.emplace_back();
    margin.total.assign(count, 0);
    for (size_t c = 0; c < answered.size(); ++c) {
      const uint32_t level = levels[order[answered[c]->levels(place)]];
      margin.level.push_back(level);
      margin.total[level] += weights[c] * cells[c].respondents;
    }
  }
  if (margins.empty()) {  // Linear weights stand for every unit all the same.
    domain::Margin& all = margins.emplace_back();
    all.level.assign(cells.size(), 0);
    all.total.assign(1, 0);
    for (size_t c = 0; c < cells.size(); ++c)
      all.total.front() += weights[c] * cells[c].respondents;
  }
  RestoredWeights out{domain::Weighting(std::move(strata), std::move(cells)), std::move(cell_of)};
  if (!out.weighting.TakeCalibrated(margins, totals, weights).ok()) return std::nullopt;
  return out;
}

}  // namespace imdi::figures
