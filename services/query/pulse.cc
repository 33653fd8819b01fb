#include "services/query/pulse.h"

#include <chrono>
#include <utility>

namespace imdi::query {

Pulse::Pulse(absl::Duration interval, std::function<void()> beat)
    : interval_(interval), beat_(std::move(beat)), thread_([this] { Run(); }) {}

Pulse::~Pulse() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Pulse::Run() {
  mutex_.Lock();
  while (!stopping_) {
    const auto next = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(interval_);
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) continue;
    if (stopping_) break;
    mutex_.Unlock();
    beat_();
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace imdi::query
