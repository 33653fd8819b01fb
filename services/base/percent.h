#pragma once

#include <string>

namespace imdi::base {

// A fraction as percent with so many decimals, rounded half away from zero: 0.7302 → "73.0".
std::string FormatPercent(double fraction, int decimals);

// A number with so many decimals, rounded half away from zero: 2.5 → "3", −0.4 → "0".
std::string FormatNumber(double number, int decimals);

}  // namespace imdi::base
