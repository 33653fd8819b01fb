#pragma once

// A service as the process that hosts it sees it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "imdi/survey/status/v1/status_service.pb.h"
#include "services/base/call_context.h"
#include "services/transport/health_port.h"

namespace grpc {
class Service;
}

namespace imdi::process {

// What a service offers on a listener, and its name in the contract, for which grpc.health.v1
// answers.
struct Face {
  grpc::Service* service = nullptr;
  std::string name;
};

class Hosted {
 public:
  virtual ~Hosted() = default;

  virtual std::vector<Face> public_faces() { return {}; }
  virtual std::vector<Face> internal_faces() = 0;
  // Called from the health port's threads.
  virtual transport::Readiness Ready() const = 0;
  // Position of the log that it has come to.
  virtual int64_t position() const = 0;
  // Says how it is doing, in its own part of the message. May read its store.
  virtual void Describe(const base::CallContext& call,
                        survey::status::v1::GetStatusResponse& status) const = 0;

  // A stop has two steps, between which the calls in flight finish. First: follows nothing any
  // more.
  virtual void StopFollowing() {}
  // Then: what waits is written, and nothing more is taken.
  virtual void Finish() {}
};

// Of a service that serves what another one sends: ready while that is at most kReadyLagMs old, for
// `lag` it is not current, and `why`.
transport::Readiness ReadyByLag(absl::Duration lag, std::string_view why);

}  // namespace imdi::process
