// What the simulation says is reproducible, and says what the choices of intervals and tests rest
// on. Seeds are fixed, so that these are numbers and not chances.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/bench/coverage/simulation.h"

namespace imdi::coverage {
namespace {

const Progress kQuiet = [](size_t, size_t) {};

template <typename Score>
const Score& ScoreOf(const std::vector<Score>& scores, std::string_view method) {
  return *std::ranges::find(scores, method, &Score::method);
}

TEST(Coverage, IsTheSameOnAnyNumberOfThreads) {
  const Options one{7, 500, 1};
  const Options four{7, 500, 4};
  const auto a = SimulateIntervals(one, kQuiet);
  const auto b = SimulateIntervals(four, kQuiet);
  ASSERT_EQ(a.size(), b.size());
  for (size_t r = 0; r < a.size(); ++r) {
    for (size_t m = 0; m < a[r].scores.size(); ++m) {
      EXPECT_EQ(a[r].scores[m].coverage, b[r].scores[m].coverage);
      EXPECT_EQ(a[r].scores[m].width, b[r].scores[m].width);
    }
  }
  const auto c = SimulateChanges(one, kQuiet);
  const auto d = SimulateChanges(four, kQuiet);
  for (size_t r = 0; r < c.size(); ++r) EXPECT_EQ(c[r].standard_deviation, d[r].standard_deviation);
  for (const auto simulate : {SimulateFilteredShares, SimulateRakedShares, SimulateNumbers}) {
    const auto e = simulate(one, kQuiet);
    const auto f = simulate(four, kQuiet);
    for (size_t r = 0; r < e.size(); ++r) {
      EXPECT_EQ(e[r].scores.back().coverage, f[r].scores.back().coverage) << e[r].title;
      EXPECT_EQ(e[r].scores.back().width, f[r].scores.back().width) << e[r].title;
    }
  }
}

TEST(Coverage, OfTheExactIntervalIsNeverBelowItsLevel) {
  for (const IntervalRow& row : SimulateIntervals({1, 5'000, 2}, kQuiet)) {
    SCOPED_TRACE(row.title);
    const IntervalScore& served = ScoreOf(row.scores, "served");
    const IntervalScore& wald = ScoreOf(row.scores, "wald");
    EXPECT_GT(served.coverage, wald.coverage);
    EXPECT_LT(wald.worst_coverage, 0.93);
    if (row.scores.size() == 7) {  // One stratum. Five standard deviations of a part of 200 draws.
      EXPECT_GT(served.coverage, 0.95);
      EXPECT_GT(served.worst_coverage, 0.95 - 5 * 0.0154);
    } else {  // Several strata: no interval is exact.
      EXPECT_GT(served.coverage, 0.90);
    }
  }
}

// What most headline figures carry.
TEST(Coverage, OfABaseThatAnswersGiveIsHeldByWhatIsServed) {
  const auto rows = SimulateFilteredShares({1, 5'000, 2}, kQuiet);
  ASSERT_EQ(rows.size(), 3u);
  for (const IntervalRow& row : rows) {
    SCOPED_TRACE(row.title);
    const IntervalScore& served = ScoreOf(row.scores, "served");
    EXPECT_GT(served.coverage, 0.94);
    EXPECT_GT(served.coverage, ScoreOf(row.scores, "wald").coverage);
    EXPECT_GE(served.worst_coverage, ScoreOf(row.scores, "wald").worst_coverage);
  }
}

TEST(Coverage, IsLostWhereAnsweringHangsOnWhatWeightsDoNotKnowAndRegainedByRaking) {
  const auto rows = SimulateRakedShares({1, 2'000, 2}, kQuiet);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_LT(ScoreOf(rows[0].scores, "served").worst_coverage, 0.8);
  EXPECT_GT(ScoreOf(rows[1].scores, "served").coverage, 0.93);
  EXPECT_GT(ScoreOf(rows[1].scores, "served").coverage, ScoreOf(rows[0].scores, "served").coverage);
}

// A variance by strata knows of units that are silent, not of a question that some left blank; and
// the end of an interval cannot lie within a number that many have.
TEST(Coverage, OfMeansAndMediansIsNearItsLevelWhereNobodyLeavesItBlankAndFewAreEqual) {
  const auto rows = SimulateNumbers({1, 5'000, 2}, kQuiet);
  ASSERT_EQ(rows.size(), 10u);
  for (const IntervalRow& row : rows) {
    SCOPED_TRACE(row.title);
    const bool blank = row.title.ends_with("6 % blank");
    const bool equal = row.title.find("many equal") != std::string::npos;
    EXPECT_GT(row.scores.front().coverage, blank || equal ? 0.84 : 0.93);
    EXPECT_LT(row.scores.front().coverage, 0.98);
    EXPECT_GT(row.scores.front().width, 0);
  }
}

TEST(Coverage, ShowsThatOnlyTheOverlapTestKeepsItsLevel) {
  for (const ChangeRow& row : SimulateChanges({1, 2'000, 2}, kQuiet)) {
    SCOPED_TRACE(testing::Message() << row.title << ", " << row.response_correlation);
    const TestScore& overlap = ScoreOf(row.scores, "overlap_fpc");
    const TestScore& stacked = ScoreOf(row.scores, "stacked_fpc");
    EXPECT_NEAR(overlap.rejected_without_change, 0.05, 0.02);
    EXPECT_NEAR(overlap.coverage, 0.95, 0.02);
    EXPECT_NEAR(overlap.standard_error, row.standard_deviation, 0.05 * row.standard_deviation);
    EXPECT_GT(stacked.rejected_without_change, 0.1);
    EXPECT_LT(ScoreOf(row.scores, "stacked_nofpc").rejected_without_change, 0.045);
  }
}

}  // namespace
}  // namespace imdi::coverage
