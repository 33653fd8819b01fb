#include "services/query/query_metrics.h"

#include <algorithm>
#include <utility>

namespace imdi::query {

base::Metrics::Reading ShowQuery(base::Metrics& metrics, Snapshots& snapshots,
                                 const base::Clock& clock, std::function<int()> followers) {
  return metrics.OnRead(
      [&snapshots, &clock, followers = std::move(followers),
       &position = metrics.GaugeOf("imdi_query_position",
                                   "Position of the log that the served snapshot includes."),
       &stale = metrics.GaugeOf("imdi_query_stale",
                                "1 while aggregation is not heard, or does not count on, and "
                                "figures may be old."),
       &stale_seconds = metrics.GaugeOf("imdi_query_stale_seconds",
                                        "For how long; 0 while they are not, or were never heard."),
       &waiters = metrics.GaugeOf("imdi_query_waiters", "Calls that wait for a position."),
       &following = metrics.GaugeOf("imdi_query_release_followers", "Followers of releases.")] {
        const std::shared_ptr<const Snapshot> now = snapshots.Current();
        position.Set(static_cast<double>(now->position));
        stale.Set(now->stale ? 1 : 0);
        const absl::Duration old = clock.Now() - absl::FromUnixMicros(now->stale_since_us);
        stale_seconds.Set(
            now->stale && now->stale_since_us > 0 ? std::max(0.0, absl::ToDoubleSeconds(old)) : 0);
        waiters.Set(static_cast<double>(snapshots.waits().waiting()));
        following.Set(followers());
      });
}

}  // namespace imdi::query
