#include "services/domain/number_estimate.h"

#include <algorithm>
#include <cmath>

namespace imdi::domain {
namespace {

// Everything but point and interval; complete where nobody is in the base and where all is known.
NumberEstimate WithoutInterval(const NumberGround& ground, double level) {
  NumberEstimate out;
  out.level = level;
  out.unrepresented = ground.unrepresented;
  const bool frame = ground.kind == BaseKind::kFrame;
  out.may_belong = std::max(0, frame ? ground.units - ground.answers : ground.may_belong);
  if (frame) {
    out.base_units = ground.units;
  } else if (out.may_belong == 0) {
    out.base_units = ground.answers;
  }
  if (ground.answers == 0) return out;
  out.bounds = ground.bounds;
  if (out.may_belong == 0 && ground.undetermined == 0) {
    out.status = EstimateStatus::kCensus;
    out.method = IntervalMethod::kKnown;
    out.point = out.lower = out.upper = ground.of_answers;
    if (out.bounds.has_value()) out.bounds = Interval{out.point, out.point};
  }
  return out;
}

bool IsDone(const NumberEstimate& estimate, const NumberGround& ground) {
  return ground.answers == 0 || estimate.method == IntervalMethod::kKnown;
}

EstimateStatus StatusOf(const NumberGround& ground, int32_t df, double spread) {
  if (ground.census) return EstimateStatus::kCensus;
  if (df < 1) return EstimateStatus::kNoDf;
  return spread > 0 ? EstimateStatus::kOk : EstimateStatus::kZeroVariance;
}

// Cuts to the bounds, and keeps the point inside.
void Finish(std::optional<Interval> ends, NumberEstimate* estimate) {
  NumberEstimate& out = *estimate;
  if (out.bounds.has_value())
    out.point = std::clamp(out.point, out.bounds->lower, out.bounds->upper);
  if (!ends.has_value()) {
    out.method = IntervalMethod::kNone;
    ends = out.bounds.value_or(Interval{out.point, out.point});
  } else if (out.bounds.has_value()) {
    ends->lower = std::clamp(ends->lower, out.bounds->lower, out.bounds->upper);
    ends->upper = std::clamp(ends->upper, out.bounds->lower, out.bounds->upper);
  }
  out.lower = std::min(ends->lower, out.point);
  out.upper = std::max(ends->upper, out.point);
}

}  // namespace

NumberEstimate EstimateNumber(const LinearEstimate& weighted, const NumberGround& ground,
                              double level) {
  NumberEstimate out = WithoutInterval(ground, level);
  out.df = weighted.df;
  if (IsDone(out, ground)) return out;
  if (!std::isfinite(weighted.estimate) || !std::isfinite(weighted.standard_error)) return out;
  out.status = StatusOf(ground, weighted.df, weighted.standard_error);
  out.method = IntervalMethod::kWald;
  out.point = weighted.estimate;
  out.standard_error = weighted.standard_error;
  std::optional<Interval> ends;
  if (!ground.census)
    ends = WaldInterval(weighted.estimate, weighted.standard_error, weighted.df, level);
  Finish(ends, &out);
  return out;
}

NumberEstimate EstimateNumber(const Quantiles& quantiles, size_t which, double smallest,
                              double largest, const NumberGround& ground, double level) {
  NumberEstimate out = WithoutInterval(ground, level);
  out.df = quantiles.df;
  if (IsDone(out, ground)) return out;
  const Quantile& quantile = quantiles.quantiles[which];
  out.method = IntervalMethod::kWoodruff;
  out.point = quantile.value;
  std::optional<Interval> ends;
  if (!ground.census && quantiles.df >= 1) {
    out.standard_error = quantile.standard_error.value_or(0);
    out.lower_open = !quantile.lower.has_value();
    out.upper_open = !quantile.upper.has_value();
    ends = Interval{quantile.lower.value_or(smallest), quantile.upper.value_or(largest)};
  }
  // Of the share that the ends are read back from, whatever answers they meet.
  out.status = StatusOf(ground, quantiles.df, quantile.share_variance);
  Finish(ends, &out);
  return out;
}

Interval MeanBounds(double a, int32_t answers, int32_t may_belong, double least, double most) {
  const double whole = static_cast<double>(answers) + may_belong;
  return {(a + may_belong * least) / whole, (a + may_belong * most) / whole};
}

Interval PartBounds(double a, double b, double silent_b) {
  const double whole = b + silent_b;
  return {a / whole, (a + silent_b) / whole};
}

}  // namespace imdi::domain
