#pragma once

// A beat for what must be done now and then though nothing comes.

#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"

namespace imdi::query {

class Pulse {
 public:
  // Calls `beat` every `interval`, from a thread of its own, until it is destroyed.
  Pulse(absl::Duration interval, std::function<void()> beat);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

 private:
  void Run();

  const absl::Duration interval_;
  const std::function<void()> beat_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imdi::query
