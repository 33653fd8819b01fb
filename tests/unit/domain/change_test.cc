#include "services/domain/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "services/domain/multiplicity.h"

namespace imdi::domain {
namespace {

using State = AnswerState;

PairCell OneFrame(std::initializer_list<std::tuple<State, State, int32_t>> counts) {
  PairCell cell;
  for (const auto& [a, b, units] : counts) {
    cell.At(a, b) += units;
    cell.frame_a += units;
  }
  cell.frame_b = cell.frame_both = cell.frame_a;
  return cell;
}

// Ten units, seven answer first and eight then, six of them both times: small enough for a pencil.
PairCell TenUnits() {
  return OneFrame({{State::kYes, State::kYes, 2},
                   {State::kNo, State::kYes, 2},
                   {State::kNo, State::kNo, 2},
                   {State::kNo, State::kSilent, 1},
                   {State::kSilent, State::kYes, 2},
                   {State::kSilent, State::kSilent, 1}});
}

TEST(Change, IsWhatThePencilSays) {
  const Change change = EstimateChange({{TenUnits()}}, 0.95);
  EXPECT_EQ(change.status, EstimateStatus::kOk);
  EXPECT_EQ(change.n_a, 7);
  EXPECT_EQ(change.n_b, 8);
  EXPECT_EQ(change.n_both, 6);
  EXPECT_EQ(change.n_either, 9);
  EXPECT_EQ(change.df, 8);
  EXPECT_DOUBLE_EQ(change.estimate, 6.0 / 8 - 2.0 / 7);
  // V_a = (1 - 7/10) (10/49) / 6, V_b = (1 - 8/10) (3/16) / 7, C = (6/56 - 1/10) (2/15).
  EXPECT_DOUBLE_EQ(change.se_a * change.se_a, 0.3 * (10.0 / 49) / 6);
  EXPECT_DOUBLE_EQ(change.se_b * change.se_b, 0.2 * (3.0 / 16) / 7);
  EXPECT_NEAR(change.covariance, (6.0 / 56 - 0.1) * (2.0 / 15), 1e-17);
  EXPECT_NEAR(change.test.standard_error, 0.11686086849341, 1e-13);
  ASSERT_TRUE(change.test.p.has_value());
  EXPECT_NEAR(*change.test.p, 0.0041017943868693, 1e-12);
}

TEST(Change, IsTheSameWhereAStratumComesInPieces) {
  // Counts add up: what matters is the sum, not how it was come by.
  PairCell sum;
  for (int i = 0; i < 3; ++i) {
    const PairCell part = TenUnits();
    sum.frame_a += part.frame_a;
    sum.frame_b += part.frame_b;
    sum.frame_both += part.frame_both;
    for (size_t k = 0; k < part.count.size(); ++k) sum.count[k] += part.count[k];
  }
  PairCell thrice = TenUnits();
  thrice.frame_a = thrice.frame_b = thrice.frame_both = 30;
  for (int32_t& units : thrice.count) units *= 3;
  EXPECT_EQ(EstimateChange({{sum}}, 0.95).test.p, EstimateChange({{thrice}}, 0.95).test.p);
}

TEST(Change, HasNoSpreadWhereEverybodyAnsweredBothTimes) {
  const std::vector<PairCell> all = {
      OneFrame({{State::kYes, State::kNo, 3}, {State::kNo, State::kYes, 4}})};
  const Change change = EstimateChange(all, 0.95);
  EXPECT_EQ(change.test.standard_error, 0);
  EXPECT_DOUBLE_EQ(change.estimate, 1.0 / 7);
  EXPECT_FALSE(change.test.t.has_value());
  EXPECT_FALSE(change.test.p.has_value());
}

TEST(Change, OfTheSameAnswersIsExactlyNothing) {
  const std::vector<PairCell> same = {OneFrame({{State::kYes, State::kYes, 13},
                                                {State::kNo, State::kNo, 20},
                                                {State::kSilent, State::kSilent, 9}})};
  const Change change = EstimateChange(same, 0.95);
  EXPECT_EQ(change.estimate, 0);
  EXPECT_EQ(change.test.standard_error, 0);
}

TEST(Change, IsEmptyWhereOneYearHasNobodyInTheBase) {
  const std::vector<PairCell> none = {
      OneFrame({{State::kOutside, State::kYes, 3}, {State::kSilent, State::kNo, 4}})};
  const Change change = EstimateChange(none, 0.95);
  EXPECT_EQ(change.status, EstimateStatus::kEmpty);
  EXPECT_EQ(change.n_b, 7);
  EXPECT_EQ(change.estimate, 0);
  EXPECT_FALSE(change.test.interval.has_value());
  EXPECT_EQ(EstimateChange({}, 0.95).status, EstimateStatus::kEmpty);
}

TEST(Change, TellsWhereThereIsNoDegreeOfFreedom) {
  const std::vector<PairCell> lone = {
      OneFrame({{State::kYes, State::kNo, 1}, {State::kSilent, State::kSilent, 2}})};
  const Change change = EstimateChange(lone, 0.95);
  EXPECT_EQ(change.status, EstimateStatus::kNoDf);
  EXPECT_FALSE(change.test.interval.has_value());
  EXPECT_FALSE(change.test.p.has_value());
}

TEST(Change, TakesUnitsThatOneFrameLacksAsAnsweringInTheOtherAlone) {
  // Two frames without a unit in common are two independent samples: no covariance.
  PairCell apart;
  apart.frame_a = 10;
  apart.frame_b = 12;
  apart.At(State::kYes, State::kSilent) = 3;
  apart.At(State::kNo, State::kSilent) = 5;
  apart.At(State::kSilent, State::kYes) = 6;
  apart.At(State::kSilent, State::kNo) = 2;
  apart.At(State::kSilent, State::kSilent) = 6;
  const Change change = EstimateChange({{apart}}, 0.95);
  EXPECT_EQ(change.covariance, 0);
  EXPECT_DOUBLE_EQ(change.se_a * change.se_a, (1 - 8.0 / 10) * (15.0 / 64) / 7);
  EXPECT_DOUBLE_EQ(change.se_b * change.se_b, (1 - 8.0 / 12) * (12.0 / 64) / 7);
}

TEST(Change, CovariesWithNothingThatWasAnsweredCompletely) {
  // All eight of the earlier frame answered; six of them are in the later one, which has others.
  PairCell cell;
  cell.frame_a = 8;
  cell.frame_b = 12;
  cell.frame_both = 6;
  cell.At(State::kYes, State::kYes) = 2;
  cell.At(State::kNo, State::kNo) = 2;
  cell.At(State::kNo, State::kYes) = 1;
  cell.At(State::kYes, State::kSilent) = 2;
  cell.At(State::kNo, State::kSilent) = 1;
  cell.At(State::kSilent, State::kYes) = 2;
  cell.At(State::kSilent, State::kSilent) = 4;
  PairCell turned;
  turned.frame_a = cell.frame_b;
  turned.frame_b = cell.frame_a;
  turned.frame_both = cell.frame_both;
  for (size_t a = 0; a < kAnswerStates; ++a) {
    for (size_t b = 0; b < kAnswerStates; ++b)
      turned.At(static_cast<State>(b), static_cast<State>(a)) =
          cell.At(static_cast<State>(a), static_cast<State>(b));
  }
  const Change change = EstimateChange({{cell}}, 0.95);
  EXPECT_EQ(change.se_a, 0);
  EXPECT_GT(change.se_b, 0);
  EXPECT_EQ(change.covariance, 0);
  EXPECT_DOUBLE_EQ(change.test.standard_error, change.se_b);
  const Change back = EstimateChange({{turned}}, 0.95);
  EXPECT_EQ(back.covariance, 0);
  EXPECT_DOUBLE_EQ(back.test.standard_error, change.test.standard_error);
  // A stratum more, in which both years have silent units: only it covaries.
  const Change both = EstimateChange(std::vector{cell, TenUnits()}, 0.95);
  EXPECT_GT(std::abs(both.covariance), 0);
  EXPECT_NEAR(both.test.standard_error * both.test.standard_error,
              both.se_a * both.se_a + both.se_b * both.se_b - 2 * both.covariance, 1e-15);
}

TEST(Change, HasNoStandardErrorWhereItsVarianceIsBelowZero) {
  // Few of many answered, and none in the base but two who did so both times: C overshoots.
  const std::vector<PairCell> strata = {OneFrame({{State::kYes, State::kYes, 1},
                                                  {State::kNo, State::kNo, 1},
                                                  {State::kOutside, State::kSilent, 4},
                                                  {State::kSilent, State::kOutside, 4},
                                                  {State::kSilent, State::kSilent, 990}})};
  const Change change = EstimateChange(strata, 0.95);
  ASSERT_LT(change.se_a * change.se_a + change.se_b * change.se_b, 2 * change.covariance);
  EXPECT_TRUE(std::isnan(change.test.standard_error));
  EXPECT_FALSE(change.test.interval.has_value());
  EXPECT_FALSE(change.test.t.has_value());
  EXPECT_FALSE(change.test.p.has_value());
  const std::vector<int32_t> any = {2};
  const std::vector<double> times = {2016, 2017};
  const Contrast slope =
      EstimateContrast(EstimateSeries({2, 1, strata, any}), SlopeCoefficients(times), 0.95);
  EXPECT_TRUE(std::isnan(slope.test.standard_error));
  EXPECT_FALSE(slope.test.interval.has_value());
  EXPECT_FALSE(slope.test.p.has_value());
}

TEST(StackedChange, WithTheCorrectionThinksItselfSurerThanItIs) {
  const std::vector<PairCell> strata = {TenUnits()};
  const double overlap = EstimateChange(strata, 0.95).test.standard_error;
  EXPECT_LT(EstimateStackedChange(strata, Stacked::kCorrected, 0.95).test.standard_error, overlap);
  EXPECT_GT(EstimateStackedChange(strata, Stacked::kUncorrected, 0.95).test.standard_error,
            overlap);
}

TEST(McNemar, CountsThePanelAlone) {
  const PanelTest panel = McNemar({{TenUnits()}});
  EXPECT_EQ(panel.n, 6);
  EXPECT_EQ(panel.yes_no, 0);
  EXPECT_EQ(panel.no_yes, 2);
  EXPECT_DOUBLE_EQ(panel.chi_squared, 2);
  EXPECT_DOUBLE_EQ(panel.chi_squared_corrected, 0.5);
  EXPECT_DOUBLE_EQ(panel.p_exact, 0.5);
  EXPECT_DOUBLE_EQ(panel.p_mid, 0.25);
}

TEST(McNemar, TestsNothingWhereNobodyMoved) {
  const PanelTest panel =
      McNemar({{OneFrame({{State::kYes, State::kYes, 3}, {State::kNo, State::kSilent, 2}})}});
  EXPECT_FALSE(panel.tested);
  EXPECT_EQ(panel.n, 3);
}

TEST(McNemar, NeverGivesAPBeyondOne) {
  const PanelTest panel =
      McNemar({{OneFrame({{State::kYes, State::kNo, 4}, {State::kNo, State::kYes, 4}})}});
  EXPECT_EQ(panel.p_exact, 1);
  EXPECT_LE(panel.p_mid, 1);
  EXPECT_EQ(panel.p_corrected, 1);
}

TEST(Series, OfTwoEditionsIsTheirChange) {
  const std::vector<PairCell> pairs = {TenUnits()};
  const std::vector<int32_t> any = {9};
  const SeriesEstimate series = EstimateSeries({2, 1, pairs, any});
  const Change change = EstimateChange(pairs, 0.95);
  const std::vector<double> times = {2016, 2017};
  const Contrast slope = EstimateContrast(series, SlopeCoefficients(times), 0.95);
  EXPECT_DOUBLE_EQ(slope.estimate, change.estimate);
  EXPECT_DOUBLE_EQ(slope.test.standard_error, change.test.standard_error);
  EXPECT_EQ(slope.df, change.df);
  const std::vector<double> three_years = {2014, 2017};
  EXPECT_DOUBLE_EQ(EstimateContrast(series, SlopeCoefficients(three_years), 0.95).estimate,
                   change.estimate / 3);
}

TEST(Series, IsEmptyWhereAnyEditionIsOrTheCountsDoNotFit) {
  const std::vector<PairCell> pairs(3);
  const std::vector<int32_t> any = {0};
  EXPECT_EQ(EstimateSeries({3, 1, pairs, any}).status, EstimateStatus::kEmpty);
  EXPECT_EQ(EstimateSeries({4, 1, pairs, any}).status, EstimateStatus::kEmpty);
  EXPECT_EQ(EstimateContrast(EstimateSeries({3, 1, pairs, any}), {}, 0.95).status,
            EstimateStatus::kEmpty);
}

TEST(Multiplicity, LeavesAMissingPOutOfTheFamily) {
  const std::vector<std::optional<double>> p = {0.04, 0.01, 0.04, std::nullopt, 0.03, 0.9, 0.01};
  const std::vector<AdjustedP> adjusted = AdjustForMultiplicity(p);
  EXPECT_DOUBLE_EQ(*adjusted[0].benjamini_hochberg, 0.048);
  EXPECT_DOUBLE_EQ(*adjusted[1].holm, 0.06);
  EXPECT_DOUBLE_EQ(*adjusted[6].benjamini_yekutieli, 0.0735);
  EXPECT_FALSE(adjusted[3].holm.has_value());
}

TEST(Multiplicity, TakesWhatIsNoProbabilityForNoTest) {
  const std::vector<std::optional<double>> p = {0.04, std::nan(""), -1, 2};
  const std::vector<AdjustedP> adjusted = AdjustForMultiplicity(p);
  EXPECT_DOUBLE_EQ(*adjusted[0].holm, 0.04);
  for (size_t i = 1; i < p.size(); ++i) EXPECT_FALSE(adjusted[i].benjamini_hochberg.has_value());
}

}  // namespace
}  // namespace imdi::domain
