#pragma once

// What ingestion shows to operators: where its log ends, and how committing goes.

#include <functional>

#include "services/base/metrics.h"
#include "services/ingestion/committer.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

// For the committer's observer; `metrics` must outlive it.
Committer::Observer ObserveBatches(base::Metrics& metrics);

// Read at each exposition until the object that is returned goes, which log and committer must
// outlive. `followers`: how many follow the log now.
[[nodiscard]] base::Metrics::Reading ShowIngestion(base::Metrics& metrics,
                                                   const storage::ResponseLog& log,
                                                   const Committer& committer,
                                                   std::function<int()> followers);

}  // namespace imdi::ingestion
