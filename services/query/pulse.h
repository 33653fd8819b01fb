#pragma once

// A beat for those who wait on snapshots and must say something now and then though none comes.

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"
#include "services/query/snapshots.h"

namespace imdi::query {

class Pulse {
 public:
  // Tells the listeners of `snapshots` every `interval` until it is destroyed.
  Pulse(Snapshots& snapshots, absl::Duration interval);
  ~Pulse();
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

 private:
  void Beat();

  Snapshots& snapshots_;
  const absl::Duration interval_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imdi::query
