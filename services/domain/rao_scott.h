#pragma once

// Does an answer go with a breakdown? Pearson's statistic of a table of estimated shares, corrected
// by Rao and Scott for what the design does to their variance. From shares and covariances of the
// table's cells (EstimateDistribution over the crossed codes), so from counts that add up.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace imdi::domain {

struct RaoScottTest {
  // False where a table has one level on a side, or where zeros leave nothing to contrast; what
  // follows is 0 or empty then.
  bool tested = false;
  double x2 = 0;        // n * sum (P_ij - P_i. P_.j)^2 / (P_i. P_.j).
  int32_t degrees = 0;  // (R - 1) (C - 1).
  // The F test. Empty where the shares have no spread: all is known, and chi_squared_p is 0 or 1.
  std::optional<double> f;               // x2 / trace of the design effects.
  std::optional<double> numerator_df;    // Need not be whole.
  std::optional<double> denominator_df;  // numerator_df * nu.
  std::optional<double> p;               // Upper tail of F; empty where nu < 1 as well.
  double mean_design_effect = 0;
  std::optional<double> chi_squared_p;  // x2 / mean_design_effect on `degrees`.
};

// `shares`: rows x columns, by row, every row and column with some share. `covariance` of them, in
// the same order. `n` units in the base, in nu + n strata less: nu = n - strata of the base.
RaoScottTest TestAssociation(std::span<const double> shares, std::span<const double> covariance,
                             size_t rows, size_t columns, int32_t n, int32_t nu);

}  // namespace imdi::domain
