#pragma once

// Shows stores to operators, by the name that the service gives each.

#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "services/base/metrics.h"
#include "storage/store_stats.h"

namespace imdi::storage {

// `stats` is asked at each exposition, until the object that is returned goes.
[[nodiscard]] base::Metrics::Reading ShowStore(base::Metrics& metrics, std::string_view store,
                                               std::function<StoreStats()> stats);

// To be told how long each sync of a store's files took. `metrics` must outlive it.
using SyncObserver = std::function<void(std::string_view file, absl::Duration took)>;
SyncObserver ObserveSyncs(base::Metrics& metrics, std::string_view store);

}  // namespace imdi::storage
