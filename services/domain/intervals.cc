#include "services/domain/intervals.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "services/domain/distributions.h"

namespace imdi::domain {
namespace {

bool HasInterval(const Proportion& share) {
  return share.status != EstimateStatus::kEmpty && share.status != EstimateStatus::kNoDf;
}

// Terms of a distribution below this part of its largest are left out: far below what any level
// could tell apart, and the tails of a large domain would cost more than its body.
constexpr double kNegligible = 1e-25;
// Probabilities carry rounding: a tail that equals its level exactly must not pass for larger.
constexpr double kTailTolerance = 1e-10;
// The same for sums over several strata, where the rounding is absolute.
constexpr double kPredictiveTolerance = 1e-12;

// Terms first … last of a distribution over 0 … m, relative to its largest; the others are
// negligible, and their places in `p` mean nothing.
struct Terms {
  int32_t first = 0;
  int32_t last = 0;
  std::vector<double> p;
  double sum = 0;
};

// Beta-binomial over 0 … m with parameters a, b > 0, a + b >= 2: by the ratio of neighbours from
// the mode outwards, which needs no gamma function and cannot leave the range of a double.
void FillBetaBinomial(int32_t m, double a, double b, Terms* out) {
  // There is one mode; a parameter of at most 1 puts it at its end.
  int32_t mode = 0;
  if (b <= 1) {
    mode = m;
  } else if (a > 1) {
    mode = std::min(m, static_cast<int32_t>((m + 1.0) * (a - 1) / (a + b - 2)));
  }
  if (out->p.size() < static_cast<size_t>(m) + 1) out->p.resize(static_cast<size_t>(m) + 1);
  double* const p = out->p.data();
  p[mode] = 1;
  double term = 1;
  int32_t k = mode;
  for (; k < m; ++k) {
    term *= ((m - k) * (k + a)) / ((k + 1.0) * (m - k - 1 + b));
    if (!(term >= kNegligible)) break;
    p[k + 1] = term;
  }
  out->last = k;
  term = 1;
  for (k = mode; k > 0; --k) {
    term *= (k * (m - k + b)) / ((m - k + 1) * (k - 1 + a));
    if (!(term >= kNegligible)) break;
    p[k - 1] = term;
  }
  out->first = k;
  double sum = 0;
  for (k = out->first; k <= out->last; ++k) sum += p[k];
  out->sum = sum;
}

}  // namespace

Interval LogicalBounds(int32_t n, int32_t x, int32_t may_belong) {
  const double whole = static_cast<double>(n) + may_belong;
  return {x / whole, (static_cast<double>(x) + may_belong) / whole};
}

std::optional<Interval> WaldInterval(const Proportion& share, double level) {
  if (!HasInterval(share)) return std::nullopt;
  if (share.status == EstimateStatus::kCensus) return Interval{share.estimate, share.estimate};
  const double half = StudentQuantile(level, share.df) * share.standard_error;
  return Interval{share.estimate - half, share.estimate + half};
}

std::optional<Interval> LogitInterval(const Proportion& share, double level) {
  if (share.status == EstimateStatus::kCensus) return Interval{share.estimate, share.estimate};
  if (share.status != EstimateStatus::kOk) return std::nullopt;
  return LogitAround(share.estimate, StudentQuantile(level, share.df) * share.standard_error);
}

Interval LogitAround(double p, double half) {
  const double centre = std::log(p / (1 - p));
  const double away = half / (p * (1 - p));
  const auto expit = [](double v) { return 1 / (1 + std::exp(-v)); };
  return {expit(centre - away), expit(centre + away)};
}

std::optional<Interval> BetaInterval(const Proportion& share, double level) {
  if (!HasInterval(share)) return std::nullopt;
  if (share.status == EstimateStatus::kCensus) return Interval{share.estimate, share.estimate};
  const double p = share.estimate;
  const double e = *share.n_eff_adj;
  const double tail = (1 - level) / 2;
  return Interval{share.x == 0 ? 0 : BetaQuantile(tail, e * p, e * (1 - p) + 1),
                  share.x == share.n ? 1 : BetaQuantile(1 - tail, e * p + 1, e * (1 - p))};
}

std::optional<Interval> WilsonInterval(const Proportion& share, double level) {
  if (!HasInterval(share)) return std::nullopt;
  if (share.status == EstimateStatus::kCensus) return Interval{share.estimate, share.estimate};
  return WilsonOn(share.estimate, *share.n_eff_adj, share.x == 0, share.x == share.n, level);
}

Interval WilsonOn(double share, double n_eff, bool none, bool all, double level) {
  const double z = NormalQuantile(level);
  const double z2e = z * z / n_eff;
  const double centre = (share + z2e / 2) / (1 + z2e);
  const double half = z / (1 + z2e) * std::sqrt(share * (1 - share) / n_eff + z2e / (4 * n_eff));
  return {none ? 0 : centre - half, all ? 1 : centre + half};
}

CountInterval HypergeometricInterval(int32_t units, int32_t answers, int32_t yes, double level) {
  const double tail = (1 - level) / 2 * (1 + kTailTolerance);
  // Number the units so that the M marked ones come first. At least `yes` of the answers are marked
  // exactly when the yes-th smallest number among them is at most M, and that number less `yes` is
  // beta-binomial over the silent. So each end is one quantile.
  const int32_t silent = units - answers;
  CountInterval out{yes, yes + silent};
  Terms terms;
  if (yes > 0) {  // The smallest M that does not make so many improbable.
    FillBetaBinomial(silent, yes, answers - yes + 1.0, &terms);
    int32_t k = terms.first;
    double cumulated = terms.p[static_cast<size_t>(k)];
    while (k < terms.last && !(cumulated > tail * terms.sum))
      cumulated += terms.p[static_cast<size_t>(++k)];
    out.lower = yes + k;
  }
  if (yes < answers) {  // The largest M that does not make so few improbable.
    FillBetaBinomial(silent, yes + 1.0, answers - yes, &terms);
    int32_t k = terms.last;
    double cumulated = terms.p[static_cast<size_t>(k)];
    while (k > terms.first && !(cumulated > tail * terms.sum))
      cumulated += terms.p[static_cast<size_t>(--k)];
    out.upper = yes + k;
  }
  return out;
}

Tails HypergeometricTails(int32_t units, int32_t marked, int32_t answers, int32_t yes) {
  const int32_t silent = units - answers;
  const int32_t silent_yes = marked - yes;
  Tails out{1, 1};
  Terms terms;
  if (yes > 0) {  // As in the interval: the yes-th marked answer has a number of at most `marked`.
    FillBetaBinomial(silent, yes, answers - yes + 1.0, &terms);
    double sum = 0;
    for (int32_t k = terms.first; k <= std::min(silent_yes, terms.last); ++k)
      sum += terms.p[static_cast<size_t>(k)];
    out.at_least = sum / terms.sum;
  }
  if (yes < answers) {
    FillBetaBinomial(silent, yes + 1.0, answers - yes, &terms);
    double sum = 0;
    for (int32_t k = terms.last; k >= std::max(silent_yes, terms.first); --k)
      sum += terms.p[static_cast<size_t>(k)];
    out.at_most = sum / terms.sum;
  }
  return out;
}

namespace {

// Probabilities that first, first + 1, … of the silent say yes.
struct SilentYes {
  int32_t first = 0;
  std::vector<double> p;
};
SilentYes DistributionOfSilent(std::span<const StratumCell> strata) {
  int64_t n = 0;
  int64_t x = 0;
  int64_t silent = 0;
  for (const StratumCell& h : strata) {
    n += h.base;
    x += h.yes;
    silent += h.domain_frame - h.base;
  }
  const double mu = (static_cast<double>(x) + 0.5) / (static_cast<double>(n) + 1);
  // Over the strata so far.
  std::vector<double> total = {1};
  std::vector<double> sum;
  total.reserve(static_cast<size_t>(silent) + 1);
  sum.reserve(static_cast<size_t>(silent) + 1);
  int32_t first = 0;
  Terms terms;
  for (const StratumCell& h : strata) {
    const int32_t m = h.domain_frame - h.base;
    if (m <= 0) continue;
    FillBetaBinomial(m, h.yes + 2 * mu, h.base - h.yes + 2 * (1 - mu), &terms);
    const double scale = 1 / terms.sum;
    sum.assign(total.size() + static_cast<size_t>(terms.last - terms.first), 0);
    for (int32_t k = terms.first; k <= terms.last; ++k) {
      const double factor = terms.p[static_cast<size_t>(k)] * scale;
      double* const to = sum.data() + (k - terms.first);
      for (size_t j = 0; j < total.size(); ++j) to[j] += factor * total[j];
    }
    total.swap(sum);
    first += terms.first;
  }
  return {first, std::move(total)};
}

}  // namespace

CountInterval PredictiveInterval(std::span<const StratumCell> strata, double level) {
  int32_t x = 0;
  for (const StratumCell& h : strata) x += h.yes;
  const auto [first, total] = DistributionOfSilent(strata);
  const double tail = (1 - level) / 2;
  // Rounding must not push an end beyond the last term.
  const auto last = static_cast<int32_t>(total.size()) - 1;
  int32_t k = 0;
  double cumulated = total[0];
  while (k < last && !(cumulated > tail + kPredictiveTolerance))
    cumulated += total[static_cast<size_t>(++k)];
  CountInterval out;
  out.lower = x + first + k;
  while (k < last && !(cumulated >= 1 - tail - kPredictiveTolerance))
    cumulated += total[static_cast<size_t>(++k)];
  out.upper = x + first + k;
  return out;
}

CountDistribution PredictiveDistribution(std::span<const StratumCell> strata) {
  SilentYes silent = DistributionOfSilent(strata);
  CountDistribution out{silent.first, std::move(silent.p)};
  double sum = 0;
  for (double& term : out.cumulated) term = sum += term;
  return out;
}

double CountDistribution::AtMost(int32_t k) const {
  if (k < first || cumulated.empty()) return 0;
  return cumulated[std::min(static_cast<size_t>(k - first), cumulated.size() - 1)];
}

}  // namespace imdi::domain
