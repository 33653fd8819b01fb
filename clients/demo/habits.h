#pragma once

// How made-up units answer where no target says it: weights, shares and ranges, as data.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "clients/demo/form.h"
#include "clients/demo/spread.h"

namespace imdi::demo {

// Weights of a single choice's or a grid row's codes.
std::vector<Weight> WeightsOf(const Item& item);

// Percent of the units that tick a code of a multiple choice; exclusive codes included.
size_t PercentOf(const Item& item, size_t position);

// A numeric answer: low + step × (0 … steps), small ones more often the more skewed.
struct Range {
  int64_t low;
  int64_t step;
  size_t steps;
  int skew;  // 1 = even.
};
Range RangeOf(const Item& item);

}  // namespace imdi::demo
