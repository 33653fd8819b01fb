// Means, totals, ratios and quantiles beside the number of those that answered: what is known, what
// is bounded, and what there is no interval of.

#include "services/domain/number_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "services/domain/distributions.h"
#include "services/domain/weighted_estimate.h"

namespace imdi::domain {
namespace {

constexpr double kNear = 1e-12;

// Ten units, six of which answer 1, 2, 3, 4, 5, 9.
SumsCell Six() {
  SumsCell cell;
  cell.frame = 10;
  cell.responded = 6;
  for (const int64_t number : {1, 2, 3, 4, 5, 9}) cell.Add(number, 1);
  return cell;
}

NumberGround GroundOf(const SumsCell& cell, double of_answers) {
  return {.kind = BaseKind::kFrame,
          .answers = cell.base,
          .units = cell.frame,
          .may_belong = 0,
          .unrepresented = 0,
          .undetermined = 0,
          .census = cell.responded >= cell.frame,
          .of_answers = of_answers,
          .bounds = std::nullopt};
}

LinearEstimate MeanOf(const SumsCell& cell) {
  return EstimateRatio(std::vector<SumsCell>{cell}, 1, 1, Lonely::kAdjust);
}

TEST(NumberEstimate, OfAMeanIsTheWeightedOneWithTTimesItsError) {
  const SumsCell cell = Six();
  const NumberEstimate mean = EstimateNumber(MeanOf(cell), GroundOf(cell, 4), 0.95);
  EXPECT_EQ(mean.status, EstimateStatus::kOk);
  EXPECT_EQ(mean.method, IntervalMethod::kWald);
  EXPECT_EQ(mean.point, 4);
  // s^2 = 40 / 5, V = (1 - 6/10) s^2 / 6.
  const double se = std::sqrt(0.4 * 8 / 6);
  EXPECT_NEAR(mean.standard_error, se, kNear);
  EXPECT_EQ(mean.df, 5);
  EXPECT_NEAR(mean.lower, 4 - StudentQuantile(0.95, 5) * se, kNear);
  EXPECT_NEAR(mean.upper, 4 + StudentQuantile(0.95, 5) * se, kNear);
  EXPECT_EQ(mean.base_units, 10);
  EXPECT_EQ(mean.may_belong, 4);
  EXPECT_FALSE(mean.bounds.has_value());
}

TEST(NumberEstimate, WithBoundsLeavesThemNowhere) {
  const SumsCell cell = Six();
  NumberGround ground = GroundOf(cell, 4);
  ground.bounds = MeanBounds(24, 6, 4, 1, 9);
  EXPECT_NEAR(ground.bounds->lower, 2.8, kNear);
  EXPECT_NEAR(ground.bounds->upper, 6, kNear);
  const NumberEstimate wide = EstimateNumber(MeanOf(cell), ground, 0.999'999);
  EXPECT_EQ(wide.lower, ground.bounds->lower);
  EXPECT_EQ(wide.upper, ground.bounds->upper);
  ground.bounds = Interval{4.5, 6};
  const NumberEstimate moved = EstimateNumber(MeanOf(cell), ground, 0.95);
  EXPECT_EQ(moved.point, 4.5);
  EXPECT_LE(moved.lower, moved.point);
}

TEST(NumberEstimate, OfABaseThatAllAnsweredIsWhatTheySaid) {
  SumsCell cell = Six();
  cell.frame = 6;
  NumberGround ground = GroundOf(cell, 4);
  ground.bounds = Interval{4, 4};
  const NumberEstimate known = EstimateNumber(MeanOf(cell), ground, 0.95);
  EXPECT_EQ(known.method, IntervalMethod::kKnown);
  EXPECT_EQ(known.status, EstimateStatus::kCensus);
  EXPECT_EQ(known.lower, 4);
  EXPECT_EQ(known.upper, 4);
  EXPECT_EQ(known.standard_error, 0);
  // But not a total of which some filter is unknown.
  ground.undetermined = 1;
  ground.census = false;
  EXPECT_NE(EstimateNumber(MeanOf(cell), ground, 0.95).method, IntervalMethod::kKnown);
}

TEST(NumberEstimate, WithoutAVarianceThatKnowsTheSilenceHasNoInterval) {
  const SumsCell cell = Six();
  NumberGround ground = GroundOf(cell, 4);
  ground.census = true;  // All answered the survey, four left the question blank.
  const NumberEstimate blank = EstimateNumber(MeanOf(cell), ground, 0.95);
  EXPECT_EQ(blank.status, EstimateStatus::kCensus);
  EXPECT_EQ(blank.method, IntervalMethod::kNone);
  EXPECT_EQ(blank.lower, blank.point);
  EXPECT_EQ(blank.upper, blank.point);
  ground.bounds = Interval{3, 5};
  EXPECT_EQ(EstimateNumber(MeanOf(cell), ground, 0.95).upper, 5);

  SumsCell one;
  one.frame = 3;
  one.responded = 1;
  one.Add(7, 1);
  const NumberEstimate lonely = EstimateNumber(MeanOf(one), GroundOf(one, 7), 0.95);
  EXPECT_EQ(lonely.status, EstimateStatus::kNoDf);
  EXPECT_EQ(lonely.method, IntervalMethod::kNone);
}

TEST(NumberEstimate, OfNobodyAndOfNothingToDivideByIsNone) {
  SumsCell cell;
  cell.frame = 3;
  EXPECT_EQ(EstimateNumber(MeanOf(cell), GroundOf(cell, 0), 0.95).status, EstimateStatus::kEmpty);
  LinearEstimate undefined = MeanOf(Six());
  undefined.estimate = undefined.standard_error = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(EstimateNumber(undefined, GroundOf(Six(), 4), 0.95).status, EstimateStatus::kEmpty);
}

TEST(NumberEstimate, OfAPartIsBoundedByAllOrNoneOfTheSilent) {
  const Interval bounds = PartBounds(30, 50, 50);
  EXPECT_EQ(bounds.lower, 0.3);
  EXPECT_EQ(bounds.upper, 0.8);
}

TEST(NumberEstimate, OfAQuantileReadsItsEndsBack) {
  const std::vector<StratumCell> strata = {{100, 50, 100, 50, 0}};
  const Weighting weighting = Weighting::OfStrata(strata);
  std::vector<QuantileRow> rows;
  for (int i = 1; i <= 50; ++i) rows.push_back({0, static_cast<double>(i)});
  const double half[] = {0.5};
  const Quantiles made = EstimateQuantiles(weighting, rows, half, QuantileRule::kLeftInverse,
                                           QuantileInterval::kWald, Lonely::kAdjust, 0.95);
  NumberGround ground{.kind = BaseKind::kFrame,
                      .answers = 50,
                      .units = 100,
                      .may_belong = 0,
                      .unrepresented = 0,
                      .undetermined = 0,
                      .census = false,
                      .of_answers = 25,
                      .bounds = std::nullopt};
  const NumberEstimate median = EstimateNumber(made, 0, 1, 50, ground, 0.95);
  EXPECT_EQ(median.method, IntervalMethod::kWoodruff);
  EXPECT_EQ(median.point, 25);
  // phat = 0.5, SE = sqrt(0.5 * 50/49 * 0.25 / 50).
  const double t = StudentQuantile(0.95, 49);
  const double se = std::sqrt(0.5 * 50 / 49 * 0.25 / 50);
  EXPECT_EQ(median.lower, std::ceil(50 * (0.5 - t * se)));
  EXPECT_EQ(median.upper, std::ceil(50 * (0.5 + t * se)));
  EXPECT_NEAR(median.standard_error, (median.upper - median.lower) / (2 * t), kNear);
  EXPECT_FALSE(median.lower_open || median.upper_open);

  const double last[] = {0.999};
  const Quantiles end = EstimateQuantiles(weighting, rows, last, QuantileRule::kLeftInverse,
                                          QuantileInterval::kWald, Lonely::kAdjust, 0.95);
  // All are at or below the largest: no spread, and the interval collapses.
  EXPECT_EQ(EstimateNumber(end, 0, 1, 50, ground, 0.95).status, EstimateStatus::kZeroVariance);
  EXPECT_EQ(EstimateNumber(end, 0, 1, 50, ground, 0.95).upper, 50);
  // Most say the same: the share at or below has its spread all the same.
  std::vector<QuantileRow> tied;
  for (int i = 1; i <= 50; ++i) tied.push_back({0, i <= 5 ? 3.0 : i <= 45 ? 7.0 : 9.0});
  const NumberEstimate same =
      EstimateNumber(EstimateQuantiles(weighting, tied, half, QuantileRule::kLeftInverse,
                                       QuantileInterval::kWald, Lonely::kAdjust, 0.95),
                     0, 3, 9, ground, 0.95);
  EXPECT_EQ(same.status, EstimateStatus::kOk);
  EXPECT_EQ(same.method, IntervalMethod::kWoodruff);
  EXPECT_EQ(same.point, 7);
  EXPECT_EQ(same.lower, 7);
  EXPECT_EQ(same.upper, 9);
  const double near[] = {0.97};
  const NumberEstimate open =
      EstimateNumber(EstimateQuantiles(weighting, rows, near, QuantileRule::kLeftInverse,
                                       QuantileInterval::kWald, Lonely::kAdjust, 0.95),
                     0, 1, 50, ground, 0.95);
  EXPECT_TRUE(open.upper_open);
  EXPECT_EQ(open.upper, 50);
  EXPECT_EQ(open.standard_error, 0);
}

// Six strata's worth of cells with two respondents or more, weights raked to two margins.
TEST(WeightedSums, GiveWhatTheirUnitsGive) {
  const std::vector<WeightStratum> strata = {{20, 9}, {30, 8}};
  const std::vector<WeightCell> cells = {
      {0, 4, 20 / 9.0}, {0, 5, 20 / 9.0}, {1, 1, 30 / 8.0}, {1, 7, 30 / 8.0}};
  const std::vector<Margin> margins = {{.name = "a", .level = {0, 1, 0, 1}, .total = {15, 35}},
                                       {.name = "b", .level = {0, 0, 1, 1}, .total = {22, 28}}};
  Weighting weighting(strata, cells);
  ASSERT_TRUE(weighting.Rake(margins, {}).ok());
  std::vector<SumsCell> sums(4);
  std::vector<ValueRow> rows;
  const std::vector<std::vector<int64_t>> numbers = {{15, 20, 31}, {7, 7}, {110}, {0, 3, 40, 41}};
  for (uint32_t c = 0; c < 4; ++c) {
    int64_t b = 3;
    for (const int64_t a : numbers[c]) {
      sums[c].Add(a, b);
      rows.push_back({c, static_cast<double>(a) / 10, static_cast<double>(b)});
      b = b % 4 + 1;
    }
  }
  const LinearEstimate ratio = EstimateWeightedRatio(weighting, sums, 10, 1, Lonely::kAdjust);
  const LinearEstimate of_rows = EstimateWeightedRatio(weighting, rows, Lonely::kAdjust);
  EXPECT_NEAR(ratio.estimate, of_rows.estimate, kNear);
  EXPECT_NEAR(ratio.standard_error, of_rows.standard_error, kNear);
  EXPECT_EQ(ratio.n, of_rows.n);
  EXPECT_EQ(ratio.df, of_rows.df);
  const LinearEstimate total = EstimateWeightedTotal(weighting, sums, 10, Lonely::kAdjust);
  const LinearEstimate total_of_rows = EstimateWeightedTotal(weighting, rows, Lonely::kAdjust);
  EXPECT_NEAR(total.estimate, total_of_rows.estimate, 1e-10);
  EXPECT_NEAR(total.standard_error, total_of_rows.standard_error, 1e-10);

  // The weights taken as they are give the same variance as the weights just made.
  std::vector<double> weights;
  for (const WeightCell& cell : weighting.cells()) weights.push_back(cell.weight);
  Weighting again(strata, cells);
  ASSERT_TRUE(again.TakeCalibrated(margins, {}, weights).ok());
  EXPECT_EQ(EstimateWeightedRatio(again, sums, 10, 1, Lonely::kAdjust).standard_error,
            ratio.standard_error);
}

}  // namespace
}  // namespace imdi::domain
