#pragma once

// Linearised estimates beside the single share: distributions, differences of two shares of one
// year, means, totals, ratios; all from counts or exact sums by stratum.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"

namespace imdi::domain {

__extension__ typedef __int128 Int128;

// estimate -+ t(df) * standard_error; empty without a degree of freedom.
std::optional<Interval> WaldInterval(double estimate, double standard_error, int32_t df,
                                     double level);

// Every code of one question as a share, with the covariances between them.
struct Distribution {
  std::vector<Proportion> codes;
  std::vector<double> covariance;  // codes x codes, by row; empty when nobody is in the base.
};
// `yes` of the strata is not read; `counts` holds the units of each code, strata x codes by
// stratum. A unit of the base has at most one of the codes.
Distribution EstimateDistribution(std::span<const StratumCell> strata,
                                  std::span<const int32_t> counts, size_t codes, Lonely lonely,
                                  double level);

// One stratum's counts of two questions (or two groups); the bases may overlap.
struct DifferenceCell {
  int32_t frame = 0;
  int32_t responded = 0;
  int32_t base_a = 0;
  int32_t yes_a = 0;
  int32_t base_b = 0;
  int32_t yes_b = 0;
  int32_t base_both = 0;      // In both bases.
  int32_t yes_a_of_both = 0;  // Of those, yes in a.
  int32_t yes_b_of_both = 0;
  int32_t yes_both = 0;
};
struct Difference {
  EstimateStatus status = EstimateStatus::kEmpty;  // kEmpty when either base is; kNoDf or kOk.
  int32_t n_a = 0;
  int32_t n_b = 0;
  int32_t n_union = 0;  // Units in either base.
  double p_a = 0;       // These are NaN when kEmpty.
  double p_b = 0;
  double se_a = 0;
  double se_b = 0;
  double covariance = 0;
  double estimate = 0;  // b - a.
  double standard_error = 0;
  int32_t df = 0;           // n_union less the strata with a unit in either base.
  std::optional<double> t;  // Empty where the standard error is 0.
  std::optional<double> p;  // Two-sided; empty where t is, or df < 1.
};
Difference EstimateDifference(std::span<const DifferenceCell> strata, Lonely lonely);
// The last step of it: from the variances of the two shares and their covariance to the test.
// Variances that are rounding become 0.
void SetDifferenceVariance(double variance_a, double variance_b, double covariance,
                           Difference* difference);

// One stratum's sums over the units of the base of two numeric values, exact. A value is the number
// times a fixed power of ten; up to 2^40 in size and 2^20 units a stratum nothing can overflow.
struct SumsCell {
  int32_t frame = 0;
  int32_t responded = 0;
  int32_t base = 0;
  Int128 a = 0;   // Numerator.
  Int128 b = 0;   // Denominator; for a mean each unit's b is 1.
  Int128 aa = 0;  // Sum of squares, of products.
  Int128 bb = 0;
  Int128 ab = 0;
  void Add(int64_t unit_a, int64_t unit_b) {
    ++base;
    a += unit_a;
    b += unit_b;
    aa += static_cast<Int128>(unit_a) * unit_a;
    bb += static_cast<Int128>(unit_b) * unit_b;
    ab += static_cast<Int128>(unit_a) * unit_b;
  }
};
// units * sum(u^2) - sum(u)^2, and sum(u^2), for u = a - ratio * b of the base, among `units` that
// are 0 outside of it.
double CentredSquares(const SumsCell& cell, int32_t units, double ratio);
double Squares(const SumsCell& cell, double ratio);
struct LinearEstimate {
  EstimateStatus status = EstimateStatus::kEmpty;  // Or kNoDf, kOk.
  int32_t n = 0;
  double weight_sum = 0;
  double numerator_total = 0;
  double denominator_total = 0;
  // Nobody in the base: a total is 0 (nothing was reported), a ratio NaN. A ratio is NaN as well
  // where its denominator is 0.
  double estimate = 0;
  double standard_error = 0;
  int32_t df = 0;
};
// The total of a over all units, taking a unit that left the question blank as 0; `scale` = what a
// was multiplied with.
LinearEstimate EstimateTotal(std::span<const SumsCell> strata, double scale, Lonely lonely);
// Total of a over total of b; a mean where every b is 1.
LinearEstimate EstimateRatio(std::span<const SumsCell> strata, double scale_a, double scale_b,
                             Lonely lonely);

}  // namespace imdi::domain
