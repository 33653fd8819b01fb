#pragma once

// One gRPC listener of a process, with the arguments that keep it standing, and its drain.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "grpcpp/server.h"
#include "services/transport/health.h"
#include "services/transport/listener.h"

namespace imdi::transport {

// Every channel argument of a listener, by name. A test compares them with what a server was built
// with.
std::vector<std::pair<std::string, int>> ServerArguments();

// OK for such an address; LISTEN_REFUSED for anything else: machine login and
// TLS do not exist yet.
absl::Status CheckLoopback(const std::string& address);

// Raises RLIMIT_NOFILE towards kFileDescriptorsWanted.
void RaiseDescriptorLimit();
// Has gRPC's locks take no notes of who held which when, to find locks that wait for each other:
// Debian's build does by default, and it took a seventh of what a process did under load.
void SkipDeadlockDetection();
// Sends the lines of protobuf and gRPC into our own log, at most kLibraryLogLinesPerSecond.
void TameLibraryLogs();

// What a listener offers beside its services.
struct ListenerExtras {
  std::vector<std::string>
      health_names;         // Services that grpc.health.v1 answers for by name; "" always.
  bool reflection = false;  // grpc.reflection.v1alpha: for internal listeners only.
};

class ServerHost {
 public:
  // Listens on `address` (port 0 = any free one) with these services, which must outlive the host.
  // Not serving in the words of grpc.health.v1 until SetServing.
  static absl::StatusOr<std::unique_ptr<ServerHost>> Listen(
      const std::string& address, const std::vector<grpc::Service*>& services,
      ListenerExtras extras = {});
  // The same without a socket: reachable through InProcessChannel only.
  static absl::StatusOr<std::unique_ptr<ServerHost>> InProcess(
      const std::vector<grpc::Service*>& services);
  ~ServerHost();

  // "127.0.0.1:50051", with the port that was taken; empty without a socket.
  const std::string& address() const { return address_; }
  // To the same services, without a socket. Nobody may call on it when the host is gone: gRPC 1.51
  // crashes then.
  std::shared_ptr<grpc::Channel> InProcessChannel();
  // grpc.health.v1 for the whole listener and each of its named services.
  void SetServing(bool serving);
  // Stops accepting, ends who watches health, lets calls finish for at most `grace`, then cuts
  // them.
  void Drain(absl::Duration grace);

 private:
  ServerHost() = default;
  static absl::StatusOr<std::unique_ptr<ServerHost>> Build(
      const std::string& address, const std::vector<grpc::Service*>& services,
      ListenerExtras extras);
  std::unique_ptr<Health> health_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

}  // namespace imdi::transport
