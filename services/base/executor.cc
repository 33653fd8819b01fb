#include "services/base/executor.h"

#include <pthread.h>

#include <utility>

namespace imdi::base {

BoundedExecutor::BoundedExecutor(std::string_view name, int threads, size_t queue_max)
    : name_(name.substr(0, 15)), queue_max_(queue_max) {
  MutexLock lock(join_mutex_);
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

BoundedExecutor::~BoundedExecutor() { Drain(); }

bool BoundedExecutor::TrySubmit(std::function<void()> work) {
  MutexLock lock(mutex_);
  if (draining_ || queue_.size() >= queue_max_) {
    ++refused_;
    return false;
  }
  queue_.push_back(std::move(work));
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
  return queue_.size();
}

uint64_t BoundedExecutor::RefusedCount() const {
  MutexLock lock(mutex_);
  return refused_;
}

void BoundedExecutor::Work() {
  pthread_setname_np(pthread_self(), name_.c_str());
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !draining_) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace imdi::base
