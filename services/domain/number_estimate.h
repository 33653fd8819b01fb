#pragma once

// What belongs beside a mean, a total, a ratio or a quantile of those that answered: the same for
// all units of the base, with an interval and, where the numbers have bounds, what is logically
// possible. The counterpart of EstimateShare (estimate.h) for numbers.

#include <cstdint>
#include <optional>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/quantile.h"

namespace imdi::domain {

// What is known of the base whatever the weights.
struct NumberGround {
  BaseKind kind = BaseKind::kAnswers;
  int32_t answers = 0;        // n: units of the base that answered.
  int32_t units = 0;          // N of the domain.
  int32_t may_belong = 0;     // M for kAnswers; ignored for kFrame, where it is N - n.
  int32_t unrepresented = 0;  // Units of the domain that no weight stands for.
  // Units that answered, are in no base by rule, and are weighted for all the same: those of a
  // total whose filter is unknown.
  int32_t undetermined = 0;
  bool census = false;    // Every stratum of the base is fully answered.
  double of_answers = 0;  // The number of those that answered.
  // What is possible whatever the M would have said; empty = nothing bounds it.
  std::optional<Interval> bounds;
};

struct NumberEstimate {
  EstimateStatus status = EstimateStatus::kEmpty;  // kEmpty: there is no number.
  // kKnown (M = 0: the number of those that answered), kWald, kWoodruff, or kNone: where there is
  // no degree of freedom, and where weights know nothing of the silence there is (census with M >
  // 0).
  IntervalMethod method = IntervalMethod::kNone;
  double point = 0;           // Moved to the nearer bound where it lies beyond.
  double standard_error = 0;  // Of a quantile (upper - lower) / (2 t); 0 where an end is open.
  // lower <= point <= upper. Cut to the bounds; kNone: the bounds, or the point without them.
  double lower = 0;
  double upper = 0;
  double level = 0.95;
  int32_t df = 0;
  std::optional<int32_t> base_units;
  int32_t may_belong = 0;
  std::optional<Interval> bounds;
  int32_t unrepresented = 0;
  bool lower_open = false;  // A quantile has no end there; `lower` is the smallest number.
  bool upper_open = false;  // Likewise the largest.
};

// Of a mean, a total or a ratio. kEmpty where `weighted` is no number.
NumberEstimate EstimateNumber(const LinearEstimate& weighted, const NumberGround& ground,
                              double level);
// Of one quantile of `quantiles`, among numbers from `smallest` to `largest`.
NumberEstimate EstimateNumber(const Quantiles& quantiles, size_t which, double smallest,
                              double largest, const NumberGround& ground, double level);

// Bounds of a mean whose numbers lie in [least, most], and of a ratio of which each unit's
// numerator lies in [0, its denominator]: n answers with sum `a`, M silent; `a` and `b` of those
// that answered, `silent_b` of the others.
Interval MeanBounds(double a, int32_t answers, int32_t may_belong, double least, double most);
Interval PartBounds(double a, double b, double silent_b);

}  // namespace imdi::domain
