#include "services/domain/calibrated_weights.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::domain {
namespace {

using Layout = FigurePlan::WeightLayout;
using Responded = EditionCounts::Responded;

// "county x size_group", for errors.
std::string NameOf(const CompiledFrame& frame, const std::vector<uint32_t>& attributes) {
  std::vector<std::string> ids;
  for (const uint32_t attribute : attributes) ids.push_back(frame.attributes()[attribute].id);
  return base::StrJoin(ids, " x ");
}

// What the weights of one layout are brought to.
struct Targets {
  std::vector<Margin> margins;
  std::vector<KnownTotal> totals;
  std::vector<WeightTarget> levels;  // Each level of each margin, then each total.
};

Targets TargetsOf(const FigurePlan& plan, const Layout& layout,
                  const std::vector<Responded>& responded, const std::vector<uint32_t>& cells) {
  Targets out;
  for (size_t m = 0; m < layout.margins.size(); ++m) {
    Margin& margin = out.margins.emplace_back();
    margin.name = NameOf(plan.frame(), layout.set->margins()[m]);
    margin.total.assign(layout.margins[m].levels.size(), 0);
    for (size_t cell = 0; cell < responded.size(); ++cell)
      margin.total[layout.cells[cell].levels[m]] += responded[cell].invited;
    for (const uint32_t cell : cells) margin.level.push_back(layout.cells[cell].levels[m]);
    for (size_t level = 0; level < margin.total.size(); ++level)
      out.levels.push_back(
          {.level = layout.margins[m].levels[level], .frame = margin.total[level]});
  }
  // Linear weights without a margin still stand for every unit invited.
  if (layout.margins.empty() && layout.set->method() == model::WEIGHT_METHOD_LINEAR) {
    Margin& all = out.margins.emplace_back();
    all.name = "all units";
    all.level.assign(cells.size(), 0);
    all.total.assign(1, 0);
    for (const Responded& one : responded) all.total.front() += one.invited;
    out.levels.push_back({.level = "units", .frame = all.total.front()});
  }
  for (size_t t = 0; t < layout.set->totals().size(); ++t) {
    KnownTotal& total = out.totals.emplace_back();
    total.name = FrameNumberName(layout.set->totals()[t]);
    int64_t sum = 0;  // 2^20 numbers up to 2^40.
    for (size_t cell = 0; cell < responded.size(); ++cell)
      sum += responded[cell].invited * layout.cells[cell].totals[t];
    total.total = static_cast<double>(sum);
    for (const uint32_t cell : cells)
      total.value.push_back(static_cast<double>(layout.cells[cell].totals[t]));
    out.levels.push_back({.level = total.name, .frame = total.total});
  }
  return out;
}

// `before`: what the strata's weights make of each target.
absl::Status Calibrate(model::WeightMethod method, const Targets& targets,
                       const std::vector<double>& before, Weighting* weighting) {
  if (method == model::WEIGHT_METHOD_POSTSTRATIFIED)
    return weighting->Poststratify(targets.margins.front());
  for (size_t t = 0; t < before.size(); ++t) {
    const WeightTarget& target = targets.levels[t];
    if (target.frame == 0 || before[t] != 0) continue;
    return base::Error(
        base::Reason::kMarginUnreachable,
        base::StrCat("weights cannot reach the ", static_cast<int64_t>(target.frame), " of ",
                     target.level,
                     ": none of them answered; join levels, or leave the margin out"));
  }
  switch (method) {
    case model::WEIGHT_METHOD_RAKED:
      return weighting->Rake(targets.margins, targets.totals);
    case model::WEIGHT_METHOD_LINEAR:
      return weighting->CalibrateLinearly(targets.margins, targets.totals,
                                          NegativeWeights::kRefuse);
    default:
      return absl::OkStatus();
  }
}

// What the weights as they are make of each level and total.
std::vector<double> Reached(const Targets& targets, const Weighting& weighting) {
  std::vector<double> out;
  const std::span<const WeightCell> cells = weighting.cells();
  for (const Margin& margin : targets.margins) {
    const size_t first = out.size();
    out.resize(first + margin.total.size());
    for (size_t c = 0; c < cells.size(); ++c)
      out[first + margin.level[c]] += cells[c].weight * cells[c].respondents;
  }
  for (const KnownTotal& total : targets.totals) {
    double& sum = out.emplace_back(0);
    for (size_t c = 0; c < cells.size(); ++c)
      sum += cells[c].weight * cells[c].respondents * total.value[c];
  }
  return out;
}

}  // namespace

CalibratedWeights WeightsOf(const EditionCounts& counts, uint32_t number) {
  const Layout& layout = counts.plan().layouts()[number];
  const Collapse& collapse = counts.collapse(number);
  const std::vector<Responded> responded = counts.RespondedByWeightCell(number);
  std::vector<WeightStratum> strata;
  for (const Responded& stratum : counts.strata(number))
    strata.push_back({static_cast<double>(stratum.invited), stratum.responded});
  std::vector<uint32_t> cell_of(responded.size(), CalibratedWeights::kNoCell);
  std::vector<uint32_t> with_respondents;
  std::vector<WeightCell> cells;
  for (uint32_t cell = 0; cell < responded.size(); ++cell) {
    if (responded[cell].responded == 0) continue;
    const uint32_t stratum = collapse.to[layout.cells[cell].stratum];
    cell_of[cell] = static_cast<uint32_t>(cells.size());
    with_respondents.push_back(cell);
    cells.push_back(
        {stratum, responded[cell].responded, strata[stratum].frame / strata[stratum].respondents});
  }
  CalibratedWeights out{.status = absl::OkStatus(),
                        .weighting = Weighting(std::move(strata), std::move(cells)),
                        .cell_of = std::move(cell_of),
                        .targets = {}};
  if (layout.set == nullptr) return out;
  Targets targets = TargetsOf(counts.plan(), layout, responded, with_respondents);
  const std::vector<double> before = Reached(targets, out.weighting);
  out.status = Calibrate(layout.set->method(), targets, before, &out.weighting);
  const std::vector<double> after = Reached(targets, out.weighting);
  out.targets = std::move(targets.levels);
  for (size_t t = 0; t < out.targets.size(); ++t) {
    out.targets[t].before = before[t];
    out.targets[t].after = after[t];
  }
  return out;
}

}  // namespace imdi::domain
