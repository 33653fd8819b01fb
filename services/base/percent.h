#pragma once

#include <string>

namespace imdi::base {

// A fraction as percent with so many decimals, rounded half away from zero: 0.7302 → "73.0".
std::string FormatPercent(double fraction, int decimals);

}  // namespace imdi::base
