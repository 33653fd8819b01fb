#include "services/domain/linear_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "services/domain/distributions.h"
#include "services/domain/linear_pair.h"
#include "services/domain/stratified_variance.h"

namespace imdi::domain {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double Weight(int32_t frame, int32_t responded) {
  return static_cast<double>(frame) / static_cast<double>(responded);
}

double Clean(double variance, double smallest) {
  return std::fabs(variance) < smallest ? 0 : variance;
}

// An exact integer, or what became of one, as a sum of two doubles: 106 digits instead of 53, so
// that numbers that cancel leave no more than what they differ by.
struct Exact {
  double high = 0;
  double low = 0;
  explicit Exact(Int128 number)
      : high(static_cast<double>(number)),
        low(static_cast<double>(number - static_cast<Int128>(high))) {}
  Exact(double a, double b) : high(a + b), low(b - (high - a)) {}
};

// a - factor * b (Dekker's product, by fma; Knuth's sum).
Exact Less(const Exact& a, double factor, const Exact& b) {
  const double product = factor * b.high;
  const double rest = std::fma(factor, b.high, -product) + factor * b.low;
  const double sum = a.high - product;
  const double back = sum - a.high;
  const double lost = (a.high - (sum - back)) - (product + back);
  return {sum, lost + (a.low - rest)};
}

// x - 2 ratio y + ratio^2 z.
double Quadratic(Int128 x, Int128 y, Int128 z, double ratio) {
  const Exact inner = Less(Exact(y), ratio, Exact(z));
  const Exact outer = Less(Less(Exact(x), ratio, Exact(y)), ratio, inner);
  return std::max(0.0, outer.high + outer.low);
}

LinearEstimate Estimate(std::span<const SumsCell> strata, double scale_a, double scale_b,
                        bool ratio, Lonely lonely) {
  LinearEstimate out;
  int32_t represented = 0;
  bool census = true;
  double a = 0;
  double b = 0;
  for (const SumsCell& h : strata) {
    if (h.base == 0) continue;
    const double weight = Weight(h.frame, h.responded);
    out.n += h.base;
    ++represented;
    out.weight_sum += weight * h.base;
    a += weight * static_cast<double>(h.a);
    b += weight * static_cast<double>(h.b);
    census = census && h.responded >= h.frame;
  }
  if (out.n == 0) {
    if (ratio) out.estimate = out.standard_error = kUndefined;
    return out;
  }
  out.df = out.n - represented;
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  out.numerator_total = a / scale_a;
  out.denominator_total = b / scale_b;
  if (ratio && b == 0) {
    out.estimate = out.standard_error = kUndefined;
    return out;
  }
  // In the units of the scaled integers; turned into those of the numbers at the end.
  const double value = ratio ? a / b : a;
  const double slope = ratio ? value : 0;
  const double unit = ratio ? scale_b / scale_a : 1 / scale_a;
  out.estimate = ratio ? out.numerator_total / out.denominator_total : out.numerator_total;
  if (census) return out;
  StratifiedVariance sum(lonely);
  for (const SumsCell& h : strata) {
    if (h.base > 0)
      sum.Add(h.frame, h.responded, CentredSquares(h, h.responded, slope), Squares(h, slope));
  }
  const double variance = Clean(sum.Total() / (ratio ? b * b : 1), kNoVariance * value * value);
  out.standard_error = std::sqrt(variance) * unit;
  return out;
}

}  // namespace

double CentredSquares(const SumsCell& cell, int32_t units, double ratio) {
  const Int128 r = units;
  return Quadratic(r * cell.aa - cell.a * cell.a, r * cell.ab - cell.a * cell.b,
                   r * cell.bb - cell.b * cell.b, ratio);
}

double Squares(const SumsCell& cell, double ratio) {
  return Quadratic(cell.aa, cell.ab, cell.bb, ratio);
}

std::optional<Interval> WaldInterval(double estimate, double standard_error, int32_t df,
                                     double level) {
  if (df < 1) return std::nullopt;
  const double half = StudentQuantile(level, df) * standard_error;
  return Interval{estimate - half, estimate + half};
}

Distribution EstimateDistribution(std::span<const StratumCell> strata,
                                  std::span<const int32_t> counts, size_t codes, Lonely lonely,
                                  double level) {
  Distribution out;
  std::vector<StratumCell> cells(strata.begin(), strata.end());
  for (size_t c = 0; c < codes; ++c) {
    for (size_t h = 0; h < cells.size(); ++h) cells[h].yes = counts[h * codes + c];
    out.codes.push_back(EstimateProportion(cells, lonely, level));
  }
  if (codes == 0 || out.codes[0].n == 0) return out;
  out.covariance.assign(codes * codes, 0);
  const double weight_sum = out.codes[0].weight_sum;
  const bool census = out.codes[0].status == EstimateStatus::kCensus;
  double largest = 0;
  for (size_t a = 0; a < codes; ++a) {
    out.covariance[a * codes + a] = out.codes[a].variance;
    largest = std::max(largest, out.codes[a].variance);
  }
  for (size_t a = 0; a < codes && !census; ++a) {
    for (size_t c = 0; c < a; ++c) {
      const double p = out.codes[a].estimate;
      const double q = out.codes[c].estimate;
      StratifiedVariance sum(lonely);
      for (size_t h = 0; h < strata.size(); ++h) {
        if (strata[h].base == 0) continue;
        const int64_t ya = counts[h * codes + a];
        const int64_t yc = counts[h * codes + c];
        const int64_t m = strata[h].base;
        const LinearPair pair{strata[h].responded, ya, m, yc, m, 0, ya, yc, m};
        sum.Add(strata[h].frame, strata[h].responded, pair.Centred(p, q), pair.Product(p, q));
      }
      out.covariance[a * codes + c] = sum.Total() / (weight_sum * weight_sum);
      out.covariance[c * codes + a] = out.covariance[a * codes + c];
    }
  }
  for (double& covariance : out.covariance) covariance = Clean(covariance, kNoCovariance * largest);
  return out;
}

