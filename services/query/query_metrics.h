#pragma once

// What query shows to operators: how fresh the figures are that it serves.

#include <functional>

#include "services/base/clock.h"
#include "services/base/metrics.h"
#include "services/query/snapshots.h"

namespace imdi::query {

// Read at each exposition until the object that is returned goes, which snapshots and clock must
// outlive. `followers`: how many follow the releases now.
[[nodiscard]] base::Metrics::Reading ShowQuery(base::Metrics& metrics, Snapshots& snapshots,
                                               const base::Clock& clock,
                                               std::function<int()> followers);

}  // namespace imdi::query
