#pragma once

// The calling side: channels with the arguments that make a restarted server reachable at once.

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "grpc/support/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/channel_arguments.h"

namespace imdi::transport {

// Arguments of every client channel.
grpc::ChannelArguments ClientArguments();
// Plaintext, to loopback only.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address);
// A deadline for gRPC, on the monotonic clock: setting the wall clock does not move it.
gpr_timespec DeadlineIn(absl::Duration timeout);
void SetTimeout(grpc::ClientContext& context, absl::Duration timeout);

}  // namespace imdi::transport