Difference EstimateDifference(std::span<const DifferenceCell> strata, Lonely lonely) {
  Difference out;
  double base_a = 0;
  double base_b = 0;
  double yes_a = 0;
  double yes_b = 0;
  int32_t x_a = 0;
  int32_t x_b = 0;
  int32_t represented = 0;
  for (const DifferenceCell& h : strata) {
    if (h.responded == 0) continue;
    const double weight = Weight(h.frame, h.responded);
    const int32_t either = h.base_a + h.base_b - h.base_both;
    out.n_a += h.base_a;
    out.n_b += h.base_b;
    out.n_union += either;
    if (either > 0) ++represented;
    x_a += h.yes_a;
    x_b += h.yes_b;
    base_a += weight * h.base_a;
    base_b += weight * h.base_b;
    yes_a += weight * h.yes_a;
    yes_b += weight * h.yes_b;
  }
  out.df = out.n_union - represented;
  if (out.n_a == 0 || out.n_b == 0) {
    out.p_a = out.p_b = out.se_a = out.se_b = out.covariance = kUndefined;
    out.estimate = out.standard_error = kUndefined;
    return out;
  }
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  out.p_a = ExactShare(yes_a, base_a, x_a, out.n_a);
  out.p_b = ExactShare(yes_b, base_b, x_b, out.n_b);
  out.estimate = out.p_b - out.p_a;
  // All strata with respondents count here, in the base or not: a lonely one is averaged over all.
  StratifiedVariance sum_a(lonely);
  StratifiedVariance sum_b(lonely);
  StratifiedVariance sum_ab(lonely);
  for (const DifferenceCell& h : strata) {
    if (h.responded == 0) continue;
    const int64_t r = h.responded;
    const LinearPair a{r,       h.yes_a, h.base_a, h.yes_a, h.base_a,
                       h.yes_a, h.yes_a, h.yes_a,  h.base_a};
    const LinearPair b{r,       h.yes_b, h.base_b, h.yes_b, h.base_b,
                       h.yes_b, h.yes_b, h.yes_b,  h.base_b};
    const LinearPair ab{r,          h.yes_a,         h.base_a,        h.yes_b,    h.base_b,
                        h.yes_both, h.yes_a_of_both, h.yes_b_of_both, h.base_both};
    sum_a.Add(h.frame, h.responded, a.Centred(out.p_a, out.p_a), a.Product(out.p_a, out.p_a));
    sum_b.Add(h.frame, h.responded, b.Centred(out.p_b, out.p_b), b.Product(out.p_b, out.p_b));
    sum_ab.Add(h.frame, h.responded, ab.Centred(out.p_a, out.p_b), ab.Product(out.p_a, out.p_b));
  }
  SetDifferenceVariance(sum_a.Total() / (base_a * base_a), sum_b.Total() / (base_b * base_b),
                        sum_ab.Total() / (base_a * base_b), &out);
  return out;
}

void SetDifferenceVariance(double variance_a, double variance_b, double covariance,
                           Difference* difference) {
  Difference& out = *difference;
  variance_a = Clean(variance_a, kNoVariance);
  variance_b = Clean(variance_b, kNoVariance);
  out.se_a = std::sqrt(variance_a);
  out.se_b = std::sqrt(variance_b);
  out.covariance = Clean(covariance, kNoCovariance * (out.se_a * out.se_b));
  const double variance = variance_a + variance_b - 2 * out.covariance;
  // Two equal questions differ by nothing, whatever is left of the sum.
  out.standard_error = variance < kNoVariance ? 0 : std::sqrt(variance);
  if (out.standard_error > 0) {
    out.t = out.estimate / out.standard_error;
    if (out.df >= 1) out.p = StudentTwoSidedP(*out.t, out.df);
  }
}

LinearEstimate EstimateTotal(std::span<const SumsCell> strata, double scale, Lonely lonely) {
  return Estimate(strata, scale, 1, false, lonely);
}

LinearEstimate EstimateRatio(std::span<const SumsCell> strata, double scale_a, double scale_b,
                             Lonely lonely) {
  return Estimate(strata, scale_a, scale_b, true, lonely);
}

}  // namespace imdi::domain
