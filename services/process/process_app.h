#pragma once

// What every process of the house has, whichever services it hosts: listeners, bounded calls,
// metrics, health, and the order in which it starts and stops.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/clock.h"
#include "services/base/metrics.h"
#include "services/process/hosted.h"
#include "services/transport/calls.h"

namespace imdi::process {

class Process {
 public:
  // Starts the services that the process hosts, each one handed over with Host, in the order in
  // which answers pass through them.
  using Compose = std::function<absl::Status(Process&)>;

  // Lets `compose` start the services, then opens the ports. `config` must have passed CheckConfig;
  // `clock` must outlive the object.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      const survey::config::v1::ServerConfig& config, const base::Clock& clock,
      const Compose& compose);
  // Stops first when that has not been done.
  ~Process();

  // ---- For compose
  const survey::config::v1::ServerConfig& config() const;
  const base::Clock& clock() const;
  transport::Calls& public_calls();
  transport::Calls& internal_calls();
  base::Metrics& metrics();
  void Host(std::unique_ptr<Hosted> service);
  // To the internal faces of the service that was handed over last, without a socket.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelToLast();

  // ---- Started
  // Empty where the process hosts nothing for outsiders.
  const std::string& public_address() const;
  const std::string& internal_address() const;
  const std::string& health_address() const;
  // Addresses of its gRPC listeners.
  std::vector<std::string> listeners() const;
  // "ready public=… internal=… health=…", with the addresses that there are.
  std::string ReadyLine() const;

  // Not serving → streams end → calls finish (at most kDrainMs for all of them) → what waits is
  // committed. Idempotent. Gives the position of the log that the first of its services came to.
  int64_t Stop();

 private:
  struct Parts;
  explicit Process(std::unique_ptr<Parts> parts);
  absl::Status OpenPorts();
  transport::Readiness Ready() const;
  survey::status::v1::GetStatusResponse Status(const base::CallContext& call) const;

  std::unique_ptr<Parts> parts_;
};

}  // namespace imdi::process
