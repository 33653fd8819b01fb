#pragma once

// Allocation with exact counts, as even over strata as whole units allow.

#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/demo/pool.h"

namespace imdi::demo {

// So many units get this code.
struct Quota {
  int code = 0;
  size_t count = 0;
};

// A code's weight among others.
struct Weight {
  int code = 0;
  size_t weight = 0;
};

// Shares `total` out by weight (largest remainders), at least `least` to each code while the total
// allows it.
std::vector<Quota> Apportion(size_t total, const std::vector<Weight>& weights, size_t least);

class Spread {
 public:
  // stratum_of[member]: equal numbers are one stratum, and members of a stratum follow one another.
  explicit Spread(std::vector<size_t> stratum_of) : stratum_of_(std::move(stratum_of)) {}

  // Chooses exactly `count` of the pool (all, where it is smaller): systematic selection from a
  // random start through the strata, in random order within each.
  Pool Choose(const Pool& pool, size_t count, std::string_view purpose) const;

  // Deals the quotas' codes to the pool, whose size is their sum: each unit gets the code that lags
  // most behind.
  std::map<size_t, int> Deal(const Pool& pool, const std::vector<Quota>& quotas,
                             std::string_view purpose) const;

 private:
  std::vector<size_t> Shuffled(const Pool& pool, std::string_view purpose) const;

  std::vector<size_t> stratum_of_;
};

}  // namespace imdi::demo
