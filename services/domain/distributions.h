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

}  // namespace imdi::domain
