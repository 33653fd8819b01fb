#pragma once

// What query shows to operators: how fresh the figures are that it serves.

#include <functional>

#include "services/base/metrics.h"
#include "services/query/snapshots.h"

namespace imdi::query {

// Read at each exposition until the object that is returned goes, which the snapshots must outlive.
// `followers`: how many follow the releases now.
[[nodiscard]] base::Metrics::Reading ShowQuery(base::Metrics& metrics, Snapshots& snapshots,
                                               std::function<int()> followers);

}  // namespace imdi::query
