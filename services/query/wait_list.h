#pragma once

// Calls that wait for the snapshot to reach a position. A swap ends a wait, or the one
// timer thread, which also looks every kCancelledLookMs whether callers have gone.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "services/base/clock.h"
#include "services/base/mutex.h"
#include "services/query/snapshot.h"

namespace imdi::query {

class WaitList {
 public:
  // Called once: with a snapshot that has the position, or with a status.
  using Done = std::function<void(absl::Status, std::shared_ptr<const Snapshot>)>;

  explicit WaitList(size_t waiters_max);
  // Ends every wait with SHUTTING_DOWN.
  ~WaitList();
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // The snapshot from here on; ends the waits that it satisfies, on this thread.
  void Advance(std::shared_ptr<const Snapshot> snapshot);
  std::shared_ptr<const Snapshot> Current() const;

  // At once when the position is there already. Else at most until `deadline` or
  // kWaitForPositionMs: NOT_YET_FOLDED with the position reached and a retry delay.
  // TOO_MANY_WAITERS when the list is full. CANCELLED within kCancelledLookMs after `cancelled`
  // has begun to say true; it is asked under the list's lock, and no more once `done` was called.
  void Wait(int64_t position, base::SteadyTime deadline, std::function<bool()> cancelled,
            Done done);
  size_t waiting() const;

 private:
  struct Waiter {
    int64_t position = 0;
    std::function<bool()> cancelled;
    Done done;
  };
  void RunTimer();

  const size_t waiters_max_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::shared_ptr<const Snapshot> current_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const Snapshot>();
  std::multimap<base::SteadyTime, Waiter> waiters_
      ABSL_GUARDED_BY(mutex_);  // By when they give up.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread timer_;
};

}  // namespace imdi::query
