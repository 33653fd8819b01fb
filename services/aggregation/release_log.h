#pragma once

// Ingestion's log as releases need it: read from its beginning, and written to. The gRPC behind it
// is release_log_source.h.

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/base/call_context.h"

namespace imdi::aggregation {

namespace ingestion_pb = survey::ingestion::v1;

// Thread-safe.
class ReleaseLog {
 public:
  virtual ~ReleaseLog() = default;

  // Gives every chunk from the first record on to `take`, until that answers false (OK) or fails.
  // Waits at the head for what comes; ends with DEADLINE_EXCEEDED or CANCELLED with the call.
  using Take = std::function<absl::StatusOr<bool>(const ingestion_pb::FollowLogResponse& chunk)>;
  virtual absl::Status Read(const base::CallContext& call, const Take& take) = 0;
  virtual absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) = 0;
};

}  // namespace imdi::aggregation
