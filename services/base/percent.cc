#include "services/base/percent.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace imdi::base {

std::string FormatPercent(double fraction, int decimals) {
  return FormatNumber(fraction * 100.0, decimals);
}

std::string FormatNumber(double number, int decimals) {
  const double scale = std::pow(10.0, decimals);
  // The nudge puts a product such as 0.0145 × 1000, which is just below its half, where it belongs.
  // It is bounded: of a large number it would be more than a whole.
  const double scaled = number * scale;
  const double nudge = std::copysign(std::min(std::fabs(scaled) * 1e-12, 1e-6), scaled);
  double rounded = std::round(scaled + nudge) / scale;
  if (rounded == 0) rounded = 0;  // Not "-0".
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, rounded);
  return text;
}

}  // namespace imdi::base
