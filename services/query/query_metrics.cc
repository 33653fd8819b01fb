#include "services/query/query_metrics.h"

#include <chrono>
#include <memory>
#include <utility>

namespace imdi::query {

base::Metrics::Reading ShowQuery(base::Metrics& metrics, Snapshots& snapshots,
                                 std::function<int()> followers) {
  return metrics.OnRead(
      [&snapshots, followers = std::move(followers),
       &position = metrics.GaugeOf("imdi_query_position",
                                   "Position of the log that the served snapshot includes."),
       &stale = metrics.GaugeOf("imdi_query_stale",
                                "1 while aggregation is not heard, or does not count on, and "
                                "figures may be old."),
       &stale_seconds =
           metrics.GaugeOf("imdi_query_stale_seconds", "For how long; 0 while they are not."),
       &waiters = metrics.GaugeOf("imdi_query_waiters", "Calls that wait for a position."),
       &following = metrics.GaugeOf("imdi_query_release_followers", "Followers of releases.")] {
        const std::shared_ptr<const Snapshot> now = snapshots.Current();
        position.Set(static_cast<double>(now->position));
        stale.Set(now->stale ? 1 : 0);
        stale_seconds.Set(std::chrono::duration<double>(snapshots.StaleFor()).count());
        waiters.Set(static_cast<double>(snapshots.waits().waiting()));
        following.Set(followers());
      });
}

}  // namespace imdi::query
