#pragma once

// The first half of a difference of two shares, whatever the weights: counts, weighted sums,
// shares.

#include <cstdint>
#include <limits>

#include "services/domain/linear_estimate.h"
#include "services/domain/linear_pair.h"

namespace imdi::domain {

class DifferenceSum {
 public:
  // Units that share a weight.
  void Add(const DifferenceCell& cell, double weight) {
    n_a_ += cell.base_a;
    n_b_ += cell.base_b;
    n_union_ += InEither(cell);
    x_a_ += cell.yes_a;
    x_b_ += cell.yes_b;
    base_a_ += weight * cell.base_a;
    base_b_ += weight * cell.base_b;
    yes_a_ += weight * cell.yes_a;
    yes_b_ += weight * cell.yes_b;
  }
  static int32_t InEither(const DifferenceCell& cell) {
    return cell.base_a + cell.base_b - cell.base_both;
  }

  // All of the difference but variances and test; `strata` = those with a unit in either base.
  // Where a base is empty that is all there is: kEmpty.
  Difference Shares(int32_t strata) const {
    Difference out;
    out.n_a = n_a_;
    out.n_b = n_b_;
    out.n_union = n_union_;
    out.df = n_union_ - strata;
    if (n_a_ == 0 || n_b_ == 0) {
      constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
      out.p_a = out.p_b = out.se_a = out.se_b = out.covariance = kUndefined;
      out.estimate = out.standard_error = kUndefined;
      return out;
    }
    out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
    out.p_a = ExactShare(yes_a_, base_a_, x_a_, n_a_);
    out.p_b = ExactShare(yes_b_, base_b_, x_b_, n_b_);
    out.estimate = out.p_b - out.p_a;
    return out;
  }
  // Weighted sizes of the bases.
  double base_a() const { return base_a_; }
  double base_b() const { return base_b_; }

 private:
  int32_t n_a_ = 0;
  int32_t n_b_ = 0;
  int32_t n_union_ = 0;
  int32_t x_a_ = 0;
  int32_t x_b_ = 0;
  double base_a_ = 0;
  double base_b_ = 0;
  double yes_a_ = 0;
  double yes_b_ = 0;
};

}  // namespace imdi::domain
