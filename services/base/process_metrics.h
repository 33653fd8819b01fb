#pragma once

// What every process of the house says of itself: which build it is, and, under the names that
// Prometheus' own libraries use, what it takes of the machine. Read from /proc at each exposition.

#include "services/base/build_info.h"
#include "services/base/metrics.h"

namespace imdi::base {

class ProcessMetrics {
 public:
  // `metrics` must outlive the object.
  ProcessMetrics(Metrics& metrics, const BuildInfo& build);

 private:
  Metrics::Reading reading_;
};

}  // namespace imdi::base
