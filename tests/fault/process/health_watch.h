#pragma once

// grpc.health.v1's Watch of a listener: what a load balancer hears.

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"

namespace imdi::process_fault {

class HealthWatch {
 public:
  // Of the whole listener.
  explicit HealthWatch(const std::string& address);
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

  enum class State : uint8_t { kServing, kNotServing, kEnded };
  // The next one heard; none when `patience` is over.
  std::optional<State> Next(absl::Duration patience);

 private:
  // False at the end of the call; none when it takes too long.
  std::optional<bool> Await(absl::Time until);

  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  grpc::ByteBuffer heard_;
  bool reading_ = false;
  bool ended_ = false;
};

}  // namespace imdi::process_fault
