#pragma once

// Keeps a stream from another service open.

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "services/base/metrics.h"
#include "services/base/mutex.h"

namespace imdi::transport {

// Shown as imdi_follower_*{follower=name}. A thread that calls `run_once` again and again until
// stopped: at once after an OK end, after a backoff (50 ms to 400 ms) after an error. Stop cancels
// the context of the run in progress and joins.
class FollowLoop {
 public:
  // `metrics` must outlive the loop.
  FollowLoop(std::string name, base::Metrics& metrics,
             std::function<absl::Status(grpc::ClientContext&)> run_once);
  ~FollowLoop();
  FollowLoop(const FollowLoop&) = delete;
  FollowLoop& operator=(const FollowLoop&) = delete;
  void Stop();
  // To be called by `run_once` for each message of the stream: news has come.
  void Heard();
  // Since news came last, else since the loop began.
  absl::Duration SinceHeard() const;

 private:
  void Run();

  const std::string name_;
  const std::function<absl::Status(grpc::ClientContext&)> run_once_;
  base::Counter& interruptions_;
  std::atomic<bool> connected_ = false;  // News has come over the stream that is open.
  std::atomic<std::chrono::steady_clock::time_point> heard_;  // At first: when the loop began.
  base::Metrics::Reading reading_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  base::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace imdi::transport
