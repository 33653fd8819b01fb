#include "services/ingestion/ingestion_metrics.h"

#include <utility>

namespace imdi::ingestion {

Committer::Observer ObserveBatches(base::Metrics& metrics) {
  base::Histogram& records =
      metrics.HistogramOf("imdi_ingestion_commit_records", "Records that were committed together.",
                          {}, base::CountBounds());
  base::Histogram& bytes =
      metrics.HistogramOf("imdi_ingestion_commit_bytes", "Their bytes.", {}, base::ByteBounds());
  base::Histogram& seconds = metrics.HistogramOf(
      "imdi_ingestion_commit_seconds",
      "From taking what waits to its being on the disk, keys of texts included.", {},
      base::LatencyBounds());
  return [&](const Committer::Batch& batch) {
    records.Observe(static_cast<double>(batch.records));
    bytes.Observe(static_cast<double>(batch.bytes));
    seconds.Observe(absl::ToDoubleSeconds(batch.took));
  };
}

base::Metrics::Reading ShowIngestion(base::Metrics& metrics, const storage::ResponseLog& log,
                                     const Committer& committer, std::function<int()> followers) {
  return metrics.OnRead(
      [&log, &committer, followers = std::move(followers),
       &position = metrics.GaugeOf("imdi_ingestion_log_position",
                                   "Position of the last acknowledged record."),
       &epoch = metrics.GaugeOf("imdi_ingestion_log_epoch",
                                "Epoch of the log; every restore raises it."),
       &last = metrics.GaugeOf("imdi_ingestion_log_last_record_timestamp_seconds",
                               "Time of the last record, seconds since 1970."),
       &waiting = metrics.GaugeOf("imdi_ingestion_commit_queue_records",
                                  "Records that wait for the committer."),
       &waiting_bytes = metrics.GaugeOf("imdi_ingestion_commit_queue_bytes", "Their bytes."),
       &refused = metrics.CounterOf("imdi_ingestion_commit_refused_total",
                                    "Records refused because too many waited (QUEUE_FULL)."),
       &following = metrics.GaugeOf("imdi_ingestion_log_followers", "Followers of the log.")] {
        const storage::LogHead head = log.Head();
        position.Set(static_cast<double>(head.position));
        epoch.Set(static_cast<double>(head.epoch));
        last.Set(absl::ToDoubleSeconds(head.time - absl::UnixEpoch()));
        const Committer::Counters now = committer.counters();
        waiting.Set(static_cast<double>(now.waiting));
        waiting_bytes.Set(static_cast<double>(now.waiting_bytes));
        refused.RaiseTo(static_cast<double>(now.refused));
        following.Set(followers());
      });
}

}  // namespace imdi::ingestion
