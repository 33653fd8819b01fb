#pragma once

// Medians and other quantiles of numbers, with Woodruff's interval: that of the share of units at
// or below the quantile, read back through the distribution. A quantile needs the sorted values
// and is not additive; its interval rests on counts once the quantile is known.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/domain/weighting.h"

namespace imdi::domain {

enum class QuantileRule : uint8_t {
  kLeftInverse,   // The smallest value with F >= p. The one to serve.
  kSchool,        // The same, but the mean of it and the next where F = p exactly.
  kInterpolated,  // Linear between the values (type 7 of Hyndman and Fan 1996).
};
enum class QuantileInterval : uint8_t { kWald, kLogit };

// One unit of the base; `value` finite. Units in a fixed order, that of the frame: equal values
// keep it, and only kInterpolated with unequal weights can see it.
struct QuantileRow {
  uint32_t cell = 0;  // Of the weighting.
  double value = 0;
};

struct Quantile {
  double probability = 0;
  double value = 0;
  // An end that would lie below the smallest or above the largest value is empty.
  std::optional<double> lower;
  std::optional<double> upper;
  std::optional<double> standard_error;  // (upper - lower) / (2 t(df)); empty where an end is.
  double share_variance = 0;             // Of the share at or below the value.
};
struct Quantiles {
  EstimateStatus status = EstimateStatus::kEmpty;  // Or kNoDf (no interval), kOk.
  int32_t n = 0;
  int32_t df = 0;                   // n less the strata of the base.
  std::vector<Quantile> quantiles;  // In the order of the probabilities; none when kEmpty.
};
// `probabilities` in (0, 1). Weights > 0.
Quantiles EstimateQuantiles(const Weighting& weighting, std::span<const QuantileRow> rows,
                            std::span<const double> probabilities, QuantileRule rule,
                            QuantileInterval interval, Lonely lonely, double level);

}  // namespace imdi::domain
