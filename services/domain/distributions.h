#pragma once

// Quantiles and tails of the distributions that intervals and tests need, good to 1e-12 relative.
// The one place that knows Boost.Math.

#include <cstdint>

namespace imdi::domain {

// The t with P(|T| <= t) = level for Student's T on `df` >= 1 degrees of freedom. Remembered by df
// for the level last asked for, on each thread, since figures of one release share one level.
double StudentQuantile(double level, int32_t df);
// 2 P(T > |t|) on `df` >= 1 degrees of freedom.
double StudentTwoSidedP(double t, int32_t df);
// The z with P(|Z| <= z) = level for a standard normal Z.
double NormalQuantile(double level);
// The q with P(B <= q) = probability for B ~ beta(a, b), a and b > 0.
double BetaQuantile(double probability, double a, double b);
// P(X > x) for a chi-squared X on `df` > 0 degrees of freedom; x >= 0.
double ChiSquaredUpper(double x, double df);
// P(F > f) for F on `numerator` and `denominator` > 0 degrees of freedom, whole or not; f >= 0.
double FisherUpper(double f, double numerator, double denominator);
// P(B <= k) and P(B = k) for B binomial of `trials` >= 1 with probability one half; 0 <= k <=
// trials.
double HalfBinomialAtMost(int32_t k, int32_t trials);
double HalfBinomialEqual(int32_t k, int32_t trials);

}  // namespace imdi::domain
