#pragma once

// Whether a row of numbers, one for each window of time, rises.

#include <span>

namespace imdi::soak {

struct Trend {
  double median = 0;
  // Theil–Sen: the median of the slopes between all pairs, per hour. One wild window moves it
  // little.
  double per_hour = 0;
  // Lower end of its 95 percent interval (Sen, by Kendall's variance): it rises at least so much.
  double at_least_per_hour = 0;
};

// Windows follow each other `hours_apart`. All 0 for fewer than three.
Trend TrendOf(std::span<const double> values, double hours_apart);

// True when it surely rises by more than `most`, a share of its median, in an hour.
bool Rises(const Trend& trend, double most);

}  // namespace imdi::soak
