#pragma once

// The listening socket of a gRPC server. gRPC's own ends for good at one moment without
// descriptors; this one rests and goes on, and leaves the rest of the process the descriptors that
// it needs.

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"

namespace imdi::transport {

class Listener {
 public:
  // Listens on a numeric address ("127.0.0.1:0", "[::1]:50051"; port 0 = any free one).
  // LISTEN_REFUSED.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // With the port that was taken.
  const std::string& address() const { return address_; }
  // Hands each connection to `take`, which owns its descriptor from then on, from a thread of the
  // listener's own. A connection that would use up what kDescriptorsReserved keeps is reset.
  void Start(std::function<void(int descriptor)> take);
  // No more connections; those that wait are reset. Idempotent.
  void Stop();

 private:
  Listener(int socket, int wake, std::string address);
  void Run(const std::function<void(int)>& take);
  // False once it is to stop.
  bool Wait(int patience_ms, bool for_connections) const;

  int socket_;
  const int wake_;
  const std::string address_;
  std::thread thread_;
};

}  // namespace imdi::transport
