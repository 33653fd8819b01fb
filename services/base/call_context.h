#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"

namespace grpc {
class CallbackServerContext;
}  // namespace grpc

namespace imdi::base {

// CANCELLED: nobody waits for the answer any more.
inline absl::Status CallerGone() {
  return Error(Reason::kCancelled, "the caller has gone or its deadline has passed");
}

// UNAVAILABLE: the process is about to end.
inline absl::Status ShuttingDown() {
  return WithRetryDelay(
      Error(Reason::kShuttingDown, "the service is stopping; resume elsewhere or later"),
      absl::Milliseconds(kReconnectBackoffMinMs));
}

// Who calls, through which method, until when. Made by the transport, handed to use cases.
struct CallContext {
  std::string actor;           // An opaque id, never a name.
  bool authenticated = false;  // False: the actor comes from configuration, not from a proof.
  std::string method;          // "imdi.survey.ingestion.v1.SubmissionService/Submit"
  SteadyTime deadline = SteadyTime::max();
  bool internal = false;     // The call came through the internal listener.
  std::string trace_parent;  // W3C traceparent as received; empty when there was none
                             // that holds (trace_parent.h).
  // True once the caller has gone or the deadline passed. May be empty. Valid only during the call.
  std::function<bool()> cancelled;
  // The call itself, so that calls made on its behalf end with it; null without one. Valid only
  // during the call.
  const grpc::CallbackServerContext* rpc = nullptr;

  // Set, of a call that may take longer than a stop has time for, once the process is to stop.
  const std::atomic<bool>* stopping = nullptr;

  bool Cancelled() const { return cancelled && cancelled(); }
  // SHUTTING_DOWN once the process is to stop.
  absl::Status CheckStopping() const {
    return stopping != nullptr && *stopping ? ShuttingDown() : absl::OkStatus();
  }
  // The same, and CANCELLED once nobody waits for the answer. Whatever takes long asks at every
  // step, so that it stops within kCancelledStopMs; only a backup goes on, for whoever asks for it
  // again, until the process stops.
  absl::Status CheckWanted() const { return Cancelled() ? CallerGone() : CheckStopping(); }
};

}  // namespace imdi::base
