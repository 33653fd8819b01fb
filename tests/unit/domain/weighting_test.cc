#include "services/domain/weighting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "services/base/error.h"
#include "services/domain/weighted_estimate.h"

namespace imdi::domain {
namespace {

using base::Reason;
using base::ReasonOf;

// Ten units, eight of them answer: A 5 of 6, B 3 of 4; by zone x 4 of 5, y 4 of 5.
Weighting EightOfTen() {
  return {{{10, 8}}, {{0, 3, 1.25}, {0, 2, 1.25}, {0, 1, 1.25}, {0, 2, 1.25}}};
}
Margin Size() { return {"size", {0, 0, 1, 1}, {6, 4}}; }
Margin Zone() { return {"zone", {0, 1, 0, 1}, {5, 5}}; }

double SumOfLevel(const Weighting& weighting, const Margin& margin, uint32_t level) {
  double sum = 0;
  for (size_t c = 0; c < weighting.cells().size(); ++c) {
    if (margin.level[c] == level)
      sum += weighting.cells()[c].weight * weighting.cells()[c].respondents;
  }
  return sum;
}

TEST(Weighting, PoststratifiedHasTheFramesLevels) {
  Weighting weighting = EightOfTen();
  ASSERT_TRUE(weighting.Poststratify(Size()).ok());
  EXPECT_DOUBLE_EQ(weighting.cells()[0].weight, 6.0 / 5);
  EXPECT_DOUBLE_EQ(weighting.cells()[3].weight, 4.0 / 3);
  EXPECT_EQ(weighting.unrepresented(), 0);
}

TEST(Weighting, CountsALevelWithoutRespondentsAsUnrepresented) {
  Weighting weighting = EightOfTen();
  ASSERT_TRUE(weighting.Poststratify({"size", {0, 0, 2, 2}, {5, 1, 4}}).ok());
  EXPECT_EQ(weighting.unrepresented(), 1);
  EXPECT_DOUBLE_EQ(SummarizeWeights(weighting).sum, 9);
}

TEST(Weighting, RakedHasTheTotalsOfEveryMargin) {
  Weighting weighting = EightOfTen();
  const std::vector<Margin> margins = {Size(), Zone()};
  ASSERT_TRUE(weighting.Rake(margins, {}).ok());
  for (const Margin& margin : margins) {
    for (uint32_t level = 0; level < 2; ++level)
      EXPECT_NEAR(SumOfLevel(weighting, margin, level), margin.total[level], 1e-12);
  }
  for (const WeightCell& cell : weighting.cells()) EXPECT_GT(cell.weight, 0);
}

TEST(Weighting, LinearWithOneMarginIsPoststratification) {
  Weighting linear = EightOfTen();
  Weighting post = EightOfTen();
  ASSERT_TRUE(linear.CalibrateLinearly({{Size()}}, {}, NegativeWeights::kRefuse).ok());
  ASSERT_TRUE(post.Poststratify(Size()).ok());
  for (size_t c = 0; c < 4; ++c) EXPECT_DOUBLE_EQ(linear.cells()[c].weight, post.cells()[c].weight);
  const std::vector<int32_t> base = {3, 2, 1, 2};
  const std::vector<int32_t> yes = {1, 1, 0, 2};
  EXPECT_DOUBLE_EQ(
      EstimateWeightedProportion(linear, base, yes, Lonely::kAdjust, 0.95).standard_error,
      EstimateWeightedProportion(post, base, yes, Lonely::kAdjust, 0.95).standard_error);
}

TEST(Weighting, SaysThatTotalsCannotBeReached) {
  Weighting weighting = EightOfTen();
  // Nobody of the third level answered.
  const Margin third{"region", {0, 0, 1, 1}, {5, 4, 1}};
  const absl::Status empty = weighting.Rake({{third}}, {});
  EXPECT_EQ(ReasonOf(empty), Reason::kMarginUnreachable) << empty;
  EXPECT_THAT(std::string(empty.message()), testing::HasSubstr("region"));
  // Two margins of the same breakdown with other totals.
  const Margin other{"size again", {0, 0, 1, 1}, {5, 5}};
  EXPECT_EQ(ReasonOf(weighting.CalibrateLinearly({{Size(), other}}, {}, NegativeWeights::kKeep)),
            Reason::kMarginUnreachable);
  // What fails changes nothing.
  EXPECT_FALSE(weighting.calibrated());
  EXPECT_DOUBLE_EQ(weighting.cells()[0].weight, 1.25);
}

TEST(Weighting, SaysThatRakingDoesNotConverge) {
  // The only cells are (0, 0) and (1, 0), (1, 1): level 0 of one lies within level 0 of the other,
  // which is to have fewer units.
  Weighting weighting({{10, 6}}, {{0, 2, 1}, {0, 2, 1}, {0, 2, 1}});
  const Margin a{"a", {0, 1, 1}, {6, 4}};
  const Margin b{"b", {0, 0, 1}, {5, 5}};
  const absl::Status raked = weighting.Rake({{a, b}}, {});
  EXPECT_EQ(ReasonOf(raked), Reason::kWeightsNotConverged) << raked;
  EXPECT_FALSE(weighting.calibrated());
}

TEST(Weighting, RefusesNegativeWeightsUnlessTheyAreToBeKept) {
  // The same totals can be had by weights below zero.
  Weighting weighting({{10, 6}}, {{0, 2, 1}, {0, 2, 1}, {0, 2, 1}});
  const std::vector<Margin> margins = {{"a", {0, 1, 1}, {6, 4}}, {"b", {0, 0, 1}, {5, 5}}};
  const absl::Status refused = weighting.CalibrateLinearly(margins, {}, NegativeWeights::kRefuse);
  EXPECT_EQ(ReasonOf(refused), Reason::kNegativeWeight) << refused;
  ASSERT_TRUE(weighting.CalibrateLinearly(margins, {}, NegativeWeights::kKeep).ok());
  EXPECT_DOUBLE_EQ(weighting.cells()[1].weight, -0.5);
}

TEST(Weighting, IsNotPoststratifiedOnALevelOfNegativeWeight) {
  Weighting weighting({{10, 6}}, {{0, 2, 1}, {0, 2, 1}, {0, 2, 1}});
  const std::vector<Margin> margins = {{"a", {0, 1, 1}, {6, 4}}, {"b", {0, 0, 1}, {5, 5}}};
  ASSERT_TRUE(weighting.CalibrateLinearly(margins, {}, NegativeWeights::kKeep).ok());
  // The second cell has a level of its own, and weighs -0.5 a unit.
  const absl::Status refused = weighting.Poststratify({"each", {0, 1, 2}, {4, 3, 3}});
  EXPECT_EQ(ReasonOf(refused), Reason::kNegativeWeight) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("each"));
  EXPECT_DOUBLE_EQ(weighting.cells()[1].weight, -0.5);
}

TEST(Weighting, RakesToANumericTotalToo) {
  Weighting weighting({{10, 4}}, {{0, 1, 2.5}, {0, 1, 2.5}, {0, 1, 2.5}, {0, 1, 2.5}});
  const KnownTotal inhabitants{"inhabitants", {100, 250, 700, 9000}, 20'000};
  const Margin all{"all", {0, 0, 0, 0}, {10}};
  ASSERT_TRUE(weighting.Rake({{all}}, {{inhabitants}}).ok());
  double units = 0;
  double sum = 0;
  for (size_t c = 0; c < 4; ++c) {
    units += weighting.cells()[c].weight;
    sum += weighting.cells()[c].weight * inhabitants.value[c];
  }
  EXPECT_NEAR(units, 10, 1e-11);
  EXPECT_NEAR(sum, 20'000, 1e-8);
}

TEST(Weighting, GivesNoVarianceToWhatTheAuxiliariesExplain) {
  // Everybody of A says yes, nobody of B, and how many A and B there are is known.
  Weighting weighting = EightOfTen();
  ASSERT_TRUE(weighting.Poststratify(Size()).ok());
  const Proportion share =
      EstimateWeightedProportion(weighting, std::vector<int32_t>{3, 2, 1, 2},
                                 std::vector<int32_t>{3, 2, 0, 0}, Lonely::kAdjust, 0.95);
  EXPECT_DOUBLE_EQ(share.estimate, 0.6);
  EXPECT_EQ(share.standard_error, 0);
  EXPECT_EQ(share.status, EstimateStatus::kZeroVariance);
}

TEST(Weighting, OfStrataGivesWhatTheCountsGive) {
  const std::vector<StratumCell> strata = {{10, 6, 8, 5, 2}, {7, 0, 3, 0, 0}, {20, 12, 9, 7, 6}};
  std::vector<uint32_t> cell_of;
  const Weighting weighting = Weighting::OfStrata(strata, &cell_of);
  const Proportion weighted = EstimateWeightedProportion(
      weighting, std::vector<int32_t>{5, 7}, std::vector<int32_t>{2, 6}, Lonely::kAdjust, 0.9);
  const Proportion plain = EstimateProportion(strata, Lonely::kAdjust, 0.9);
  EXPECT_EQ(cell_of[2], 1u);
  EXPECT_DOUBLE_EQ(weighted.estimate, plain.estimate);
  EXPECT_DOUBLE_EQ(weighted.standard_error, plain.standard_error);
  EXPECT_EQ(weighted.df, plain.df);
}

TEST(Weighting, WithoutEndHasNoCorrection) {
  const double none = std::numeric_limits<double>::infinity();
  const Weighting weighting({{none, 10}}, {{0, 10, 3}});
  const Proportion share = EstimateWeightedProportion(
      weighting, std::vector<int32_t>{10}, std::vector<int32_t>{4}, Lonely::kAdjust, 0.95);
  EXPECT_DOUBLE_EQ(share.variance, 0.24 / 9);
}

TEST(WeightedEstimate, OfAnEmptyBaseIsEmpty) {
  const Weighting weighting = EightOfTen();
  const std::vector<int32_t> none(4, 0);
  EXPECT_EQ(EstimateWeightedProportion(weighting, none, none, Lonely::kAdjust, 0.95).status,
            EstimateStatus::kEmpty);
  EXPECT_EQ(EstimateWeightedTotal(weighting, {}, Lonely::kAdjust).estimate, 0);
  EXPECT_EQ(
      EstimateWeightedDifference(weighting, std::vector<DifferenceCell>(4), Lonely::kAdjust).status,
      EstimateStatus::kEmpty);
}

}  // namespace
}  // namespace imdi::domain
