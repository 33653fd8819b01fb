#include "tests/soak/trend.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace imdi::soak {
namespace {

double MedianOf(std::vector<double>& sorted) {
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

}  // namespace

Trend TrendOf(std::span<const double> values, double hours_apart) {
  if (values.size() < 3) return {};
  std::vector<double> slopes;
  for (size_t later = 1; later < values.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier)
      slopes.push_back((values[later] - values[earlier]) /
                       (static_cast<double>(later - earlier) * hours_apart));
  }
  std::vector<double> copy(values.begin(), values.end());
  Trend out;
  out.median = MedianOf(copy);
  out.per_hour = MedianOf(slopes);
  const auto n = static_cast<double>(values.size());
  const double reach = 1.96 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const double place = (static_cast<double>(slopes.size()) - reach) / 2;
  out.at_least_per_hour = slopes[static_cast<size_t>(std::max(place, 0.0))];
  return out;
}

bool Rises(const Trend& trend, double most) {
  return trend.at_least_per_hour > most * trend.median;
}

}  // namespace imdi::soak
