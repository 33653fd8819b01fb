#pragma once

// The snapshot that calls are answered from, and the few before it that page tokens may still name.

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/query/snapshot.h"
#include "services/query/wait_list.h"

namespace imdi::query {

// Thread-safe.
class Snapshots {
 public:
  explicit Snapshots(size_t waiters_max = base::kWaitersMax) : waits_(waiters_max) {}

  std::shared_ptr<const Snapshot> Current() const { return waits_.Current(); }
  // `stale_for`: how long a stale one has been so at least, by what was kept of it.
  void Publish(std::shared_ptr<const Snapshot> next, std::chrono::nanoseconds stale_for = {});
  // The figures may be old from now on, and why. A state that holds already keeps its time.
  void MarkStale(int64_t now_us, std::string_view reason);
  // For how long figures may have been old; zero while they are not. By the steady clock.
  std::chrono::nanoseconds StaleFor() const;
  // The snapshot that a page token names; SNAPSHOT_GONE when it is kept no longer.
  absl::StatusOr<std::shared_ptr<const Snapshot>> At(std::string_view log_id, int64_t epoch,
                                                     int64_t position) const;
  WaitList& waits() { return waits_; }

  // Told after every change of the current snapshot; must be quick. The number takes it away again,
  // also from within a listener; it may be called once more while it is taken away.
  int64_t AddListener(std::function<void()> changed);
  void RemoveListener(int64_t listener);
  void TellListeners();

 private:
  mutable base::Mutex mutex_;
  std::deque<std::shared_ptr<const Snapshot>> kept_
      ABSL_GUARDED_BY(mutex_);  // Newest first, the current one too.
  // None while figures are current. A process that never heard anything has nothing current.
  std::optional<std::chrono::steady_clock::time_point> stale_from_ ABSL_GUARDED_BY(mutex_) =
      std::chrono::steady_clock::now();
  base::Mutex listeners_mutex_;
  std::map<int64_t, std::shared_ptr<const std::function<void()>>> listeners_
      ABSL_GUARDED_BY(listeners_mutex_);
  int64_t last_listener_ ABSL_GUARDED_BY(listeners_mutex_) = 0;
  WaitList waits_;
};

}  // namespace imdi::query
