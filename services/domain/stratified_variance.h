#pragma once

// The variance of a linearised statistic (or the covariance of two), summed over non-response
// strata:
//
//   V = sum_h (1 - r_h / N_h) * N_h^2 / r_h * s_h^2(u)
//
// where respondents of a stratum are taken as drawn at random from it, and u is 0 for a respondent
// outside the base.

#include <cstdint>
#include <limits>

#include "services/domain/estimate.h"

namespace imdi::domain {

class StratifiedVariance {
 public:
  explicit StratifiedVariance(Lonely lonely) : lonely_(lonely) {}

  // `centred` = r * sum(u v) - sum(u) * sum(v) over the stratum's `responded` > 0 respondents,
  // `product` = sum(u v). Callers make `centred` from integers as far as they can, so that a
  // stratum without spread adds exactly 0.
  void Add(int32_t frame, int32_t responded, double centred, double product) {
    ++strata_;
    if (responded >= frame) return;
    const double silent_part = static_cast<double>(frame) * (frame - responded);
    if (responded == 1) {
      ++lonely_strata_;
      if (lonely_ == Lonely::kAdjust) sum_ += silent_part * product;
      return;
    }
    const double r = responded;
    sum_ += silent_part / r * (centred / (r * (r - 1)));
  }

  // NaN when every stratum is lonely and the rule is to go by the others.
  double Total() const {
    if (lonely_ != Lonely::kAverage || lonely_strata_ == 0) return sum_;
    if (lonely_strata_ == strata_) return std::numeric_limits<double>::quiet_NaN();
    return sum_ * strata_ / (strata_ - lonely_strata_);
  }

 private:
  Lonely lonely_;
  int32_t strata_ = 0;
  int32_t lonely_strata_ = 0;
  double sum_ = 0;
};

// Below this a variance (of a share; relative to the square for other estimates) is rounding.
inline constexpr double kNoVariance = 1e-20;
// Below this, relative to the two standard errors, a covariance is rounding.
inline constexpr double kNoCovariance = 1e-12;

}  // namespace imdi::domain
