#pragma once

// Sets of units, as sorted indexes into the roster.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace imdi::demo {

using Pool = std::vector<size_t>;

inline Pool Without(const Pool& pool, const Pool& taken) {
  Pool rest;
  std::set_difference(pool.begin(), pool.end(), taken.begin(), taken.end(),
                      std::back_inserter(rest));
  return rest;
}

inline Pool Common(const Pool& left, const Pool& right) {
  Pool both;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(both));
  return both;
}

inline Pool Joined(const Pool& left, const Pool& right) {
  Pool all;
  std::set_union(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(all));
  return all;
}

inline bool Holds(const Pool& pool, size_t member) {
  return std::binary_search(pool.begin(), pool.end(), member);
}

template <typename Predicate>
Pool Where(const Pool& pool, Predicate keep) {
  Pool kept;
  std::copy_if(pool.begin(), pool.end(), std::back_inserter(kept), keep);
  return kept;
}

}  // namespace imdi::demo
