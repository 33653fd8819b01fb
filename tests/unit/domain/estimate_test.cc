// Estimates from counts: numbers that can be checked with a pencil, every status, the choice of
// interval, and the corners where a weighted share would contradict what is known. The long tables
// of expected numbers are in tests/oracle/.

#include "services/domain/estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "services/domain/distributions.h"
#include "services/domain/intervals.h"
#include "services/domain/linear_estimate.h"

namespace imdi::domain {
namespace {

constexpr double kClose = 1e-12;

using Cells = std::vector<StratumCell>;

Proportion Plain(const Cells& cells, Lonely lonely = Lonely::kCertainty) {
  return EstimateProportion(cells, lonely, 0.95);
}

TEST(Distributions, AgreeWithTheirClosedForms) {
  const double pi = std::acos(-1.0);
  for (const double level : {0.5, 0.9, 0.95, 0.99, 0.999}) {
    EXPECT_NEAR(StudentQuantile(level, 1) / std::tan(pi * level / 2), 1, kClose);
    EXPECT_NEAR(StudentQuantile(level, 2) / (level * std::sqrt(2 / (1 - level * level))), 1,
                kClose);
    // Of a level asked for before, and of one beyond what is remembered.
    EXPECT_EQ(StudentQuantile(level, 1), StudentQuantile(level, 1));
    EXPECT_GT(StudentQuantile(level, 100'000), NormalQuantile(level));
    EXPECT_NEAR(StudentQuantile(level, 100'000) / NormalQuantile(level), 1, 1e-4);
    for (const double shape : {0.3, 1.0, 4.5, 80.0}) {
      EXPECT_NEAR(BetaQuantile(level, 1, shape), 1 - std::pow(1 - level, 1 / shape), kClose);
      EXPECT_NEAR(BetaQuantile(level, shape, 1), std::pow(level, 1 / shape), kClose);
    }
  }
  EXPECT_NEAR(NormalQuantile(0.95), 1.959963984540054, kClose);
  EXPECT_NEAR(StudentQuantile(0.95, 30), 2.042272456301238, kClose);
  for (const double t : {-3.0, 0.0, 0.7, 12.0})
    EXPECT_NEAR(StudentTwoSidedP(t, 1), 1 - 2 / pi * std::atan(std::fabs(t)), kClose);
}

TEST(Distributions, AnswerABadArgumentWithoutStopping) {
  EXPECT_TRUE(std::isnan(StudentQuantile(0.95, 0)));
  EXPECT_TRUE(std::isnan(BetaQuantile(0.5, -1, 1)));
}

TEST(Proportion, OfOneStratumIsWhatAPencilSays) {
  // Ten units, eight answer, four of them yes: V = (1 - 8/10)(8/7)(1/4)/8 = 1/140.
  const Proportion keep = Plain({{10, 8, 10, 8, 4}});
  EXPECT_EQ(keep.status, EstimateStatus::kOk);
  EXPECT_NEAR(keep.variance, 1.0 / 140, kClose);
  EXPECT_EQ(keep.df, 7);
  EXPECT_NEAR(*keep.n_eff, 35, 1e-10);
  EXPECT_NEAR(*keep.n_eff_adj, 35, 1e-10);
  // "Don't know" left out: 4 of 7, V = 0.2 (8/7)(12/49)/7.
  EXPECT_NEAR(Plain({{10, 8, 10, 7, 4}}).variance, 0.2 * (8.0 / 7) * (12.0 / 49) / 7, kClose);
  // A stratum of its own: V = (1 - 5/6)(0.24)/4 = 0.01.
  EXPECT_NEAR(Plain({{6, 5, 6, 5, 3}}).standard_error, 0.1, kClose);
}

TEST(Proportion, OfSeveralStrataIsWhatAPencilSays) {
  // p = (6 * 2/3 + 4 * 1/2 + 3 * 1) / 13, V = (36 * 0.5/3 * 1/3 + 16 * 0.5/2 * 1/2) / 169.
  const Proportion share = Plain({{6, 3, 6, 3, 2}, {4, 2, 4, 2, 1}, {3, 2, 3, 2, 2}});
  EXPECT_NEAR(share.estimate, 9.0 / 13, kClose);
  EXPECT_NEAR(share.standard_error, 2.0 / 13, kClose);
  EXPECT_EQ(share.strata, 3);
  EXPECT_EQ(share.df, 4);
}

TEST(Proportion, TreatsALonelyStratumAsTold) {
  // Weights 2, 2, 2, 4, 1, 1: only the first stratum has spread, V = 36 * 0.5/3 * (1/3) / 144.
  const Cells cells = {{6, 3, 6, 3, 1}, {4, 1, 4, 1, 1}, {3, 0, 3, 0, 0}, {2, 2, 2, 2, 1}};
  const Proportion certain = Plain(cells);
  EXPECT_NEAR(certain.estimate, 7.0 / 12, kClose);
  EXPECT_NEAR(certain.weight_sum, 12, kClose);
  EXPECT_NEAR(certain.variance, 2.0 / 144, kClose);
  // It alone deviates by 1 - 7/12 with weight 4, of which 3/4 count.
  EXPECT_NEAR(Plain(cells, Lonely::kAdjust).variance,
              (2 + 0.75 * 16 * (5.0 / 12) * (5.0 / 12)) / 144, kClose);
  // Three strata have respondents, one of them is lonely.
  EXPECT_NEAR(Plain(cells, Lonely::kAverage).variance, 2.0 / 144 * 3 / 2, kClose);
}

TEST(Proportion, HasNoVarianceWhereEveryStratumIsLonelyAndTheRuleIsToAverage) {
  const Proportion share = Plain({{4, 1, 4, 1, 1}, {4, 1, 4, 1, 0}}, Lonely::kAverage);
  EXPECT_EQ(share.status, EstimateStatus::kNoDf);
  EXPECT_TRUE(std::isnan(share.variance));
  EXPECT_FALSE(share.n_eff.has_value());
}

TEST(Proportion, SaysHowItStands) {
  EXPECT_EQ(Plain({}).status, EstimateStatus::kEmpty);
  EXPECT_EQ(Plain({{4, 2, 4, 0, 0}}).status, EstimateStatus::kEmpty);
  EXPECT_TRUE(std::isnan(Plain({}).estimate));
  EXPECT_EQ(Plain({{4, 4, 4, 4, 1}}).status, EstimateStatus::kCensus);
  EXPECT_EQ(Plain({{4, 4, 4, 4, 0}}).status, EstimateStatus::kCensus);
  EXPECT_EQ(Plain({{4, 2, 4, 1, 1}}).status, EstimateStatus::kNoDf);
  EXPECT_EQ(Plain({{4, 3, 4, 3, 0}}).status, EstimateStatus::kDegenerate);
  EXPECT_EQ(Plain({{4, 3, 4, 3, 3}}).status, EstimateStatus::kDegenerate);
  EXPECT_EQ(Plain({{4, 3, 4, 3, 1}}).status, EstimateStatus::kOk);
  // All yes in one stratum, all no in the other: no spread within either.
  const Proportion parted = Plain({{4, 3, 4, 3, 3}, {5, 3, 5, 3, 0}});
  EXPECT_EQ(parted.status, EstimateStatus::kZeroVariance);
  EXPECT_EQ(parted.variance, 0);
  EXPECT_EQ(*parted.n_eff_adj, 6);
}

TEST(Intervals, OfAShareExistWhereTheyAreDefined) {
  EXPECT_FALSE(WilsonInterval(Plain({}), 0.95).has_value());
  EXPECT_FALSE(WilsonInterval(Plain({{4, 2, 4, 1, 1}}), 0.95).has_value());
  EXPECT_FALSE(LogitInterval(Plain({{4, 3, 4, 3, 3}}), 0.95).has_value());
  EXPECT_EQ(BetaInterval(Plain({{4, 3, 4, 3, 3}}), 0.95)->upper, 1);
  EXPECT_EQ(WilsonInterval(Plain({{4, 3, 4, 3, 0}}), 0.95)->lower, 0);
  EXPECT_EQ(WilsonInterval(Plain({{4, 4, 4, 4, 1}}), 0.95)->upper, 0.25);
}

// Binomial coefficients small enough to be exact.
int64_t Choose(int n, int k) {
  if (k < 0 || k > n) return 0;
  int64_t out = 1;
  for (int i = 1; i <= k; ++i) out = out * (n - k + i) / i;
  return out;
}

TEST(Intervals, HypergeometricIsExactForEverySmallCellTiesIncluded) {
  for (const int tail : {20, 40, 200}) {  // One in `tail` on either side.
    const double level = 1 - 2.0 / tail;
    for (int units = 1; units <= 24; ++units) {
      for (int answers = 1; answers <= units; ++answers) {
        for (int yes = 0; yes <= answers; ++yes) {
          int lower = units;
          int upper = 0;
          for (int marked = yes; marked <= units - answers + yes; ++marked) {
            int64_t at_least = 0;
            int64_t at_most = 0;
            for (int k = 0; k <= answers; ++k) {
              const int64_t ways = Choose(marked, k) * Choose(units - marked, answers - k);
              if (k >= yes) at_least += ways;
              if (k <= yes) at_most += ways;
            }
            const int64_t all = Choose(units, answers);
            if (at_least * tail <= all || at_most * tail <= all) continue;
            lower = std::min(lower, marked);
            upper = std::max(upper, marked);
          }
          const CountInterval got = HypergeometricInterval(units, answers, yes, level);
          ASSERT_EQ(got.lower, lower) << units << " " << answers << " " << yes << " " << level;
          ASSERT_EQ(got.upper, upper) << units << " " << answers << " " << yes << " " << level;
        }
      }
    }
  }
}

TEST(Intervals, HypergeometricCoversWhatItPromisesWhateverTheTruth) {
  for (const auto& [units, answers] : {std::pair(8, 6), {15, 11}, {20, 15}, {24, 9}}) {
    for (int marked = 0; marked <= units; ++marked) {
      double covered = 0;
      for (int yes = std::max(0, answers - (units - marked)); yes <= std::min(answers, marked);
           ++yes) {
        const CountInterval interval = HypergeometricInterval(units, answers, yes, 0.95);
        if (interval.lower <= marked && marked <= interval.upper) {
          covered +=
              static_cast<double>(Choose(marked, yes) * Choose(units - marked, answers - yes)) /
              static_cast<double>(Choose(units, answers));
        }
      }
      EXPECT_GE(covered, 0.95) << marked << " of " << units << ", " << answers << " answer";
    }
  }
}

// Mean coverage and width over all truths and all answers, everything enumerated.
std::pair<double, double> PredictiveQuality(const std::vector<std::pair<int, int>>& design) {
  const size_t strata = design.size();
  std::vector<int> marked(strata, 0);
  double coverage = 0;
  double width = 0;
  int truths = 0;
  int units = 0;
  for (const auto& [frame, answers] : design) units += frame;
  const auto next = [&](std::vector<int>& digits, const auto& largest) {
    for (size_t i = 0; i < strata; ++i) {
      if (digits[i] < largest(i)) {
        ++digits[i];
        return true;
      }
      digits[i] = 0;
    }
    return false;
  };
  do {
    ++truths;
    int truth = 0;
    for (const int one : marked) truth += one;
    std::vector<int> yes(strata, 0);
    do {
      double probability = 1;
      Cells cells;
      for (size_t i = 0; i < strata; ++i) {
        const auto [frame, answers] = design[i];
        probability *= static_cast<double>(Choose(marked[i], yes[i]) *
                                           Choose(frame - marked[i], answers - yes[i])) /
                       static_cast<double>(Choose(frame, answers));
        cells.push_back({frame, answers, frame, answers, yes[i]});
      }
      if (probability == 0) continue;
      const CountInterval interval = PredictiveInterval(cells, 0.95);
      if (interval.lower <= truth && truth <= interval.upper) coverage += probability;
      width += probability * (interval.upper - interval.lower) / units;
    } while (next(yes, [&](size_t i) { return design[i].second; }));
  } while (next(marked, [&](size_t i) { return design[i].first; }));
  return {coverage / truths, width / truths};
}

TEST(Intervals, PredictiveCoversOnAverageWhatItPromises) {
  // Published with the choice of the interval: coverage .974 and width .172; .967 and .201.
  const auto [coverage, width] = PredictiveQuality({{12, 8}, {8, 6}, {3, 3}});
  EXPECT_NEAR(coverage, 0.974, 0.0006);
  EXPECT_NEAR(width, 0.172, 0.0006);
  const auto [coverage_2, width_2] = PredictiveQuality({{10, 5}, {9, 7}, {6, 5}});
  EXPECT_NEAR(coverage_2, 0.967, 0.0006);
  EXPECT_NEAR(width_2, 0.201, 0.0006);
}

TEST(Intervals, PredictiveTakesATailThatEqualsItsLevelForNoMore) {
  // Nobody answered: all numbers of yes from 0 to 9 are equally likely, so F(0) is just the tail.
  const CountInterval interval = PredictiveInterval(Cells{{9, 0, 9, 0, 0}}, 0.8);
  EXPECT_EQ(interval.lower, 1);
  EXPECT_EQ(interval.upper, 8);
}

TEST(Intervals, PredictiveOfALargeFrameStaysWithinItsBounds) {
  // A thousand times the survey: terms far below the smallest double on both sides.
  const Cells cells = {{200'000, 150'000, 200'000, 150'000, 90'000},
                       {200'000, 140'000, 200'000, 140'000, 10},
                       {100'000, 0, 100'000, 0, 0},
                       {41'000, 30'000, 41'000, 30'000, 30'000}};
  const CountInterval interval = PredictiveInterval(cells, 0.95);
  EXPECT_GT(interval.lower, 120'010 + 30'000);
  EXPECT_LT(interval.upper, 120'010 + 50'000 + 100'000 + 11'000);
  EXPECT_LT(interval.lower, interval.upper);
}

TEST(Bounds, AreWhatSomeCompletionReachesAndNoneExceeds) {
  // Every one of the M is outside the base, or in it and says no or yes.
  for (int n = 0; n <= 4; ++n) {
    for (int x = 0; x <= n; ++x) {
      for (int silent = 0; silent <= 5; ++silent) {
        if (n + silent == 0) continue;
        double lowest = 2;
        double highest = -1;
        int completions = 1;
        for (int i = 0; i < silent; ++i) completions *= 3;
        for (int completion = 0; completion < completions; ++completion) {
          int in_base = n;
          int yes = x;
          for (int i = 0, rest = completion; i < silent; ++i, rest /= 3) {
            in_base += rest % 3 > 0 ? 1 : 0;
            yes += rest % 3 == 2 ? 1 : 0;
          }
          if (in_base == 0) continue;  // No share to speak of.
          lowest = std::min(lowest, static_cast<double>(yes) / in_base);
          highest = std::max(highest, static_cast<double>(yes) / in_base);
        }
        const Interval bounds = LogicalBounds(n, x, silent);
        EXPECT_EQ(bounds.lower, lowest) << x << " of " << n << ", " << silent;
        EXPECT_EQ(bounds.upper, highest) << x << " of " << n << ", " << silent;
      }
    }
  }
}

TEST(ShareEstimate, OfABaseOfAnswersHasTheBoundsOfThoseWhoMayBelong) {
  // 186 of 300 who had participants; 119 more may have had them.
  const ShareEstimate share =
      EstimateShare(Cells{{441, 322, 441, 300, 186}}, BaseKind::kAnswers, 119);
  EXPECT_EQ(share.method, IntervalMethod::kWilson);
  EXPECT_NEAR(share.bound_lower, 0.444, 0.0005);
  EXPECT_NEAR(share.bound_upper, 0.728, 0.0005);
  EXPECT_FALSE(share.base_units.has_value());
  EXPECT_EQ(share.may_belong, 119);
  EXPECT_NEAR(share.point, 0.62, kClose);
  EXPECT_LT(share.lower, 0.62);
  EXPECT_GT(share.lower, 0.58);
  EXPECT_GT(share.upper, 0.62);
  EXPECT_LT(share.upper, 0.66);
}

TEST(ShareEstimate, OfABaseOfAnswersKnowsNoMoreThanARandomSampleWouldTell) {
  // Two strata that all but one answered, almost all yes in one and almost all no in the other:
  // next to no variance, and yet 100 more may belong, of whom 32 answers say what 32 answers can
  // say.
  const Cells cells = {{200, 199, 200, 16, 15}, {200, 199, 200, 16, 1}};
  const Proportion raw = EstimateProportion(cells, Lonely::kAdjust, 0.95);
  ASSERT_GT(*raw.n_eff_adj, 6'000);
  const ShareEstimate share = EstimateShare(cells, BaseKind::kAnswers, 100);
  EXPECT_NEAR(share.n_eff_adj, 42.24, kClose);  // 32 * 132 / 100
  EXPECT_EQ(share.n_eff, *raw.n_eff);
  const Interval wilson = WilsonOn(0.5, 42.24, false, false, 0.95);
  EXPECT_NEAR(share.lower, wilson.lower, kClose);
  EXPECT_NEAR(share.upper, wilson.upper, kClose);
  EXPECT_LT(share.lower, 0.37);
  EXPECT_GT(share.upper, 0.63);
  // A variance that says less than the cap stays what it is.
  const ShareEstimate plain =
      EstimateShare(Cells{{441, 322, 441, 300, 186}}, BaseKind::kAnswers, 100);
  EXPECT_EQ(plain.n_eff_adj,
            *EstimateProportion(Cells{{441, 322, 441, 300, 186}}, Lonely::kAdjust, 0.95).n_eff_adj);
  EXPECT_NEAR(MostEffective(300, 119), 300 * 419 / 119.0, kClose);
  // Where the frame gives the base nothing rests on it.
  EXPECT_EQ(EstimateShare(cells, BaseKind::kFrame, 0).n_eff_adj, *raw.n_eff_adj);
}

TEST(ShareEstimate, OfOneStratumTakesTheExactInterval) {
  const ShareEstimate share = EstimateShare(Cells{{10, 8, 10, 8, 4}}, BaseKind::kFrame, 77);
  EXPECT_EQ(share.method, IntervalMethod::kHypergeometric);
  EXPECT_EQ(share.point, 0.5);
  EXPECT_EQ(share.lower, 0.4);
  EXPECT_EQ(share.upper, 0.6);
  EXPECT_EQ(share.may_belong, 2);  // What the caller says of it is not asked for.
  EXPECT_EQ(share.base_units, 10);
}

TEST(ShareEstimate, OfSeveralStrataTakesThePredictiveInterval) {
  // With a stratum that nobody answered: its units count in N, and widen the interval.
  const Cells cells = {{6, 3, 6, 3, 1}, {4, 1, 4, 1, 1}, {3, 0, 3, 0, 0}, {2, 2, 2, 2, 1}};
  const ShareEstimate share = EstimateShare(cells, BaseKind::kFrame, 0);
  EXPECT_EQ(share.method, IntervalMethod::kPredictive);
  EXPECT_EQ(share.base_units, 15);
  EXPECT_EQ(share.unrepresented, 3);
  EXPECT_NEAR(share.lower, 4.0 / 15, kClose);
  EXPECT_NEAR(share.upper, 11.0 / 15, kClose);
  EXPECT_NEAR(share.bound_lower, 3.0 / 15, kClose);
  EXPECT_NEAR(share.bound_upper, 12.0 / 15, kClose);
  // The lonely stratum is adjusted for, never taken as certain.
  EXPECT_EQ(share.standard_error, Plain(cells, Lonely::kAdjust).standard_error);
}

TEST(ShareEstimate, OfACellAnsweredByEverybodyIsKnownWhateverTheWeights) {
  // Three units, all answered, one yes; the strata around them weight that one down to 0.25.
  const Cells cells = {{6, 3, 1, 1, 0}, {2, 2, 1, 1, 1}, {3, 3, 1, 1, 0}};
  EXPECT_NEAR(Plain(cells).estimate, 0.25, kClose);
  const ShareEstimate share = EstimateShare(cells, BaseKind::kFrame, 0);
  EXPECT_EQ(share.method, IntervalMethod::kKnown);
  EXPECT_EQ(share.status, EstimateStatus::kCensus);
  EXPECT_EQ(share.point, 1.0 / 3);
  EXPECT_EQ(share.lower, share.point);
  EXPECT_EQ(share.upper, share.point);
  EXPECT_EQ(share.standard_error, 0);
}

TEST(ShareEstimate, OfABaseOfAnswersIsKnownWhereNobodyElseMayBelong) {
  const ShareEstimate share = EstimateShare(Cells{{9, 9, 9, 4, 1}}, BaseKind::kAnswers, 0);
  EXPECT_EQ(share.method, IntervalMethod::kKnown);
  EXPECT_EQ(share.base_units, 4);
  EXPECT_EQ(share.point, 0.25);
}

TEST(ShareEstimate, IsNotKnownWhereAllAnsweredButSomeLeftTheQuestionBlank) {
  const ShareEstimate frame = EstimateShare(Cells{{9, 9, 9, 8, 2}}, BaseKind::kFrame, 0);
  EXPECT_EQ(frame.status, EstimateStatus::kCensus);
  EXPECT_EQ(frame.method, IntervalMethod::kHypergeometric);
  EXPECT_LT(frame.lower, frame.upper);
  const ShareEstimate answers = EstimateShare(Cells{{9, 9, 9, 8, 2}}, BaseKind::kAnswers, 1);
  EXPECT_EQ(answers.status, EstimateStatus::kCensus);
  EXPECT_EQ(answers.method, IntervalMethod::kWilson);
  EXPECT_EQ(answers.lower, answers.bound_lower);  // Wilson on 8 reaches beyond the logical bounds.
  EXPECT_EQ(answers.upper, answers.bound_upper);
}

TEST(ShareEstimate, WithoutADegreeOfFreedomHasAnIntervalOnlyWhereTheFrameGivesOne) {
  const Cells cells = {{5, 2, 5, 1, 1}, {5, 2, 5, 1, 0}};
  const ShareEstimate frame = EstimateShare(cells, BaseKind::kFrame, 0);
  EXPECT_EQ(frame.status, EstimateStatus::kNoDf);
  EXPECT_EQ(frame.method, IntervalMethod::kPredictive);
  const ShareEstimate answers = EstimateShare(cells, BaseKind::kAnswers, 7);
  EXPECT_EQ(answers.status, EstimateStatus::kNoDf);
  EXPECT_EQ(answers.method, IntervalMethod::kNone);
  EXPECT_EQ(answers.lower, answers.bound_lower);
  EXPECT_EQ(answers.upper, answers.bound_upper);
}

TEST(ShareEstimate, OfNobodyHasNoPoint) {
  for (const BaseKind kind : {BaseKind::kFrame, BaseKind::kAnswers}) {
    const ShareEstimate share = EstimateShare(Cells{{5, 0, 4, 0, 0}}, kind, 4);
    EXPECT_EQ(share.status, EstimateStatus::kEmpty);
    EXPECT_EQ(share.method, IntervalMethod::kNone);
    EXPECT_TRUE(std::isnan(share.point));
    EXPECT_EQ(share.bound_lower, 0);
    EXPECT_EQ(share.bound_upper, 1);
    EXPECT_EQ(share.unrepresented, 4);
  }
}

TEST(ShareEstimate, NeverLiesBeyondWhatIsPossible) {
  // A group of which all but one answered, in strata that hardly answered: weights say 0.08, and 1
  // of 3 is certain.
  const Cells cells = {{100, 10, 2, 2, 0}, {3, 3, 1, 1, 1}, {8, 4, 1, 0, 0}};
  EXPECT_LT(Plain(cells).estimate, 0.1);
  const ShareEstimate share = EstimateShare(cells, BaseKind::kFrame, 0);
  EXPECT_EQ(share.point, share.bound_lower);
  EXPECT_EQ(share.bound_lower, 0.25);
  EXPECT_LE(share.lower, share.point);
  EXPECT_GE(share.upper, share.point);
}

TEST(ShareEstimate, WidensAnIntervalThatWouldLeaveThePointOutside) {
  // The frame says that the yes lie in a small stratum, the weights that they stand for many.
  const Cells cells = {{1000, 5, 6, 5, 5}, {40, 40, 60, 40, 0}};
  const double weighted = Plain(cells).estimate;
  const CountInterval silent = PredictiveInterval(cells, 0.95);
  const ShareEstimate share = EstimateShare(cells, BaseKind::kFrame, 0);
  ASSERT_GT(std::min(weighted, share.bound_upper), silent.upper / 66.0);
  EXPECT_EQ(share.point, std::min(weighted, share.bound_upper));
  EXPECT_EQ(share.upper, share.point);
  EXPECT_EQ(share.lower, silent.lower / 66.0);
}

TEST(Difference, OfAQuestionToItselfIsNothing) {
  const Difference same = EstimateDifference(
      std::vector<DifferenceCell>{{9, 6, 5, 2, 5, 2, 5, 2, 2, 2}, {7, 4, 4, 3, 4, 3, 4, 3, 3, 3}},
      Lonely::kCertainty);
  EXPECT_EQ(same.estimate, 0);
  EXPECT_EQ(same.standard_error, 0);
  EXPECT_FALSE(same.t.has_value());
  EXPECT_FALSE(same.p.has_value());
  EXPECT_GT(same.se_a, 0);
}

TEST(Difference, OfTwoHalvesOfOneStratumFollowsTheirCovariance) {
  // Of eight answering of ten: four in each half, 3 and 1 yes. By hand: sum u^2 = 0.75/16 each, no
  // product, both sums 0, so each variance is 0.2 * 100/8 * (0.75/16)/7 and the covariance 0 ...
  const Difference halves = EstimateDifference(
      std::vector<DifferenceCell>{{10, 8, 4, 3, 4, 1, 0, 0, 0, 0}}, Lonely::kCertainty);
  const double weight_of_half = 1.25 * 4;
  const double variance = 0.2 * 100 / 8 * (0.75 / (weight_of_half * weight_of_half)) / 7;
  EXPECT_NEAR(halves.se_a, std::sqrt(variance), kClose);
  EXPECT_NEAR(halves.covariance, 0, kClose);
  EXPECT_NEAR(halves.estimate, -0.5, kClose);
  EXPECT_NEAR(halves.standard_error, std::sqrt(2 * variance), kClose);
  EXPECT_EQ(halves.df, 7);
}

TEST(Difference, OfAnEmptyBaseIsNotDefined) {
  const Difference none = EstimateDifference(
      std::vector<DifferenceCell>{{10, 8, 0, 0, 4, 1, 0, 0, 0, 0}}, Lonely::kCertainty);
  EXPECT_EQ(none.status, EstimateStatus::kEmpty);
  EXPECT_TRUE(std::isnan(none.estimate));
}

TEST(Distribution, SumsToOneAndItsCovariancesToNothing) {
  const Cells cells = {{20, 9, 20, 8, 0}, {11, 6, 11, 6, 0}};
  const std::vector<int32_t> counts = {3, 4, 1, 2, 0, 4};
  const Distribution codes = EstimateDistribution(cells, counts, 3, Lonely::kCertainty, 0.95);
  ASSERT_EQ(codes.codes.size(), 3u);
  double sum = 0;
  for (const Proportion& code : codes.codes) sum += code.estimate;
  EXPECT_NEAR(sum, 1, kClose);
  for (size_t a = 0; a < 3; ++a) {
    double row = 0;
    for (size_t b = 0; b < 3; ++b) row += codes.covariance[a * 3 + b];
    EXPECT_NEAR(row, 0, kClose);
  }
}

TEST(LinearEstimate, OfEqualNumbersHasNoErrorAtAll) {
  SumsCell cell{10, 4, 0};
  for (int i = 0; i < 4; ++i) cell.Add(1'000'000'007, 3);
  const LinearEstimate total = EstimateTotal(std::vector{cell}, 10, Lonely::kCertainty);
  EXPECT_NEAR(total.estimate, 10 * 100'000'000.7, 1e-6);
  EXPECT_EQ(total.standard_error, 0);  // Exactly: the spread is taken in integers.
}

TEST(LinearEstimate, OfYesAndNoIsTheProportion) {
  SumsCell cell{10, 8, 0};
  for (int i = 0; i < 7; ++i) cell.Add(i < 4 ? 1 : 0, 1);
  const LinearEstimate mean = EstimateRatio(std::vector{cell}, 1, 1, Lonely::kCertainty);
  const Proportion share = Plain({{10, 8, 10, 7, 4}});
  EXPECT_NEAR(mean.estimate, share.estimate, kClose);
  EXPECT_NEAR(mean.standard_error, share.standard_error, kClose);
  EXPECT_EQ(mean.df, share.df);
}

TEST(LinearEstimate, OfEqualRatiosHasNoSpread) {
  // The ratio need not be a double; what is left of it must not pass for spread, and never for less
  // than none.
  for (int64_t a = 1; a < 60; ++a) {
    for (int64_t b = 1; b < 60; ++b) {
      SumsCell cell{12, 7};
      for (int64_t times = 1; times < 4; ++times) cell.Add(a * times, b * times);
      const LinearEstimate ratio = EstimateRatio(std::vector{cell}, 10, 1, Lonely::kAdjust);
      ASSERT_EQ(ratio.standard_error, 0) << a << " / " << b;
    }
  }
}

TEST(LinearEstimate, OfNobodyIsATotalOfZeroAndNoMean) {
  const std::vector<SumsCell> nobody = {{10, 8, 0}};
  EXPECT_EQ(EstimateTotal(nobody, 1, Lonely::kCertainty).estimate, 0);
  EXPECT_TRUE(std::isnan(EstimateRatio(nobody, 1, 1, Lonely::kCertainty).estimate));
  SumsCell nothing{10, 8, 0};
  nothing.Add(5, 0);
  nothing.Add(3, 0);
  EXPECT_TRUE(std::isnan(EstimateRatio(std::vector{nothing}, 1, 1, Lonely::kCertainty).estimate));
}

TEST(ShareEstimate, TakesTheIntervalThatIsAskedFor) {
  // FORMULAS of the oracle, section 3: p = 0.5, V = (1 - 8/10) 8/7 p (1 - p) / 8, one stratum.
  const Cells cells = {{10, 8, 10, 8, 4}};
  const Proportion raw = EstimateProportion(cells, Lonely::kAdjust, 0.95);
  const double se = std::sqrt(0.2 * 8 / 7 * 0.25 / 8);
  const double t = StudentQuantile(0.95, 7);
  const auto of = [&](IntervalChoice choice) {
    return EstimateShare(cells, BaseKind::kFrame, 0, 0.95, choice);
  };
  const ShareEstimate wald = of(IntervalChoice::kWald);
  EXPECT_EQ(wald.method, IntervalMethod::kWald);
  EXPECT_NEAR(wald.lower, 0.5 - t * se, kClose);
  EXPECT_NEAR(wald.upper, 0.5 + t * se, kClose);
  const ShareEstimate logit = of(IntervalChoice::kLogit);
  EXPECT_EQ(logit.method, IntervalMethod::kLogit);
  EXPECT_NEAR(logit.lower, 1 / (1 + std::exp(t * se / 0.25)), kClose);
  EXPECT_NEAR(logit.upper, 1 - logit.lower, kClose);
  const double e = 0.25 / (se * se);
  EXPECT_NEAR(*raw.n_eff_adj, e, 1e-9);
  const ShareEstimate beta = of(IntervalChoice::kBeta);
  EXPECT_EQ(beta.method, IntervalMethod::kBeta);
  EXPECT_NEAR(beta.lower, BetaQuantile(0.025, e / 2, e / 2 + 1), 1e-10);
  EXPECT_NEAR(beta.upper, BetaQuantile(0.975, e / 2 + 1, e / 2), 1e-10);
  const ShareEstimate wilson = of(IntervalChoice::kWilson);
  EXPECT_EQ(wilson.method, IntervalMethod::kWilson);
  EXPECT_EQ(wilson.lower, wilson.bound_lower);  // Wilson on e would reach beyond 0.4 to 0.6.
  EXPECT_EQ(wilson.upper, wilson.bound_upper);
  EXPECT_EQ(of(IntervalChoice::kRecommended).method, IntervalMethod::kHypergeometric);
  for (const ShareEstimate& share : {wald, logit, beta, wilson}) {
    EXPECT_EQ(share.point, 0.5);
    EXPECT_NEAR(share.standard_error, se, kClose);
  }
}

TEST(ShareEstimate, WhatIsKnownStaysKnownWhateverIsAskedFor) {
  for (const IntervalChoice choice : {IntervalChoice::kWilson, IntervalChoice::kWald,
                                      IntervalChoice::kLogit, IntervalChoice::kBeta}) {
    const ShareEstimate known =
        EstimateShare(Cells{{9, 9, 9, 9, 2}}, BaseKind::kFrame, 0, 0.95, choice);
    EXPECT_EQ(known.method, IntervalMethod::kKnown);
    EXPECT_EQ(known.lower, known.upper);
    const ShareEstimate nobody =
        EstimateShare(Cells{{5, 0, 4, 0, 0}}, BaseKind::kFrame, 0, 0.95, choice);
    EXPECT_EQ(nobody.method, IntervalMethod::kNone);
    EXPECT_EQ(nobody.upper, 1);
    const ShareEstimate lonely =
        EstimateShare(Cells{{5, 2, 5, 1, 1}, {5, 2, 5, 1, 0}}, BaseKind::kFrame, 0, 0.95, choice);
    EXPECT_EQ(lonely.status, EstimateStatus::kNoDf);
    EXPECT_EQ(lonely.method, IntervalMethod::kNone);
    EXPECT_EQ(lonely.lower, lonely.bound_lower);
  }
}

TEST(ShareEstimate, OfBlanksAmongCompleteStrataTakesNoVarianceForCertainty) {
  const Cells cells = {{9, 9, 9, 8, 2}};
  for (const IntervalChoice choice : {IntervalChoice::kWald, IntervalChoice::kLogit}) {
    const ShareEstimate share = EstimateShare(cells, BaseKind::kAnswers, 1, 0.95, choice);
    EXPECT_EQ(share.method, IntervalMethod::kNone);
    EXPECT_EQ(share.lower, share.bound_lower);
    EXPECT_EQ(share.upper, share.bound_upper);
  }
  const ShareEstimate beta =
      EstimateShare(cells, BaseKind::kAnswers, 1, 0.95, IntervalChoice::kBeta);
  EXPECT_NEAR(beta.lower, BetaQuantile(0.025, 2, 7), 1e-10);  // On n = 8, x = 2.
  EXPECT_NEAR(beta.upper, BetaQuantile(0.975, 3, 6), 1e-10);
}

TEST(ShareEstimate, OfNobodyAmongTheYesHasNoLogitAndOneEndOfBeta) {
  const Cells cells = {{30, 20, 30, 20, 0}};
  EXPECT_EQ(EstimateShare(cells, BaseKind::kFrame, 0, 0.95, IntervalChoice::kLogit).method,
            IntervalMethod::kNone);
  const ShareEstimate beta = EstimateShare(cells, BaseKind::kFrame, 0, 0.95, IntervalChoice::kBeta);
  EXPECT_EQ(beta.lower, 0);
  EXPECT_NEAR(beta.upper, BetaQuantile(0.975, 1, 20), 1e-10);
  const ShareEstimate wald = EstimateShare(cells, BaseKind::kFrame, 0, 0.95, IntervalChoice::kWald);
  EXPECT_EQ(wald.lower, 0);
  EXPECT_EQ(wald.upper, 0);  // It collapses, as it does.
}

TEST(CalibratedShare, TakesWilsonOnTheEffectiveNumberWithinWhatIsPossible) {
  Proportion share;
  share.n = 50;
  share.x = 20;
  share.strata = 3;
  share.estimate = 0.42;
  share.variance = 0.004;
  FinishProportion(false, 0.95, &share);
  const ShareEstimate made = EstimateCalibratedShare(share, 80, 4, BaseKind::kFrame, 0, 0.95,
                                                     IntervalChoice::kRecommended);
  EXPECT_EQ(made.method, IntervalMethod::kWilson);
  EXPECT_EQ(made.may_belong, 30);
  EXPECT_EQ(made.base_units, 80);
  EXPECT_EQ(made.unrepresented, 4);
  EXPECT_EQ(made.bound_lower, 20 / 80.0);
  EXPECT_EQ(made.bound_upper, 50 / 80.0);
  const double ratio = StudentQuantile(0.95, 49) / StudentQuantile(0.95, 47);
  const double e = 0.42 * 0.58 / 0.004 * ratio * ratio;
  EXPECT_NEAR(made.n_eff_adj, e, 1e-9);
  const Interval wilson = WilsonOn(0.42, e, false, false, 0.95);
  EXPECT_NEAR(made.lower, std::max(wilson.lower, 0.25), kClose);
  EXPECT_NEAR(made.upper, std::min(wilson.upper, 0.625), kClose);
  // A base of answers counts for no more than a random sample of n + M would.
  const ShareEstimate answers = EstimateCalibratedShare(share, 80, 0, BaseKind::kAnswers, 500, 0.95,
                                                        IntervalChoice::kRecommended);
  EXPECT_NEAR(answers.n_eff_adj, 55, kClose);  // 50 * 550 / 500
  EXPECT_FALSE(answers.base_units.has_value());
  const ShareEstimate known = EstimateCalibratedShare(share, 50, 0, BaseKind::kFrame, 0, 0.95,
                                                      IntervalChoice::kRecommended);
  EXPECT_EQ(known.method, IntervalMethod::kKnown);
  EXPECT_EQ(known.point, 0.4);
}

}  // namespace
}  // namespace imdi::domain
