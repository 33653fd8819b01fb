// What a soak takes for a trend, and what for noise.

#include "tests/soak/trend.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace imdi::soak {
namespace {

constexpr double kHours = 10.0 / 3600;  // Windows of 10 s.

// `windows` values around 100 that rise by `per_hour`, with noise and, now and then, a wild one.
std::vector<double> Row(uint64_t seed, int windows, double per_hour, double noise) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> around(0, noise);
  std::vector<double> out;
  for (int i = 0; i < windows; ++i) {
    const double wild = random() % 20 == 0 ? 5 * noise : 0;
    out.push_back(100 + per_hour * kHours * i + around(random) + wild);
  }
  return out;
}

TEST(Trend, OfALineIsItsSlope) {
  const Trend trend = TrendOf(std::vector<double>{1, 3, 5, 7, 9}, 0.5);
  EXPECT_DOUBLE_EQ(trend.per_hour, 4);
  EXPECT_DOUBLE_EQ(trend.at_least_per_hour, 4);
  EXPECT_DOUBLE_EQ(trend.median, 5);
}

TEST(Trend, OfTooFewWindowsIsNone) {
  EXPECT_FALSE(Rises(TrendOf(std::vector<double>{1, 100}, kHours), 0));
}

TEST(Trend, NoiseDoesNotRise) {
  int risen = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed)
    risen += Rises(TrendOf(Row(seed, 90, 0, 5), kHours), 0.15);
  EXPECT_EQ(risen, 0);
}

TEST(Trend, ALeakIsSeenInFifteenMinutes) {
  int risen = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed)
    risen += Rises(TrendOf(Row(seed, 90, 40, 2), kHours), 0.15);
  EXPECT_GE(risen, 99);
}

TEST(Trend, OneWildWindowIsNoTrend) {
  std::vector<double> row(60, 100);
  row[55] = 10'000;
  EXPECT_EQ(TrendOf(row, kHours).per_hour, 0);
  EXPECT_FALSE(Rises(TrendOf(row, kHours), 0.01));
}

TEST(Trend, AFallIsNoRise) { EXPECT_FALSE(Rises(TrendOf(Row(1, 90, -50, 1), kHours), 0)); }

}  // namespace
}  // namespace imdi::soak
