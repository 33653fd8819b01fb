#pragma once

// Multiple choices with given counts of ticks.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "clients/demo/pool.h"
#include "clients/demo/spread.h"

namespace imdi::demo {

// How often a code is ticked.
struct Tick {
  int code = 0;
  size_t count = 0;
  bool exact = false;  // Never ticked more often; otherwise also by units that ticked nothing else.
  bool exclusive = false;  // Stands alone.
  Pool who = {};           // By exactly these units; empty = chosen evenly.
};

// Every unit of the pool ticks at least one code; codes ascending.
std::map<size_t, std::vector<int>> DealTicks(const Spread& spread, const Pool& pool,
                                             const std::vector<Tick>& ticks,
                                             const std::string& purpose);

}  // namespace imdi::demo
