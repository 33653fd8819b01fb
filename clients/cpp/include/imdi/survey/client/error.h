#pragma once

// Why a call failed. Every call gives an absl::Status; this is what lies inside it. Branch on the
// reason, or on the canonical code where the reason is unknown, never on the message.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "imdi/survey/error/v1/reason.pb.h"

namespace imdi::survey::client {

using error::v1::Reason;

// One faulty place of a request.
struct Violation {
  std::string field;        // A path: "page_size".
  std::string description;  // What is wrong, and what would be right.
};

struct Error {
  absl::StatusCode code = absl::StatusCode::kOk;
  // REASON_UNSPECIFIED where the server gave none (it was not reached, the deadline passed here) or
  // gave one that this version does not know.
  Reason reason = error::v1::REASON_UNSPECIFIED;
  std::string message = {};
  std::map<std::string, std::string> metadata = {};   // For example the position reached.
  std::vector<Violation> violations = {};             // At most 20 of them.
  int64_t violation_count = 0;                        // All of them.
  absl::Duration retry_delay = absl::ZeroDuration();  // When to come back; zero: no advice.
  // The same call may succeed later, unchanged. The library has already tried five times.
  bool retryable() const { return code == absl::StatusCode::kUnavailable; }
};

Error ErrorOf(const absl::Status& status);
Reason ReasonOf(const absl::Status& status);
// The inverse of ErrorOf, for tests of a consumer.
absl::Status StatusOf(const Error& error);

}  // namespace imdi::survey::client
