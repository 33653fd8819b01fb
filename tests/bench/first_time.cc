#include "tests/bench/first_time.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace imdi::bench {

SteadyClock::time_point FirstTime::Wait() {
  for (int i = 0; i < 30'000; ++i) {
    {
      const std::lock_guard lock(mutex_);
      if (at_.has_value()) return *at_;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::cerr << "imdi-bench: a channel did not come back within 30 s\n";
  std::exit(1);
}

double MillisecondsSince(SteadyClock::time_point from, SteadyClock::time_point to) {
  return std::max(0.0, std::chrono::duration<double, std::milli>(to - from).count());
}

Asker::Asker(std::function<bool()> ask)
    : ask_(std::move(ask)), thread_([this] {
        while (!stop_) {
          const int64_t expected = answered_.expected();
          if (ask_()) answered_.Happened(expected);
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      }) {}

Asker::~Asker() {
  stop_ = true;
  thread_.join();
}

}  // namespace imdi::bench
