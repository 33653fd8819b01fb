#pragma once

// When a thing first happened after it was asked for: what reconnecting is measured by.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace imdi::bench {

using SteadyClock = std::chrono::steady_clock;

// Thread-safe.
class FirstTime {
 public:
  // What happened before is forgotten.
  void Expect() {
    const std::lock_guard lock(mutex_);
    at_.reset();
    ++expected_;
  }
  // How often it was asked for so far: to be taken before a question whose answer is noted.
  int64_t expected() const {
    const std::lock_guard lock(mutex_);
    return expected_;
  }
  // It happened; what was asked for since is another thing.
  void Happened(int64_t expected) {
    const std::lock_guard lock(mutex_);
    if (expected != expected_ || at_.has_value()) return;
    at_ = SteadyClock::now();
    happened_.notify_all();
  }
  // Exits the program when it does not come within 30 s.
  SteadyClock::time_point Wait();

 private:
  mutable std::mutex mutex_;
  std::condition_variable happened_;
  int64_t expected_ = 0;
  std::optional<SteadyClock::time_point> at_;
};

// 0 where it was there before.
double MillisecondsSince(SteadyClock::time_point from, SteadyClock::time_point to);

// Asks again and again, a millisecond between an answer and the next question, as one does who
// waits for a service; notes when the answer was yes. Ends at once.
class Asker {
 public:
  explicit Asker(std::function<bool()> ask);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  FirstTime& answered() { return answered_; }

 private:
  const std::function<bool()> ask_;
  FirstTime answered_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;   // Under mutex_.
  std::thread thread_;  // Last: it uses all that stands before.
};

}  // namespace imdi::bench
