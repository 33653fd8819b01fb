#include "services/domain/intervals.h"

#include <algorithm>
#include <cmath>
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

// Probabilities of first, first + 1, …
struct Pmf {
  int32_t first = 0;
  std::vector<double> p;
};

// Fills `pmf` over [low, high] from the term at `mode` outwards, without normalising. `ratio(k)` is
// p(k + 1) / p(k).
template <typename Ratio>
void FillFromMode(int32_t low, int32_t high, int32_t mode, const Ratio& ratio, Pmf* pmf,
                  std::vector<double>* scratch) {
  scratch->clear();  // Terms below the mode, descending.
  double term = 1;
  for (int32_t k = mode - 1; k >= low; --k) {
    term /= ratio(k);
    if (!(term >= kNegligible)) break;
    scratch->push_back(term);
  }
  pmf->first = mode - static_cast<int32_t>(scratch->size());
  pmf->p.assign(scratch->rbegin(), scratch->rend());
  pmf->p.push_back(1);
  term = 1;
  for (int32_t k = mode; k < high; ++k) {
    term *= ratio(k);
    if (!(term >= kNegligible)) break;
    pmf->p.push_back(term);
  }
}

double Sum(const std::vector<double>& terms) {
  double sum = 0;
  for (const double term : terms) sum += term;
  return sum;
}

// P(X >= yes) and P(X <= yes) for X hypergeometric: `answers` drawn from `units`, `marked` of them
// yes.
struct Tails {
  double upper = 0;
  double lower = 0;
};
Tails HypergeometricTails(int32_t units, int32_t marked, int32_t answers, int32_t yes, Pmf* pmf,
                          std::vector<double>* scratch) {
  const int32_t low = std::max(0, answers - (units - marked));
  const int32_t high = std::min(answers, marked);
  const auto mode = static_cast<int32_t>((static_cast<int64_t>(answers) + 1) * (marked + 1) /
                                         (static_cast<int64_t>(units) + 2));
  const double rest = static_cast<double>(units) - marked - answers;
  const auto ratio = [&](int32_t k) {
    return (static_cast<double>(marked - k) * (answers - k)) / ((k + 1.0) * (rest + k + 1.0));
  };
  FillFromMode(low, high, std::clamp(mode, low, high), ratio, pmf, scratch);
  double below = 0;
  double at = 0;
  double above = 0;
  for (size_t i = 0; i < pmf->p.size(); ++i) {
    const int32_t k = pmf->first + static_cast<int32_t>(i);
    (k < yes ? below : k > yes ? above : at) += pmf->p[i];
  }
  const double all = below + at + above;
  return {(at + above) / all, (below + at) / all};
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
  const double p = share.estimate;
  const double centre = std::log(p / (1 - p));
  const double half = StudentQuantile(level, share.df) * share.standard_error / (p * (1 - p));
  const auto expit = [](double v) { return 1 / (1 + std::exp(-v)); };
  return Interval{expit(centre - half), expit(centre + half)};
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
  Pmf pmf;
  std::vector<double> scratch;
  // P(X >= yes) grows with the number marked and P(X <= yes) falls, so each end is found by
  // halving. Neither end can pass the number that answers like the sample does.
  int32_t low = yes;
  int32_t high = units - answers + yes;
  const int32_t smallest = low;
  const int32_t largest = high;
  while (low < high) {  // The smallest that is not rejected for having too few.
    const int32_t middle = low + (high - low) / 2;
    if (HypergeometricTails(units, middle, answers, yes, &pmf, &scratch).upper > tail) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  CountInterval out;
  out.lower = low;
  low = smallest;
  high = largest;
  while (low < high) {  // The largest that is not rejected for having too many.
    const int32_t middle = high - (high - low) / 2;
    if (HypergeometricTails(units, middle, answers, yes, &pmf, &scratch).lower > tail) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  out.upper = low;
  return out;
}

CountInterval PredictiveInterval(std::span<const StratumCell> strata, double level) {
  int64_t n = 0;
  int64_t x = 0;
  int64_t silent = 0;
  for (const StratumCell& h : strata) {
    n += h.base;
    x += h.yes;
    silent += h.domain_frame - h.base;
  }
  const double mu = (static_cast<double>(x) + 0.5) / (static_cast<double>(n) + 1);
  Pmf total;
  total.p = {1};
  Pmf one;
  std::vector<double> scratch;
  std::vector<double> sum;
  for (const StratumCell& h : strata) {
    const int32_t m = h.domain_frame - h.base;
    if (m <= 0) continue;
    const double a = h.yes + 2 * mu;
    const double b = h.base - h.yes + 2 * (1 - mu);
    const auto ratio = [&](int32_t k) {
      return (static_cast<double>(m - k) * (k + a)) / ((k + 1.0) * (m - k - 1 + b));
    };
    // a + b >= 2, so there is one mode; below 1 a parameter puts it at its end.
    int32_t mode = 0;
    if (b <= 1) {
      mode = m;
    } else if (a > 1) {
      mode = static_cast<int32_t>((m + 1.0) * (a - 1) / (a + b - 2));
    }
    FillFromMode(0, m, std::clamp(mode, 0, m), ratio, &one, &scratch);
    const double scale = 1 / Sum(one.p);
    sum.assign(total.p.size() + one.p.size() - 1, 0);
    for (size_t i = 0; i < one.p.size(); ++i) {
      const double factor = one.p[i] * scale;
      double* const to = sum.data() + i;
      for (size_t j = 0; j < total.p.size(); ++j) to[j] += factor * total.p[j];
    }
    total.p.swap(sum);
    total.first += one.first;
  }
  const double tail = (1 - level) / 2;
  // Rounding must not push an end beyond the last term.
  CountInterval out;
  const auto last = static_cast<int32_t>(total.p.size()) - 1;
  int32_t k = 0;
  double cumulated = total.p[0];
  while (k < last && !(cumulated > tail)) cumulated += total.p[static_cast<size_t>(++k)];
  out.lower = static_cast<int32_t>(x) + total.first + k;
  while (k < last && !(cumulated >= 1 - tail - 1e-12))
    cumulated += total.p[static_cast<size_t>(++k)];
  out.upper = static_cast<int32_t>(x) + total.first + k;
  return out;
}

}  // namespace imdi::domain
