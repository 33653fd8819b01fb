#pragma once

// Sums of products of two linearised values over the units of one stratum, from integers as far as
// can be, so that a stratum without spread gives exactly 0.

#include <cstdint>

namespace imdi::domain {

// u = a - p b and v = c - q d over r units, where a, b, c, d are 0 or 1 by unit: for two shares p
// and q, a and c are "in the numerator", b and d "in the base". Counts and products by stratum.
struct LinearPair {
  int64_t r, a, b, c, d;   // Sums.
  int64_t ac, ad, bc, bd;  // Sums of products.

  // r * sum(u v) - sum(u) * sum(v).
  double Centred(double p, double q) const {
    return static_cast<double>(r * ac - a * c) - q * static_cast<double>(r * ad - a * d) -
           p * static_cast<double>(r * bc - b * c) + p * q * static_cast<double>(r * bd - b * d);
  }
  // sum(u v).
  double Product(double p, double q) const {
    return static_cast<double>(ac) - q * static_cast<double>(ad) - p * static_cast<double>(bc) +
           p * q * static_cast<double>(bd);
  }
};

// A weighted share, exact where all or none say yes: the quotient of equal sums need not be 1.
inline double ExactShare(double yes_sum, double base_sum, int32_t yes, int32_t base) {
  return yes == 0 ? 0 : yes == base ? 1 : yes_sum / base_sum;
}

}  // namespace imdi::domain
