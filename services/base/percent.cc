#include "services/base/percent.h"

#include <cmath>
#include <cstdio>

namespace imdi::base {

std::string FormatPercent(double fraction, int decimals) {
  const double scale = std::pow(10.0, decimals);
  // The nudge puts a product such as 0.0145 × 1000, which is just below its half, where it belongs.
  const double percent = std::round(fraction * 100.0 * scale * (1 + 1e-12)) / scale;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, percent);
  return text;
}

}  // namespace imdi::base
