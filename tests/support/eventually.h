#pragma once

// Waits for what nothing tells of. Where there is an event to wait for, wait for that.

#include <chrono>
#include <functional>
#include <thread>

namespace imdi::testing_support {

// Until `condition` holds; false when it never did in the time given.
inline bool Eventually(const std::function<bool()>& condition,
                       std::chrono::nanoseconds patience = std::chrono::seconds(60)) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace imdi::testing_support
