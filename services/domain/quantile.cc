#include "services/domain/quantile.h"

#include <algorithm>
#include <cmath>

#include "services/domain/distributions.h"
#include "services/domain/weighted_estimate.h"

namespace imdi::domain {
namespace {

// Cumulated weights carry rounding: so near, F and p are equal.
constexpr double kHit = 1e-10;

// The sorted values with their weights.
class Values {
 public:
  Values(const Weighting& weighting, std::span<const QuantileRow> rows)
      : rows_(rows.begin(), rows.end()) {
    std::ranges::stable_sort(rows_, {}, &QuantileRow::value);
    double sum = 0;
    for (const QuantileRow& row : rows_)
      cumulated_.push_back(sum += weighting.cells()[row.cell].weight);
  }

  double At(double p, QuantileRule rule) const {
    const double whole = cumulated_.back();
    const size_t last = rows_.size() - 1;
    if (rule == QuantileRule::kInterpolated) return Interpolated(p);
    // The largest value also where rounding leaves the whole short of p.
    const auto found = std::ranges::partition_point(
        cumulated_, [&](double sum) { return !(sum / whole > p - kHit); });
    const size_t i = std::min(static_cast<size_t>(found - cumulated_.begin()), last);
    const bool hit = std::fabs(cumulated_[i] / whole - p) < kHit;
    if (rule == QuantileRule::kSchool && hit && i < last)
      return (rows_[i].value + rows_[i + 1].value) / 2;
    return rows_[i].value;
  }

 private:
  // Through the points (weight before the value / weight before the last one, value).
  double Interpolated(double p) const {
    const size_t last = rows_.size() - 1;
    if (last == 0) return rows_[0].value;
    const double whole = cumulated_[last - 1];
    const auto before = [&](size_t i) { return i == 0 ? 0 : cumulated_[i - 1] / whole; };
    if (p <= 0) return rows_[0].value;
    if (p >= 1) return rows_[last].value;
    size_t i = 0;
    size_t end = last;
    while (end - i > 1) {
      const size_t middle = i + (end - i) / 2;
      (before(middle) <= p ? i : end) = middle;
    }
    const double width = before(end) - before(i);
    const double part = width > 0 ? (p - before(i)) / width : 0;
    return rows_[i].value + part * (rows_[end].value - rows_[i].value);
  }

  std::vector<QuantileRow> rows_;
  std::vector<double> cumulated_;
};

}  // namespace

Quantiles EstimateQuantiles(const Weighting& weighting, std::span<const QuantileRow> rows,
                            std::span<const double> probabilities, QuantileRule rule,
                            QuantileInterval interval, Lonely lonely, double level) {
  Quantiles out;
  if (rows.empty()) return out;
  const Values values(weighting, rows);
  std::vector<int32_t> base(weighting.cells().size(), 0);
  for (const QuantileRow& row : rows) ++base[row.cell];
  for (const double probability : probabilities) {
    Quantile& quantile = out.quantiles.emplace_back();
    quantile.probability = probability;
    quantile.value = values.At(probability, rule);
    std::vector<int32_t> at_most(base.size(), 0);
    for (const QuantileRow& row : rows) {
      if (row.value <= quantile.value) ++at_most[row.cell];
    }
    const Proportion share = EstimateWeightedProportion(weighting, base, at_most, lonely, level);
    out.n = share.n;
    out.df = share.df;
    quantile.share_variance = share.variance;
    if (share.df < 1 || !(share.variance >= 0)) continue;
    const double p = share.estimate;
    const double t = StudentQuantile(level, share.df);
    Interval ends{p - t * share.standard_error, p + t * share.standard_error};
    if (interval == QuantileInterval::kLogit) {
      if (share.x == 0 || share.x == share.n) continue;
      ends = LogitAround(p, t * share.standard_error);
    }
    if (ends.lower >= 0) quantile.lower = values.At(ends.lower, rule);
    if (ends.upper <= 1) quantile.upper = values.At(ends.upper, rule);
    if (quantile.lower.has_value() && quantile.upper.has_value())
      quantile.standard_error = (*quantile.upper - *quantile.lower) / (2 * t);
  }
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  return out;
}

}  // namespace imdi::domain
