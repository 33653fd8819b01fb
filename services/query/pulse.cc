#include "services/query/pulse.h"

#include <chrono>

namespace imdi::query {

Pulse::Pulse(Snapshots& snapshots, absl::Duration interval)
    : snapshots_(snapshots), interval_(interval), thread_([this] { Beat(); }) {}

Pulse::~Pulse() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Pulse::Beat() {
  mutex_.Lock();
  while (!stopping_) {
    const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(interval_);
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) continue;
    if (stopping_) break;
    mutex_.Unlock();
    snapshots_.TellListeners();
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace imdi::query
