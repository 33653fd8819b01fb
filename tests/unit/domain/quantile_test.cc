#include "services/domain/quantile.h"

#include <gtest/gtest.h>

#include <vector>

#include "services/domain/rao_scott.h"
#include "services/domain/suppression_audit.h"

namespace imdi::domain {
namespace {

// Eight of ten units answer: 1 2 3 3 5 7 8 9, in another order.
const std::vector<QuantileRow> kEight = {{0, 7}, {0, 3}, {0, 1}, {0, 9},
                                         {0, 2}, {0, 8}, {0, 5}, {0, 3}};
Quantiles Of(const std::vector<QuantileRow>& rows, std::vector<double> probabilities,
             QuantileRule rule) {
  const Weighting weighting({{10, 8}}, {{0, 8, 1.25}});
  return EstimateQuantiles(weighting, rows, probabilities, rule, QuantileInterval::kWald,
                           Lonely::kAdjust, 0.95);
}

TEST(Quantile, IsAValueThatSomebodyGave) {
  const Quantiles quantiles = Of(kEight, {0.1, 0.25, 0.5, 0.75, 0.9}, QuantileRule::kLeftInverse);
  std::vector<double> values;
  for (const Quantile& one : quantiles.quantiles) values.push_back(one.value);
  EXPECT_EQ(values, (std::vector<double>{1, 2, 3, 7, 9}));
  EXPECT_EQ(quantiles.n, 8);
  EXPECT_EQ(quantiles.df, 7);
}

TEST(Quantile, OfTheSchoolLiesBetweenTwoWhereHalfIsExact) {
  EXPECT_EQ(Of(kEight, {0.5}, QuantileRule::kSchool).quantiles[0].value, 4);
}

TEST(Quantile, HasNoEndWhereTheIntervalLeavesTheValues) {
  const Quantile lowest = Of(kEight, {0.1}, QuantileRule::kLeftInverse).quantiles[0];
  EXPECT_FALSE(lowest.lower.has_value());
  EXPECT_TRUE(lowest.upper.has_value());
  EXPECT_FALSE(lowest.standard_error.has_value());
}

TEST(Quantile, OfOneUnitIsItsValueWithoutAnInterval) {
  for (const QuantileRule rule :
       {QuantileRule::kLeftInverse, QuantileRule::kSchool, QuantileRule::kInterpolated}) {
    const Quantiles one = Of({{0, 4}}, {0.5}, rule);
    EXPECT_EQ(one.status, EstimateStatus::kNoDf);
    EXPECT_EQ(one.quantiles[0].value, 4);
    EXPECT_FALSE(one.quantiles[0].lower.has_value());
  }
  EXPECT_EQ(Of({}, {0.5}, QuantileRule::kSchool).status, EstimateStatus::kEmpty);
  EXPECT_TRUE(Of({}, {0.5}, QuantileRule::kSchool).quantiles.empty());
}

TEST(RaoScott, OfOneRandomSampleIsPearsonsOverItsFactor) {
  // 24 of 32 answer: 9 4 / 3 8. The factor is (1 - 24/32) 24/23.
  const std::vector<double> shares = {9.0 / 24, 4.0 / 24, 3.0 / 24, 8.0 / 24};
  const double factor = (1 - 24.0 / 32) / 23;
  std::vector<double> covariance;
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = 0; b < 4; ++b)
      covariance.push_back(factor *
                           (a == b ? shares[a] * (1 - shares[a]) : -shares[a] * shares[b]));
  }
  const RaoScottTest test = TestAssociation(shares, covariance, 2, 2, 24, 23);
  ASSERT_TRUE(test.tested);
  EXPECT_NEAR(test.x2, 24.0 * (9 * 8 - 3 * 4) * (9 * 8 - 3 * 4) / (13 * 11 * 12 * 12), 1e-12);
  EXPECT_NEAR(*test.f, test.x2 / (0.25 * 24 / 23), 1e-11);
  EXPECT_NEAR(*test.p, 0.000548094894875891, 1e-12);
}

TEST(RaoScott, LeavesNothingToChanceWhereSharesHaveNoSpread) {
  const std::vector<double> none(16, 0);
  const RaoScottTest apart =
      TestAssociation(std::vector<double>{0.25, 0, 0, 0.75}, none, 2, 2, 4, 2);
  EXPECT_TRUE(apart.tested);
  EXPECT_FALSE(apart.p.has_value());
  EXPECT_EQ(apart.x2, 4);
  EXPECT_EQ(*apart.chi_squared_p, 0);
  const std::vector<double> even(4, 0.25);
  EXPECT_EQ(*TestAssociation(even, none, 2, 2, 4, 2).chi_squared_p, 1);
}

TEST(RaoScott, TestsNothingWithOneLevel) {
  const std::vector<double> shares(4, 0.25);
  const std::vector<double> none(16, 0);
  EXPECT_FALSE(TestAssociation(shares, none, 1, 4, 40, 38).tested);
  EXPECT_FALSE(TestAssociation({}, {}, 0, 0, 0, 0).tested);
}

const std::vector<int64_t> kTable = {12, 2, 9, 7, 5, 1, 20, 4, 6, 3, 0, 8};

TEST(SuppressionAudit, FindsACellThatStandsAlone) {
  const auto ranges = AuditSuppressedCells(kTable, 4, 3, std::vector<TableCell>{{1, 2}});
  EXPECT_EQ(ranges[0].least, 1);
  EXPECT_EQ(ranges[0].most, 1);
}

TEST(SuppressionAudit, SeesHowFarARectangleCanMove) {
  const auto ranges =
      AuditSuppressedCells(kTable, 4, 3, std::vector<TableCell>{{1, 2}, {1, 1}, {0, 2}, {0, 1}});
  const std::vector<std::pair<int64_t, int64_t>> want = {{0, 6}, {0, 6}, {4, 10}, {1, 7}};
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(ranges[i].least, want[i].first);
    EXPECT_EQ(ranges[i].most, want[i].second);
  }
}

}  // namespace
}  // namespace imdi::domain
