#include "services/aggregation/aggregation_metrics.h"

#include <utility>

namespace imdi::aggregation {

base::Metrics::Reading ShowAggregation(base::Metrics& metrics, const Aggregator& aggregator,
                                       std::function<int()> followers) {
  return metrics.OnRead(
      [&aggregator, followers = std::move(followers),
       &position = metrics.GaugeOf("imdi_aggregation_position",
                                   "Last position of the log that is counted and served."),
       &records = metrics.GaugeOf("imdi_aggregation_lag_records",
                                  "Records of the log, as far as it is heard, not counted yet."),
       &seconds = metrics.GaugeOf("imdi_aggregation_lag_seconds",
                                  "For how long there have been records not counted yet."),
       &stopped = metrics.GaugeOf("imdi_aggregation_stopped",
                                  "1 when it met a record that it cannot count."),
       &following =
           metrics.GaugeOf("imdi_aggregation_figure_followers", "Followers of the figures.")] {
        const Aggregator::Lag lag = aggregator.lag();
        position.Set(static_cast<double>(aggregator.Current()->position));
        records.Set(static_cast<double>(lag.records));
        seconds.Set(absl::ToDoubleSeconds(lag.since));
        stopped.Set(aggregator.stopped().empty() ? 0 : 1);
        following.Set(followers());
      });
}

}  // namespace imdi::aggregation
