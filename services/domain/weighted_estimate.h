#pragma once

// The estimates of estimate.h and linear_estimate.h under any weighting: calibrated weights, and
// weights that come with a sample. Shares come from counts by weighting cell; means, totals and
// ratios from exact sums by cell, or from rows of values.
//
// Where the weights are the strata's own, the others give the same and are exact in more places.

#include <cstddef>
#include <cstdint>
#include <span>

#include "services/domain/estimate.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/weighting.h"

namespace imdi::domain {

// `base` and `yes` by cell of the weighting; yes <= base <= respondents.
Proportion EstimateWeightedProportion(const Weighting& weighting, std::span<const int32_t> base,
                                      std::span<const int32_t> yes, Lonely lonely, double level);

// `counts`: units of each code, cells x codes by cell; a unit of the base has at most one code.
Distribution EstimateWeightedDistribution(const Weighting& weighting, std::span<const int32_t> base,
                                          std::span<const int32_t> counts, size_t codes,
                                          Lonely lonely, double level);

// One unit of the base: its numbers, 0 where it has none. For a mean every b is 1.
struct ValueRow {
  uint32_t cell = 0;
  double a = 0;
  double b = 1;
};
LinearEstimate EstimateWeightedTotal(const Weighting& weighting, std::span<const ValueRow> rows,
                                     Lonely lonely);
LinearEstimate EstimateWeightedRatio(const Weighting& weighting, std::span<const ValueRow> rows,
                                     Lonely lonely);
// The same from exact sums by cell of the weighting: the units of a cell share weight and
// auxiliaries, so that their sums are all there is to know. `frame` and `responded` are not read: a
// total takes those that left the question open for 0, and is none where there are any.
LinearEstimate EstimateWeightedTotal(const Weighting& weighting, std::span<const SumsCell> cells,
                                     double scale, Lonely lonely);
LinearEstimate EstimateWeightedRatio(const Weighting& weighting, std::span<const SumsCell> cells,
                                     double scale_a, double scale_b, Lonely lonely);

// By cell of the weighting; `frame` and `responded` are not read.
Difference EstimateWeightedDifference(const Weighting& weighting,
                                      std::span<const DifferenceCell> cells, Lonely lonely);

// Weights of all respondents; all 0 where there are none.
struct WeightSummary {
  int32_t n = 0;
  double sum = 0;
  double sum_of_squares = 0;
  double smallest = 0;
  double largest = 0;
  double kish_deff = 0;  // n * sum_of_squares / sum^2.
};
WeightSummary SummarizeWeights(const Weighting& weighting);

}  // namespace imdi::domain
