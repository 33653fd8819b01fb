#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "services/base/admission.h"
#include "services/base/mutex.h"

namespace imdi::base {

// A fixed number of threads over one queue with a limit for each kind of work. What does not fit is
// refused at once, so that the caller can answer "come back later" while it still means something.
// Control is run before writes, writes before reads, and reads leave one thread free for the
// others. Destruction (or Drain) takes no new work, finishes what is queued and joins the threads.
class BoundedExecutor {
 public:
  // `name` labels threads (cut to 15 bytes by the kernel). threads >= 1; queue_max >= 1, of each
  // kind.
  BoundedExecutor(std::string_view name, int threads, size_t queue_max);
  ~BoundedExecutor();
  BoundedExecutor(const BoundedExecutor&) = delete;
  BoundedExecutor& operator=(const BoundedExecutor&) = delete;

  // False when the queue is full or the executor is draining; then `work` was not taken.
  // `work` must not throw: an exception ends the process.
  bool TrySubmit(std::function<void()> work, Work kind = Work::kControl);

  // Asked by those who take calls, before they submit work of one: shared by all who share the
  // threads, and by answers that are still on their way when these have gone.
  Admission& admission() { return *admission_; }
  const std::shared_ptr<Admission>& shared_admission() const { return admission_; }

  // Refuses new work, finishes the queue, joins. Safe to call more than once, not from a worker.
  void Drain();

  // Waiting, not counting what is running.
  size_t QueueSize() const;
  uint64_t RefusedCount() const;

 private:
  void Run();
  // The next piece that may run now; nothing when there is none.
  std::function<void()> Next(Work& kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string name_;
  const size_t queue_max_;
  const int reads_running_max_;
  const std::shared_ptr<Admission> admission_ = std::make_shared<Admission>();
  mutable Mutex mutex_;
  CondVar changed_;
  std::array<std::deque<std::function<void()>>, kWorkKinds> queues_ ABSL_GUARDED_BY(mutex_);
  int reads_running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace imdi::base
