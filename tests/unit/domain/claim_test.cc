// Verdicts over integers: every phrase at its ends, exactly; what an interval adds; increases and
// rankings.

#include "services/domain/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imdi::domain {
namespace {

// A phrase as the survey's list spells it.
struct Spelt {
  const char* id;
  bool from_tenths;
  int32_t lower;
  bool lower_included;
  int32_t upper;
  bool upper_included;
};
constexpr Spelt kNearly = {"NEARLY_TENTHS", true, -500, true, 0, false};
constexpr Spelt kTenths = {"TENTHS", true, -250, true, 500, false};
constexpr Spelt kMoreThan = {"MORE_THAN_TENTHS", true, 0, false, 1000, false};
constexpr Spelt kWellOverHalf = {"WELL_OVER_HALF", false, 5000, false, 5700, true};
constexpr Spelt kHalf = {"HALF", false, 4750, true, 5250, true};
constexpr Spelt kOverAQuarter = {"SLIGHTLY_OVER_A_QUARTER", false, 2500, false, 2800, true};
constexpr Spelt kQuarter = {"A_QUARTER", false, 2250, true, 2750, true};

PhraseRange Range(const Spelt& spelt, int32_t tenths = 0) {
  model::Phrase phrase;
  phrase.set_id(spelt.id);
  phrase.set_from_tenths(spelt.from_tenths);
  phrase.set_lower_hundredths(spelt.lower);
  phrase.set_lower_included(spelt.lower_included);
  phrase.set_upper_hundredths(spelt.upper);
  phrase.set_upper_included(spelt.upper_included);
  return RangeOf(phrase, tenths);
}

struct Edge {
  Spelt phrase;
  int32_t tenths;
  int64_t lower;  // Hundredths of a percent.
  bool lower_in;
  int64_t upper;
  bool upper_in;
};

// The range of every phrase of the list, written out by hand.
const std::vector<Edge> kEdges = {
    {kNearly, 8, 7500, true, 8000, false},       {kNearly, 1, 500, true, 1000, false},
    {kTenths, 8, 7750, true, 8500, false},       {kTenths, 3, 2750, true, 3500, false},
    {kMoreThan, 6, 6000, false, 7000, false},    {kMoreThan, 9, 9000, false, 10000, false},
    {kWellOverHalf, 0, 5000, false, 5700, true}, {kHalf, 0, 4750, true, 5250, true},
    {kOverAQuarter, 0, 2500, false, 2800, true}, {kQuarter, 0, 2250, true, 2750, true},
};

TEST(PhraseRange, AnEndBelongsToAPhraseExactlyAsTheListSays) {
  for (const Edge& edge : kEdges) {
    SCOPED_TRACE(std::string(edge.phrase.id) + " " + std::to_string(edge.tenths));
    const PhraseRange range = Range(edge.phrase, edge.tenths);
    // The end itself, as a fraction with a large and with the smallest denominator.
    for (const int64_t n : {int64_t{10'000}, int64_t{10'000} * 200'000}) {
      const int64_t scale = n / 10'000;
      EXPECT_EQ(Contains(range, {edge.lower * scale, n}), edge.lower_in) << n;
      EXPECT_EQ(Contains(range, {edge.upper * scale, n}), edge.upper_in) << n;
      // One unit of two thousand million beside the end.
      EXPECT_TRUE(Contains(range, {edge.lower * scale + 1, n})) << n;
      EXPECT_FALSE(Contains(range, {edge.lower * scale - 1, n})) << n;
      EXPECT_TRUE(Contains(range, {edge.upper * scale - 1, n})) << n;
      EXPECT_FALSE(Contains(range, {edge.upper * scale + 1, n})) << n;
    }
  }
}

TEST(PhraseRange, FractionsThatNoDecimalNumberHoldsAreComparedExactly) {
  // 2 of 3 is 66.66…: more than six of ten. 3 of 5 is exactly 60: not more than six of ten, and six
  // of ten.
  EXPECT_TRUE(Contains(Range(kMoreThan, 6), {2, 3}));
  EXPECT_FALSE(Contains(Range(kMoreThan, 6), {3, 5}));
  EXPECT_FALSE(Contains(Range(kMoreThan, 6), {180, 300}));
  EXPECT_TRUE(Contains(Range(kMoreThan, 6), {181, 300}));
  EXPECT_TRUE(Contains(Range(kTenths, 6), {3, 5}));
  EXPECT_FALSE(Contains(Range(kNearly, 6), {3, 5}));
  EXPECT_TRUE(Contains(Range(kNearly, 6), {179, 300}));
}

TEST(PhraseRange, NothingOfNobodyLiesInNoRange) {
  EXPECT_FALSE(Contains(Range(kHalf), {0, 0}));
  EXPECT_FALSE(NearEdge(Range(kHalf), {0, 0}));
}

TEST(PhraseRange, AShareNearerThanAPointToAnEndIsNearIt) {
  const PhraseRange range = Range(kMoreThan, 6);
  EXPECT_FALSE(NearEdge(range, {6100, 10'000})) << "one point away is not nearer than one point";
  EXPECT_TRUE(NearEdge(range, {6099, 10'000}));
  EXPECT_TRUE(NearEdge(range, {6000, 10'000}));
  EXPECT_TRUE(NearEdge(range, {5901, 10'000})) << "outside it warns likewise";
  EXPECT_FALSE(NearEdge(range, {5900, 10'000}));
  EXPECT_TRUE(NearEdge(range, {6901, 10'000}));
  model::Phrase wide;
  wide.set_lower_hundredths(5000);
  wide.set_upper_hundredths(6000);
  wide.set_warn_within_hundredths(300);
  EXPECT_TRUE(NearEdge(RangeOf(wide, 0), {5299, 10'000}));
  EXPECT_FALSE(NearEdge(RangeOf(wide, 0), {5300, 10'000}));
}

TEST(PhraseRange, NothingIsNearAnEndThatNoShareCanCross) {
  EXPECT_FALSE(NearEdge(Range(kMoreThan, 9), {9'999, 10'000}));
  EXPECT_TRUE(NearEdge(Range(kMoreThan, 9), {9'001, 10'000}));
}

TEST(StatedPercent, APercentIsRoundedHalfAwayFromZeroInIntegers) {
  EXPECT_EQ(RoundedPercent({29, 290}, 0), 10);
  EXPECT_EQ(RoundedPercent({322, 441}, 0), 73);
  EXPECT_EQ(RoundedPercent({1, 200}, 0), 1) << "0.5 rounds up";
  EXPECT_EQ(RoundedPercent({99, 20'000}, 0), 0) << "0.495 does not";
  EXPECT_EQ(RoundedPercent({9'950, 10'000}, 0), 100);
  EXPECT_EQ(RoundedPercent({186, 300}, 1), 620);
  EXPECT_EQ(RoundedPercent({2, 3}, 3), 66'667);
  EXPECT_EQ(RoundedPercent({0, 0}, 0), 0);
}

TEST(StatedPercent, HoldsExactlyWhereTheShareRoundsToIt) {
  EXPECT_EQ(JudgeStatedPercent(10, {29, 290}), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeStatedPercent(10, {95, 1'000}), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeStatedPercent(10, {949, 10'000}), ClaimVerdict::kContradicted);
  EXPECT_EQ(JudgeStatedPercent(10, {1'049, 10'000}), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeStatedPercent(10, {1'050, 10'000}), ClaimVerdict::kContradicted);
  EXPECT_EQ(JudgeStatedPercent(0, {0, 10}), ClaimVerdict::kHolds) << "zero is a value";
  EXPECT_EQ(JudgeStatedPercent(0, {0, 0}), ClaimVerdict::kUndecidable) << "no value is not zero";
}

TEST(ShareInWords, HoldsOnlyWhereTheWholeIntervalLiesInTheRange) {
  const PhraseRange range = Range(kNearly, 8);
  const CountedShare share = {780, 1'000};
  const auto judge = [&](double lower, double upper) {
    return JudgeShareInWords(range, share, ShareInterval{lower, upper});
  };
  EXPECT_EQ(judge(0.76, 0.79).verdict, ClaimVerdict::kHolds);
  EXPECT_EQ(judge(0.75, 0.79).verdict, ClaimVerdict::kHolds) << "75 belongs to it";
  EXPECT_EQ(judge(0.7499, 0.79).verdict, ClaimVerdict::kHoldsAmongAnswers);
  EXPECT_EQ(judge(0.76, 0.80).verdict, ClaimVerdict::kHoldsAmongAnswers) << "80 does not";
  EXPECT_FALSE(judge(0.76, 0.81).interval_outside);
}

TEST(ShareInWords, IsContradictedOutsideTheRangeAndSaysWhetherTheIntervalExcludesIt) {
  const PhraseRange range = Range(kMoreThan, 6);
  const auto judge = [&](int64_t x, double lower, double upper) {
    return JudgeShareInWords(range, {x, 300}, ShareInterval{lower, upper});
  };
  const ShareJudgement reaches = judge(179, 0.56, 0.63);
  EXPECT_EQ(reaches.verdict, ClaimVerdict::kContradicted);
  EXPECT_FALSE(reaches.interval_outside);
  EXPECT_TRUE(reaches.near_edge);
  const ShareJudgement excludes = judge(150, 0.46, 0.54);
  EXPECT_EQ(excludes.verdict, ClaimVerdict::kContradicted);
  EXPECT_TRUE(excludes.interval_outside);
  EXPECT_TRUE(judge(150, 0.46, 0.60).interval_outside) << "60 does not belong to it";
  EXPECT_TRUE(judge(240, 0.70, 0.84).interval_outside) << "nor does 70";
  EXPECT_EQ(judge(180, 0.56, 0.63).verdict, ClaimVerdict::kContradicted) << "exactly 60";
}

TEST(ShareInWords, OfAllUnitsNeedsNoInterval) {
  EXPECT_EQ(JudgeShareInWords(Range(kHalf), {1, 2}, {}).verdict, ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeShareInWords(Range(kHalf), {1, 3}, {}).verdict, ClaimVerdict::kContradicted);
  EXPECT_TRUE(JudgeShareInWords(Range(kHalf), {1, 3}, {}).interval_outside);
}

TEST(ShareInWords, AKnownShareAtAnEndIsReadAlikeAsFractionAndAsInterval) {
  // Every share with up to 200 units on every phrase: an interval of one point agrees with the
  // integers.
  for (const Edge& edge : kEdges) {
    const PhraseRange range = Range(edge.phrase, edge.tenths);
    for (int64_t n = 1; n <= 200; ++n) {
      for (int64_t x = 0; x <= n; ++x) {
        const double share = static_cast<double>(x) / static_cast<double>(n);
        const ShareJudgement judged = JudgeShareInWords(range, {x, n}, ShareInterval{share, share});
        EXPECT_EQ(judged.verdict,
                  Contains(range, {x, n}) ? ClaimVerdict::kHolds : ClaimVerdict::kContradicted)
            << edge.phrase.id << " " << x << "/" << n;
        EXPECT_NE(judged.interval_inside, judged.interval_outside);
      }
    }
  }
}

TEST(ShareInWords, NobodyDecidesNothing) {
  EXPECT_EQ(JudgeShareInWords(Range(kHalf), {0, 0}, {}).verdict, ClaimVerdict::kUndecidable);
}

YearComparison Year(CountedShare later, CountedShare earlier, bool comparable = true) {
  YearComparison out;
  out.later = later;
  out.earlier = earlier;
  out.comparable = comparable;
  return out;
}

YearComparison Tested(double p, double change = 0.02) {
  YearComparison out = Year({186, 300}, {187, 312});
  out.change = change;
  out.p = p;
  return out;
}

TEST(Increase, IsTrueOfThoseWhoAnsweredAloneWithoutATestThatRejects) {
  EXPECT_EQ(JudgeIncrease(std::vector{Year({186, 300}, {187, 312})}, std::nullopt),
            ClaimVerdict::kHoldsAmongAnswers);
  EXPECT_EQ(JudgeIncrease(std::vector{Year({300, 300}, {0, 312})}, std::nullopt),
            ClaimVerdict::kHoldsAmongAnswers)
      << "however large";
  EXPECT_EQ(JudgeIncrease(std::vector{Tested(0.001)}, std::nullopt),
            ClaimVerdict::kHoldsAmongAnswers)
      << "not adjusted";
  EXPECT_EQ(JudgeIncrease(std::vector{Tested(0.001)}, 0.05), ClaimVerdict::kHoldsAmongAnswers);
  EXPECT_EQ(JudgeIncrease(std::vector{Tested(0.001, -0.02)}, 0.001),
            ClaimVerdict::kHoldsAmongAnswers)
      << "among all units it points downwards";
  EXPECT_EQ(JudgeIncrease(std::vector{Tested(0.001), Year({186, 300}, {187, 312})}, 0.001),
            ClaimVerdict::kHoldsAmongAnswers)
      << "a year without a test";
}

TEST(Increase, HoldsWhereTheAdjustedTestRejectsOrTheChangeIsKnown) {
  EXPECT_EQ(JudgeIncrease(std::vector{Tested(0.001)}, 0.049), ClaimVerdict::kHolds);
  YearComparison known = Year({322, 441}, {300, 441});
  known.known = true;
  EXPECT_EQ(JudgeIncrease(std::vector{known}, std::nullopt), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeIncrease(std::vector{known, Tested(0.001)}, 0.002), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeIncrease(std::vector{known, Tested(0.3)}, 0.3), ClaimVerdict::kHoldsAmongAnswers);
}

TEST(Increase, IsTestedByTheLargestPOfItsYears) {
  EXPECT_EQ(LargestP(std::vector{Tested(0.01), Tested(0.2), Tested(0.03)}), 0.2);
  YearComparison known = Year({322, 441}, {300, 441});
  known.known = true;
  EXPECT_EQ(LargestP(std::vector{Tested(0.01), known}), 0.01);
  EXPECT_EQ(LargestP(std::vector{known}), std::nullopt);
  EXPECT_EQ(LargestP(std::vector{Tested(0.01), Year({2, 3}, {1, 3})}), std::nullopt);
  EXPECT_EQ(LargestP({}), std::nullopt);
}

TEST(Increase, IsContradictedWhereOneYearWasAsHighOrHigher) {
  EXPECT_EQ(JudgeIncrease(std::vector{Year({186, 300}, {187, 312}), Year({186, 300}, {62, 100})},
                          std::nullopt),
            ClaimVerdict::kContradicted)
      << "equal fractions are no increase";
  EXPECT_EQ(JudgeIncrease(std::vector{Year({61, 100}, {62, 100})}, std::nullopt),
            ClaimVerdict::kContradicted);
  // 0.333… against 33.3 percent: a hair above.
  EXPECT_EQ(JudgeIncrease(std::vector{Year({1, 3}, {333'333'333, 1'000'000'000})}, std::nullopt),
            ClaimVerdict::kHoldsAmongAnswers);
  EXPECT_EQ(JudgeIncrease(std::vector{Year({1, 3}, {333'333'334, 1'000'000'000})}, std::nullopt),
            ClaimVerdict::kContradicted);
}

TEST(Increase, CannotBeDecidedOverABreakOrWithoutAValue) {
  EXPECT_EQ(JudgeIncrease(std::vector{Year({2, 3}, {1, 3}, false)}, std::nullopt),
            ClaimVerdict::kUndecidable);
  EXPECT_EQ(JudgeIncrease(std::vector{Year({2, 3}, {0, 0})}, std::nullopt),
            ClaimVerdict::kUndecidable);
  EXPECT_EQ(JudgeIncrease(std::vector{Year({0, 0}, {1, 3})}, std::nullopt),
            ClaimVerdict::kUndecidable);
  EXPECT_EQ(JudgeIncrease({}, std::nullopt), ClaimVerdict::kUndecidable);
  EXPECT_EQ(
      JudgeIncrease(std::vector{Year({2, 3}, {1, 3}), Year({2, 3}, {1, 3}, false)}, std::nullopt),
      ClaimVerdict::kUndecidable)
      << "one year that cannot be compared is enough";
  EXPECT_EQ(
      JudgeIncrease(std::vector{Year({2, 3}, {1, 3}, false), Year({1, 3}, {2, 3})}, std::nullopt),
      ClaimVerdict::kContradicted)
      << "one year that speaks against it is enough too";
  EXPECT_EQ(JudgeIncrease(std::vector{Year({1, 3}, {2, 3}, false)}, std::nullopt),
            ClaimVerdict::kUndecidable)
      << "a year over a break does not speak against it";
}

RankedPair Pair(int64_t a, int64_t b, double difference, std::optional<double> p,
                bool known = false) {
  return {.a = {a, 100}, .b = {b, 100}, .difference = difference, .p = p, .known = known};
}

TEST(Ranking, HoldsWhereEveryPairIsAboveAndEveryTestRejects) {
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, 0.2, 0.001), Pair(60, 50, 0.1, 0.049)}),
            ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, 0.2, 0.001), Pair(60, 50, 0.1, 0.05)}),
            ClaimVerdict::kHoldsAmongAnswers)
      << "one pair at the level does not reject";
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, 0.2, 0.001), Pair(40, 40, 0.0, 1.0)}),
            ClaimVerdict::kContradicted)
      << "a tie is not above";
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, -0.01, 0.001)}), ClaimVerdict::kHoldsAmongAnswers)
      << "a test that rejects the other way shows nothing";
}

TEST(Ranking, WhatCannotBeTestedIsShownOnlyWhereItIsKnown) {
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, 0.2, {})}), ClaimVerdict::kHoldsAmongAnswers);
  EXPECT_EQ(JudgeRanking(std::vector{Pair(60, 40, 0.2, {}, true)}), ClaimVerdict::kHolds);
  EXPECT_EQ(JudgeRanking(std::vector{RankedPair{}}), ClaimVerdict::kUndecidable);
  EXPECT_EQ(JudgeRanking({}), ClaimVerdict::kUndecidable);
}

}  // namespace
}  // namespace imdi::domain
