#pragma once

// grpc.health.v1 of one listener: what load balancers ask and watch. gRPC brings one of its own,
// but lets watchers watch on when the server stops, which then waits for them in vain.

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/impl/service_type.h"

namespace imdi::transport {

// Answers for the listener as a whole ("") and for each service named. Check and Watch touch
// nothing but memory and ask no admission: health is never shed. Thread-safe.
class Health final : public grpc::Service {
 public:
  // Not serving until Set.
  explicit Health(std::vector<std::string> names);
  ~Health() override;

  // All names at once; watchers hear of it.
  void Set(bool serving);
  // Watchers hear NOT_SERVING and their streams end, now and from now on.
  void End();

 private:
  struct Board;
  class Watcher;
  const std::shared_ptr<Board> board_;
};

}  // namespace imdi::transport
