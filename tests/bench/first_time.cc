#include "tests/bench/first_time.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace imdi::bench {

SteadyClock::time_point FirstTime::Wait() {
  std::unique_lock lock(mutex_);
  if (happened_.wait_for(lock, std::chrono::seconds(30), [this] { return at_.has_value(); }))
    return *at_;
  std::cerr << "imdi-bench: a channel did not come back within 30 s\n";
  std::exit(1);
}

double MillisecondsSince(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::max(0.0, std::chrono::duration<double, std::milli>(to - from).count());
}

Asker::Asker(std::function<bool()> ask)
    : ask_(std::move(ask)), thread_([this] {
        bool stop = false;
        while (!stop) {
          const int64_t expected = answered_.expected();
          if (ask_()) answered_.Happened(expected);
          std::unique_lock lock(mutex_);
          stop = stopped_.wait_for(lock, std::chrono::milliseconds(1), [this] { return stop_; });
        }
      }) {}

Asker::~Asker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

}  // namespace imdi::bench
