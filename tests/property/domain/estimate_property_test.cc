// Shares estimated from random counts: what must hold whatever the counts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"

namespace imdi::domain {
namespace {

using testing_support::Random;

// Everything from single units to lopsided strata, with empty, silent and complete ones.
std::vector<StratumCell> SomeCells(Random& random) {
  std::vector<StratumCell> cells(static_cast<size_t>(1 + random.UpTo(random.OneIn(3) ? 30 : 4)));
  const int largest = random.OneIn(4) ? 300 : 12;
  const int shape = random.UpTo(3);
  for (StratumCell& h : cells) {
    h.frame = random.UpTo(largest);
    h.responded = random.OneIn(4) ? h.frame : random.UpTo(h.frame);
    h.domain_frame = random.OneIn(2) ? h.frame : random.UpTo(h.frame);
    h.base = random.OneIn(2) ? std::min(h.responded, h.domain_frame)
                             : random.UpTo(std::min(h.responded, h.domain_frame));
    h.yes = shape == 0   ? 0
            : shape == 1 ? h.base
            : shape == 2 ? (random.OneIn(2) ? h.base : 0)
                         : random.UpTo(h.base);
  }
  return cells;
}

// -0.0 and NaN included.
bool SameBits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

testing::AssertionResult SameBits(const ShareEstimate& a, const ShareEstimate& b) {
  const bool same = a.status == b.status && a.method == b.method && a.df == b.df &&
                    a.base_units == b.base_units && a.may_belong == b.may_belong &&
                    SameBits(a.point, b.point) && SameBits(a.standard_error, b.standard_error) &&
                    SameBits(a.lower, b.lower) && SameBits(a.upper, b.upper) &&
                    SameBits(a.n_eff, b.n_eff) && SameBits(a.n_eff_adj, b.n_eff_adj) &&
                    SameBits(a.bound_lower, b.bound_lower) &&
                    SameBits(a.bound_upper, b.bound_upper);
  return same ? testing::AssertionSuccess() : testing::AssertionFailure() << "bits differ";
}

TEST(ShareEstimates, HoldTogetherWhateverTheCounts) {
  Random random(testing_support::CampaignSeed("estimates of random counts"));
  const int64_t rounds = testing_support::CampaignRounds(20'000);
  for (int64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    std::vector<StratumCell> cells = SomeCells(random);
    const BaseKind kind = random.OneIn(2) ? BaseKind::kFrame : BaseKind::kAnswers;
    const int may_belong = random.OneIn(5) ? 0 : random.UpTo(200);
    const double level = random.OneIn(3) ? 0.5 : random.OneIn(2) ? 0.99 : 0.95;
    const ShareEstimate share = EstimateShare(cells, kind, may_belong, level);

    ASSERT_LE(share.bound_lower, share.bound_upper);
    ASSERT_GE(share.bound_lower, 0);
    ASSERT_LE(share.bound_upper, 1);
    ASSERT_TRUE(SameBits(share, EstimateShare(cells, kind, may_belong, level)));
    if (share.status == EstimateStatus::kEmpty) {
      ASSERT_TRUE(std::isnan(share.point));
      ASSERT_EQ(share.method, IntervalMethod::kNone);
      continue;
    }
    ASSERT_LE(share.lower, share.point);
    ASSERT_LE(share.point, share.upper);
    ASSERT_GE(share.lower, share.bound_lower);
    ASSERT_LE(share.upper, share.bound_upper);
    ASSERT_GE(share.standard_error, 0);
    ASSERT_TRUE(std::isfinite(share.n_eff_adj) && share.n_eff_adj >= 0);
    ASSERT_EQ(share.method == IntervalMethod::kKnown, share.may_belong == 0);
    ASSERT_EQ(share.base_units.has_value(), kind == BaseKind::kFrame || share.may_belong == 0);

    // A higher level gives no narrower interval.
    const ShareEstimate wider = EstimateShare(cells, kind, may_belong, 0.999);
    ASSERT_LE(wider.lower, share.lower);
    ASSERT_GE(wider.upper, share.upper);

    // Strata that have nothing to do with the domain may be there or not.
    std::vector<StratumCell> with_others;
    for (const StratumCell& h : cells) {
      if (random.OneIn(3)) with_others.push_back({9, random.UpTo(9), 0, 0, 0});
      with_others.push_back(h);
    }
    ASSERT_TRUE(SameBits(share, EstimateShare(with_others, kind, may_belong, level)));

    // Yes and no are mirror images.
    for (StratumCell& h : cells) h.yes = h.base - h.yes;
    const ShareEstimate mirror = EstimateShare(cells, kind, may_belong, level);
    ASSERT_NEAR(mirror.point, 1 - share.point, 1e-9);
    ASSERT_NEAR(mirror.standard_error, share.standard_error, 1e-9);
    ASSERT_NEAR(mirror.bound_lower, 1 - share.bound_upper, 1e-9);
    if (share.method == IntervalMethod::kHypergeometric ||
        share.method == IntervalMethod::kWilson) {
      ASSERT_NEAR(mirror.lower, 1 - share.upper, 1e-9);
      ASSERT_NEAR(mirror.upper, 1 - share.lower, 1e-9);
    }
  }
}

// The distribution of the silent by the plainest means: gamma functions, one term at a time.
CountInterval PredictiveNaively(const std::vector<StratumCell>& cells, double level) {
  double n = 0;
  int x = 0;
  for (const StratumCell& h : cells) {
    n += h.base;
    x += h.yes;
  }
  const double mu = (x + 0.5) / (n + 1);
  std::vector<long double> all = {1};
  for (const StratumCell& h : cells) {
    const int m = h.domain_frame - h.base;
    const double a = h.yes + 2 * mu;
    const double b = h.base - h.yes + 2 * (1 - mu);
    std::vector<long double> next(all.size() + static_cast<size_t>(m), 0);
    for (int k = 0; k <= m; ++k) {
      const long double term = std::exp(
          std::lgamma(m + 1.0L) - std::lgamma(k + 1.0L) - std::lgamma(m - k + 1.0L) +
          std::lgamma(static_cast<long double>(k + a)) +
          std::lgamma(static_cast<long double>(m - k + b)) -
          std::lgamma(static_cast<long double>(m + a + b)) +
          std::lgamma(static_cast<long double>(a + b)) - std::lgamma(static_cast<long double>(a)) -
          std::lgamma(static_cast<long double>(b)));
      for (size_t i = 0; i < all.size(); ++i) next[i + static_cast<size_t>(k)] += all[i] * term;
    }
    all = next;
  }
  const long double tail = (1 - static_cast<long double>(level)) / 2;
  CountInterval out{-1, -1};
  long double sum = 0;
  for (size_t k = 0; k < all.size(); ++k) {
    sum += all[k];
    if (out.lower < 0 && sum > tail + 1e-12L) out.lower = x + static_cast<int>(k);
    if (out.upper < 0 && sum >= 1 - tail - 1e-12L) out.upper = x + static_cast<int>(k);
  }
  return out;
}

TEST(PredictiveIntervals, EqualThoseOfThePlainestComputation) {
  Random random(testing_support::CampaignSeed("predictive intervals"));
  const int64_t rounds = testing_support::CampaignRounds(400);
  for (int64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    const std::vector<StratumCell> cells = SomeCells(random);
    const double level = random.OneIn(2) ? 0.95 : 0.8;
    const CountInterval want = PredictiveNaively(cells, level);
    const CountInterval got = PredictiveInterval(cells, level);
    ASSERT_EQ(got.lower, want.lower);
    ASSERT_EQ(got.upper, want.upper);
  }
}

}  // namespace
}  // namespace imdi::domain
