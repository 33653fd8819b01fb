#include "services/base/executor.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace imdi::base {

BoundedExecutor::BoundedExecutor(std::string_view name, int threads, size_t queue_max)
    : name_(name.substr(0, 15)),
      queue_max_(queue_max),
      reads_running_max_(std::max(1, threads - 1)) {
  MutexLock lock(join_mutex_);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

BoundedExecutor::~BoundedExecutor() { Drain(); }

bool BoundedExecutor::TrySubmit(std::function<void()> work, Work kind) {
  MutexLock lock(mutex_);
  auto& queue = queues_[static_cast<size_t>(kind)];
  if (draining_ || queue.size() >= queue_max_) {
    ++refused_;
    return false;
  }
  queue.push_back(std::move(work));
  changed_.NotifyOne();
  return true;
}

void BoundedExecutor::Drain() {
  {
    MutexLock lock(mutex_);
    draining_ = true;
    changed_.NotifyAll();
  }
  MutexLock lock(join_mutex_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

size_t BoundedExecutor::QueueSize() const {
  MutexLock lock(mutex_);
  size_t size = 0;
  for (const auto& queue : queues_) size += queue.size();
  return size;
}

uint64_t BoundedExecutor::RefusedCount() const {
  MutexLock lock(mutex_);
  return refused_;
}

std::function<void()> BoundedExecutor::Next(Work& kind) {
  for (size_t i = 0; i < kWorkKinds; ++i) {
    kind = static_cast<Work>(i);
    if (queues_[i].empty() || (kind == Work::kRead && reads_running_ >= reads_running_max_))
      continue;
    std::function<void()> work = std::move(queues_[i].front());
    queues_[i].pop_front();
    return work;
  }
  return nullptr;
}

void BoundedExecutor::Run() {
  pthread_setname_np(pthread_self(), name_.c_str());
  Work kind = Work::kControl;
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      if (kind == Work::kRead) {
        --reads_running_;
        // Another may run now, and this thread may take something else; or all is done.
        if (draining_) changed_.NotifyAll();
        if (!queues_[static_cast<size_t>(Work::kRead)].empty()) changed_.NotifyOne();
      }
      while (!(work = Next(kind))) {
        kind = Work::kControl;
        const bool empty =
            std::all_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.empty(); });
        if (draining_ && empty) return;
        changed_.Wait(mutex_);
      }
      if (kind == Work::kRead) ++reads_running_;
    }
    work();
  }
}

}  // namespace imdi::base
