#pragma once

// Which estimator a cell takes, by the kind of its indicator and by its weights, and what comes of
// it: the number of those that answered, the estimate for all units, and the lines of counts that
// both rest on.

#include <cstdint>
#include <optional>
#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "services/domain/edition_counts.h"
#include "services/domain/number_estimate.h"
#include "services/figures/layout_weights.h"

namespace imdi::figures {

inline constexpr double kEstimateLevel = 0.95;

struct FigureEstimate {
  // Of those that answered. Empty where there is none: nobody in the base, or a ratio with nothing
  // below the line.
  std::optional<double> value;
  int64_t sum = 0;  // Of a mean, a total, a ratio; scaled as its measures are.
  int64_t denominator_sum = 0;
  std::optional<int64_t> silent_denominator;
  // Without a value where nobody is in the base and some may belong to it (EMPTY).
  std::optional<survey::query::v1::Estimate> estimate;
  std::optional<survey::query::v1::EstimateProblem> problem;  // Why a value has no estimate.

  // What it is computed from: non-response strata after collapsing, or with calibrated weights
  // weighting cells; those with units of the cell, ascending.
  std::vector<uint32_t> places;
  std::vector<domain::StratumCell> lines;  // `frame` and `responded` are those of the stratum.
  // Side by side with them; of a mean, a total, a ratio. `responded`: who a total is weighted by.
  std::vector<domain::SumsCell> sums;
  std::vector<survey::query::v1::QuantileCounts> quantile;  // Likewise; of a quantile.
};

// `counted`: the counts of the cell.
FigureEstimate EstimateFigure(const domain::EditionCounts& counts,
                              const domain::FigurePlan::Cell& cell,
                              const domain::CellCounts& counted, const LayoutWeights& weights);

// An estimate that is NaN or infinite is none: a problem stands in its place (NOT_A_NUMBER). No
// counts are known that give one.
void RefuseWhatIsNoNumber(FigureEstimate& made);

// The smallest and largest number that a unit can bring to a mean; empty = it has no bounds.
struct MeasureBounds {
  int64_t least = 0;
  int64_t most = 0;
};
std::optional<MeasureBounds> BoundsOf(const domain::CompiledIndicator& indicator,
                                      const domain::CompiledQuestionnaire& questionnaire);

// As readers see them.
survey::query::v1::Estimate EstimateOf(const domain::ShareEstimate& share);
survey::query::v1::Estimate EstimateOf(const domain::NumberEstimate& number);
domain::IntervalChoice ChoiceOf(survey::model::v1::IntervalChoice choice);
survey::query::v1::EstimateProblem ProblemOf(const absl::Status& status);

}  // namespace imdi::figures
