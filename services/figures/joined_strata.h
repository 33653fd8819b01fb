#pragma once

// Non-response strata of an edition joined for the comparison of several: until none is thin in any
// of them.

#include <cstdint>
#include <span>
#include <vector>

#include "services/domain/change.h"
#include "services/domain/strata.h"

namespace imdi::figures {

struct JoinedStrata {
  std::vector<uint16_t> to;  // By panel stratum (EditionCounts::PanelStrata).
  uint16_t count = 0;
  std::vector<domain::Collapse::Step> steps;  // What was joined, in the order it was done.
};

// `pairs`: for each two of the editions their counts by panel stratum. Joined as
// domain::CollapseStrata joins, by the fewest that answered in any of them; a stratum that answered
// completely in all of them is not thin. An edition without units of the stratum has no say in it.
// Units whose own stratum is gone are joined to nothing.
JoinedStrata JoinStrata(const domain::Strata& strata,
                        std::span<const std::vector<domain::PairCell>> pairs);
std::vector<domain::PairCell> Join(const JoinedStrata& joined,
                                   std::span<const domain::PairCell> cells);

}  // namespace imdi::figures
