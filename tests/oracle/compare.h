#pragma once

// Holds results against the numbers expected, under the oracle's tolerances.

#include <cstddef>
#include <string>
#include <vector>

#include "tests/oracle/document.h"

namespace imdi::oracle {

struct Comparison {
  size_t compared = 0;  // Values of the expectation that were found: numbers, "not defined", texts.
  size_t differing = 0;  // Of those.
  size_t missing = 0;    // Values of the expectation that the result lacks.
  // |got - want| / |want| over the numbers that are expected to be other than 0.
  double largest_relative = 0;
  std::vector<std::string> differences;  // For people: path, got, want.
};

// Everything in `want` is to be matched; what `got` has beyond it does no harm. A number matches
// within 1e-9 relative (1e-6 for p-values) and 1e-12 absolute; null matches null alone.
void Compare(const std::string& path, const Value& got, const Value& want, Comparison* to);
// Counts every value of `want` as missing.
void CountMissing(const std::string& path, const Value& want, Comparison* to);

}  // namespace imdi::oracle
