#pragma once

// The calling side: channels with the arguments that make a restarted server reachable at once, and
// a loop that keeps a stream open.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpc/support/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/channel_arguments.h"
#include "services/base/mutex.h"

namespace imdi::transport {

// Arguments of every client channel.
grpc::ChannelArguments ClientArguments();
// Plaintext, to loopback only.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);
// A deadline for gRPC, on the monotonic clock: setting the wall clock does not move it.
gpr_timespec DeadlineIn(absl::Duration timeout);
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

// A thread that calls `run_once` again and again until stopped: at once after an OK end, after a
// backoff (50 ms to 2 s) after an error. Stop cancels the context of the run in progress and joins.
class FollowLoop {
 public:
  FollowLoop(std::string name, std::function<absl::Status(grpc::ClientContext&)> run_once);
  ~FollowLoop();
  FollowLoop(const FollowLoop&) = delete;
  FollowLoop& operator=(const FollowLoop&) = delete;
  void Stop();

 private:
  void Run();

  const std::string name_;
  const std::function<absl::Status(grpc::ClientContext&)> run_once_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::ClientContext* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  base::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace imdi::transport
