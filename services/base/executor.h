#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "services/base/mutex.h"

namespace imdi::base {

// A fixed number of threads over a queue with a limit. What does not fit is refused at once, so
// that the caller can answer "come back later" while it still means something. Destruction (or
// Drain) takes no new work, finishes what is queued and joins the threads.
class BoundedExecutor {
 public:
  // `name` labels threads (cut to 15 bytes by the kernel). threads >= 1, queue_max >= 1.
  BoundedExecutor(std::string_view name, int threads, size_t queue_max);
  ~BoundedExecutor();
  BoundedExecutor(const BoundedExecutor&) = delete;
  BoundedExecutor& operator=(const BoundedExecutor&) = delete;

  // False when the queue is full or the executor is draining; then `work` was not taken.
  // `work` must not throw: an exception ends the process.
  bool TrySubmit(std::function<void()> work);

  // Refuses new work, finishes the queue, joins. Safe to call more than once, not from a worker.
  void Drain();

  // Waiting, not counting what is running.
  size_t QueueSize() const;
  uint64_t RefusedCount() const;

 private:
  void Work();

  const std::string name_;
  const size_t queue_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace imdi::base
