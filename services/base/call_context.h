#pragma once

#include <functional>
#include <string>

#include "absl/time/time.h"

namespace imdi::base {

// Who calls, through which method, until when. Made by the transport, handed to use cases.
struct CallContext {
  std::string actor;           // An opaque id, never a name.
  bool authenticated = false;  // False: the actor comes from configuration, not from a proof.
  std::string method;          // "imdi.survey.ingestion.v1.SubmissionService/Submit"
  absl::Time deadline = absl::InfiniteFuture();
  bool internal = false;     // The call came through the internal listener.
  std::string trace_parent;  // W3C traceparent as received; empty when there was none.
  // True once the caller has gone or the deadline passed. May be empty. Valid only during the call.
  std::function<bool()> cancelled;

  bool Cancelled() const { return cancelled && cancelled(); }
};

}  // namespace imdi::base
