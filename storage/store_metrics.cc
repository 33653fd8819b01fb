#include "storage/store_metrics.h"

#include <array>
#include <string>
#include <utility>

#include "services/base/error.h"

namespace imdi::storage {
namespace {

using base::Reason;

constexpr std::array<std::string_view, 4> kStates = {"serving", "disk_full", "poisoned", "corrupt"};

std::string_view StateOf(const absl::Status& status) {
  if (status.ok()) return "serving";
  if (base::ReasonOf(status) == Reason::kDiskFull) return "disk_full";
  if (base::ReasonOf(status) == Reason::kStoreCorrupt) return "corrupt";
  return "poisoned";
}

}  // namespace

base::Metrics::Reading ShowStore(base::Metrics& metrics, std::string_view store,
                                 std::function<StoreStats()> stats) {
  const auto gauge = [&](std::string_view name, std::string_view help,
                         base::Labels more = {}) -> base::Gauge* {
    more.insert(more.begin(), {"store", std::string(store)});
    return &metrics.GaugeOf(name, help, more);
  };
  constexpr std::string_view kState = "imdi_storage_state";
  constexpr std::string_view kStateHelp =
      "1 for the state that the store is in; only a serving one takes anything.";
  std::array<base::Gauge*, kStates.size()> states{};
  for (size_t i = 0; i < kStates.size(); ++i)
    states[i] = gauge(kState, kStateHelp, {{"state", std::string(kStates[i])}});
  return metrics.OnRead(
      [states, stats = std::move(stats),
       free =
           gauge("imdi_storage_free_disk_bytes", "Free space on the disk of the store's folder."),
       free_min = gauge("imdi_storage_free_disk_min_bytes",
                        "Free space below which the store takes nothing more."),
       tables = gauge("imdi_storage_table_bytes", "The store's tables on the disk."),
       entries = gauge("imdi_storage_entries", "Entries, about, those of indices included."),
       memory = gauge("imdi_storage_memory_bytes", "Memory that RocksDB takes for the store."),
       buffers =
           gauge("imdi_storage_write_buffer_bytes", "Of it, rows that are not in tables yet."),
       memory_max = gauge("imdi_storage_memory_max_bytes", "Memory that it may take.")] {
        const StoreStats now = stats();
        const std::string_view state = StateOf(now.state);
        for (size_t i = 0; i < kStates.size(); ++i) states[i]->Set(kStates[i] == state ? 1 : 0);
        free->Set(static_cast<double>(now.free_disk_bytes));
        free_min->Set(static_cast<double>(now.free_disk_bytes_min));
        tables->Set(static_cast<double>(now.table_bytes));
        entries->Set(static_cast<double>(now.entries));
        memory->Set(static_cast<double>(now.memory_bytes));
        buffers->Set(static_cast<double>(now.write_buffer_bytes));
        memory_max->Set(static_cast<double>(now.memory_bytes_max));
      });
}

SyncObserver ObserveSyncs(base::Metrics& metrics, std::string_view store) {
  return [&metrics, store = std::string(store)](std::string_view file, absl::Duration took) {
    metrics
        .HistogramOf("imdi_storage_sync_seconds",
                     "Writing to a file of the store and syncing it to the disk.",
                     {{"store", store}, {"file", std::string(file)}}, base::LatencyBounds())
        .Observe(absl::ToDoubleSeconds(took));
  };
}

}  // namespace imdi::storage
