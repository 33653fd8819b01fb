#pragma once

// What aggregation shows to operators: how far it has counted.

#include <functional>

#include "services/aggregation/aggregator.h"
#include "services/base/metrics.h"

namespace imdi::aggregation {

// Read at each exposition until the object that is returned goes, which the aggregator must
// outlive. `followers`: how many follow the figures now.
[[nodiscard]] base::Metrics::Reading ShowAggregation(base::Metrics& metrics,
                                                     const Aggregator& aggregator,
                                                     std::function<int()> followers);

}  // namespace imdi::aggregation
