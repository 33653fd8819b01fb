#pragma once

// Dials the process's own ports: a port that answers no more while the process lives on is helped
// only by a new process.

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"

namespace imdi::transport {

// True when a numeric loopback address ("127.0.0.1:50051", "[::1]:50051") takes a TCP connection
// and greets it as a server of HTTP/2 does, or resets it for lack of descriptors, within
// kWatchdogGreetingMs.
bool IsServed(const std::string& address);

class Watchdog {
 public:
  // Dials each address every `interval`. Calls `given_up` once, on its own thread, with the address
  // that failed kWatchdogFailuresMax times in a row.
  Watchdog(std::vector<std::string> addresses,
           std::function<void(const std::string& address)> given_up,
           absl::Duration interval = absl::Milliseconds(base::kWatchdogIntervalMs));
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Run();

  const std::vector<std::string> addresses_;
  const std::function<void(const std::string&)> given_up_;
  const absl::Duration interval_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imdi::transport
