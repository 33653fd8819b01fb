#include "services/domain/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "services/domain/distributions.h"
#include "services/domain/intervals.h"
#include "services/domain/stratified_variance.h"

namespace imdi::domain {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double Fraction(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Proportion EstimateProportion(std::span<const StratumCell> strata, Lonely lonely, double level) {
  Proportion out;
  double yes_sum = 0;
  bool census = true;
  for (const StratumCell& h : strata) {
    if (h.base == 0) continue;
    const double weight = Fraction(h.frame, h.responded);
    out.n += h.base;
    out.x += h.yes;
    ++out.strata;
    out.weight_sum += weight * h.base;
    yes_sum += weight * h.yes;
    census = census && h.responded >= h.frame;
  }
  if (out.n == 0) {
    out.estimate = out.variance = out.standard_error = kUndefined;
    return out;
  }
  const bool degenerate = out.x == 0 || out.x == out.n;
  // The quotient of equal sums need not be exactly 1.
  const double p = degenerate ? (out.x == 0 ? 0.0 : 1.0) : yes_sum / out.weight_sum;
  out.estimate = p;
  if (!degenerate && !census) {
    StratifiedVariance sum(lonely);
    for (const StratumCell& h : strata) {
      if (h.base == 0) continue;
      const int64_t r = h.responded;
      const int64_t y = h.yes;
      const int64_t m = h.base;
      const double centred = static_cast<double>(r * y - y * y) -
                             2 * p * static_cast<double>(r * y - y * m) +
                             p * p * static_cast<double>(r * m - m * m);
      const double product =
          static_cast<double>(y) * (1 - p) * (1 - p) + static_cast<double>(m - y) * p * p;
      sum.Add(h.frame, h.responded, centred, product);
    }
    out.variance = sum.Total() / (out.weight_sum * out.weight_sum);
  }
  FinishProportion(census, level, &out);
  return out;
}

void FinishProportion(bool census, double level, Proportion* share) {
  Proportion& out = *share;
  const bool degenerate = out.x == 0 || out.x == out.n;
  if (degenerate || census || std::fabs(out.variance) < kNoVariance) out.variance = 0;
  out.standard_error = std::sqrt(out.variance);
  out.df = out.n - out.strata;
  if (census) {
    out.status = EstimateStatus::kCensus;
    return;
  }
  if (out.variance > 0) out.n_eff = out.estimate * (1 - out.estimate) / out.variance;
  if (out.df < 1) {
    out.status = EstimateStatus::kNoDf;
    return;
  }
  if (degenerate) {
    out.status = EstimateStatus::kDegenerate;
  } else if (!(out.variance > 0)) {
    out.status = EstimateStatus::kZeroVariance;
  } else {
    out.status = EstimateStatus::kOk;
  }
  if (out.status != EstimateStatus::kOk) {
    out.n_eff_adj = out.n;
    return;
  }
  const double t = StudentQuantile(level, out.n - 1) / StudentQuantile(level, out.df);
  out.n_eff_adj = *out.n_eff * (t * t);
}

double MostEffective(int32_t answers, int32_t may_belong) {
  return static_cast<double>(answers) *
         (static_cast<double>(answers) + static_cast<double>(may_belong)) /
         static_cast<double>(may_belong);
}

namespace {

// Everything but the interval; complete where nobody is in the base and where all is known.
ShareEstimate WithoutInterval(const Proportion& share, int32_t units, int32_t unrepresented,
                              BaseKind kind, int32_t may_belong, double level) {
  ShareEstimate out;
  out.level = level;
  out.unrepresented = unrepresented;
  out.may_belong = std::max(0, kind == BaseKind::kFrame ? units - share.n : may_belong);
  if (kind == BaseKind::kFrame) {
    out.base_units = units;
  } else if (out.may_belong == 0) {
    out.base_units = share.n;  // Nobody else may belong, so these are all.
  }
  out.status = share.status;
  out.point = share.estimate;
  out.standard_error = share.standard_error;
  out.df = share.df;
  if (share.n == 0) {
    out.lower = 0;
    out.upper = 1;
    return out;
  }
  const Interval bounds = LogicalBounds(share.n, share.x, out.may_belong);
  out.bound_lower = bounds.lower;
  out.bound_upper = bounds.upper;
  if (out.may_belong == 0) {
    out.status = EstimateStatus::kCensus;
    out.method = IntervalMethod::kKnown;
    out.point = out.lower = out.upper = out.bound_lower;
    out.standard_error = 0;
    return out;
  }
  out.n_eff = share.n_eff.value_or(0);
  out.n_eff_adj = share.n_eff_adj.value_or(0);
  if (kind == BaseKind::kAnswers)
    out.n_eff_adj = std::min(out.n_eff_adj, MostEffective(share.n, out.may_belong));
  out.point = std::clamp(out.point, out.bound_lower, out.bound_upper);
  return out;
}

// The interval of a formula on the linearised variance; kNone where it has none.
void SetInterval(Proportion share, IntervalChoice choice, ShareEstimate* estimate) {
  ShareEstimate& out = *estimate;
  const bool census = share.status == EstimateStatus::kCensus;
  // What stands for the answers: their effective number, or n where the weights know of no silence.
  share.n_eff_adj = census ? share.n : out.n_eff_adj;
  if (census) share.status = EstimateStatus::kOk;
  std::optional<Interval> ends;
  switch (choice) {
    case IntervalChoice::kRecommended:
    case IntervalChoice::kWilson:
      out.method = IntervalMethod::kWilson;
      ends = WilsonInterval(share, out.level);
      if (!ends.has_value()) break;
      ends->lower = std::clamp(ends->lower, out.bound_lower, out.bound_upper);
      ends->upper = std::clamp(ends->upper, out.bound_lower, out.bound_upper);
      break;
    case IntervalChoice::kWald:
      out.method = IntervalMethod::kWald;
      if (!census) ends = WaldInterval(share, out.level);
      break;
    case IntervalChoice::kLogit:
      out.method = IntervalMethod::kLogit;
      if (!census) ends = LogitInterval(share, out.level);
      break;
    case IntervalChoice::kBeta:
      out.method = IntervalMethod::kBeta;
      ends = BetaInterval(share, out.level);
      break;
  }
  if (!ends.has_value() || !std::isfinite(ends->lower) || !std::isfinite(ends->upper)) {
    out.method = IntervalMethod::kNone;
    ends = Interval{out.bound_lower, out.bound_upper};
  }
  out.lower = ends->lower;
  out.upper = ends->upper;
}

void KeepPointInside(ShareEstimate* estimate) {
  estimate->lower = std::min(estimate->lower, estimate->point);
  estimate->upper = std::max(estimate->upper, estimate->point);
}

bool IsOpen(const ShareEstimate& estimate) {
  return estimate.status != EstimateStatus::kEmpty && estimate.method != IntervalMethod::kKnown;
}

}  // namespace

ShareEstimate EstimateShare(std::span<const StratumCell> strata, BaseKind kind, int32_t may_belong,
                            double level, IntervalChoice choice) {
  int32_t units = 0;
  int32_t unrepresented = 0;
  int32_t strata_of_domain = 0;
  for (const StratumCell& h : strata) {
    units += h.domain_frame;
    if (h.domain_frame > 0) ++strata_of_domain;
    if (h.responded == 0) unrepresented += h.domain_frame;
  }
  const Proportion share = EstimateProportion(strata, Lonely::kAdjust, level);
  ShareEstimate out = WithoutInterval(share, units, unrepresented, kind, may_belong, level);
  if (!IsOpen(out)) return out;
  if (choice == IntervalChoice::kRecommended && kind == BaseKind::kFrame) {
    CountInterval yes;
    if (strata_of_domain == 1) {
      out.method = IntervalMethod::kHypergeometric;
      yes = HypergeometricInterval(units, share.n, share.x, level);
    } else {
      out.method = IntervalMethod::kPredictive;
      yes = PredictiveInterval(strata, level);
    }
    out.lower = Fraction(yes.lower, units);
    out.upper = Fraction(yes.upper, units);
  } else {
    SetInterval(share, choice, &out);
  }
  KeepPointInside(&out);
  return out;
}

ShareEstimate EstimateCalibratedShare(const Proportion& share, int32_t units, int32_t unrepresented,
                                      BaseKind kind, int32_t may_belong, double level,
                                      IntervalChoice choice) {
  ShareEstimate out = WithoutInterval(share, units, unrepresented, kind, may_belong, level);
  if (!IsOpen(out)) return out;
  SetInterval(share, choice, &out);
  KeepPointInside(&out);
  return out;
}

}  // namespace imdi::domain
