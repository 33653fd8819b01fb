#pragma once

// Intervals of a share. Each is a formula of its own; which of them is served is decided in
// estimate.cc.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/estimate.h"

namespace imdi::domain {

struct Interval {
  double lower = 0;
  double upper = 0;
};

// The shares that are possible when x of n in the base say yes and `may_belong` more units may each
// be in the base or not, and say yes or not: [x / (n + M), (x + M) / (n + M)]. Where the base is
// given by the frame all of them are in it, and these are [x / N, (x + N - n) / N]. n + M > 0.
Interval LogicalBounds(int32_t n, int32_t x, int32_t may_belong);

// On the linearised variance; all but Wald stay within [0, 1]. Empty where there is no degree of
// freedom; [p, p] when kCensus. Wald and logit are for comparison only: both collapse near 0 and 1.
std::optional<Interval> WaldInterval(const Proportion& share, double level);
std::optional<Interval> LogitInterval(const Proportion& share, double level);  // None at 0 and 1.
// expit(logit(p) -+ half / (p (1 - p))), for p in (0, 1) and the half width of p itself.
Interval LogitAround(double p, double half);
std::optional<Interval> BetaInterval(const Proportion& share, double level);
std::optional<Interval> WilsonInterval(const Proportion& share, double level);
// Wilson on `n_eff` > 0 answers; `none` and `all` say that x is 0 or n, where one end is exact.
Interval WilsonOn(double share, double n_eff, bool none, bool all, double level);

// How many of a domain's units are in the numerator, of those who answered and of the silent.
struct CountInterval {
  int32_t lower = 0;
  int32_t upper = 0;
};

// The counts M in [x, N - n + x] that an answer of x out of n drawn from N does not reject on
// either side at (1 - level) / 2. 0 <= x <= n <= N, N > 0.
CountInterval HypergeometricInterval(int32_t units, int32_t answers, int32_t yes, double level);
// What decides it: of X, the number of yes among `answers` drawn from `units` of which `marked` say
// yes, P(X >= yes) and P(X <= yes). `marked` in [yes, units - answers + yes].
struct Tails {
  double at_least = 0;
  double at_most = 0;
};
Tails HypergeometricTails(int32_t units, int32_t marked, int32_t answers, int32_t yes);

// Quantiles of x + sum K_h, where the silent of a stratum say yes like a beta-binomial with the
// stratum's own answers and two more at the domain's rate. `strata` need not have respondents.
CountInterval PredictiveInterval(std::span<const StratumCell> strata, double level);
// What decides it: the distribution of K = sum K_h, the silent that say yes.
struct CountDistribution {
  int32_t first = 0;              // Smaller numbers have no weight.
  std::vector<double> cumulated;  // P(K <= first), P(K <= first + 1), …
  double AtMost(int32_t k) const;
};
CountDistribution PredictiveDistribution(std::span<const StratumCell> strata);

}  // namespace imdi::domain
