#pragma once

// What one follower of releases is sent: those it has not heard of, then each new one, and a sign
// of life in between.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/base/clock.h"
#include "services/query/snapshots.h"

namespace imdi::query {

class ReleaseFollower {
 public:
  // NAME_INVALID, UNKNOWN_RESOURCE (edition), FIELD_INVALID (a position without its log).
  // `snapshots` must outlive it.
  static absl::StatusOr<ReleaseFollower> Make(const Snapshots& snapshots,
                                              const query_pb::FollowReleasesRequest& request);

  // The next message; none until the snapshot changes or kReleaseSignMs have passed. LOG_DIVERGED
  // when the log that the follower counts positions in is not the one that is served.
  absl::StatusOr<std::optional<query_pb::FollowReleasesResponse>> Next(base::SteadyTime now);

 private:
  explicit ReleaseFollower(const Snapshots& snapshots) : snapshots_(&snapshots) {}

  const Snapshots* snapshots_;
  std::string edition_;  // Empty = all.
  std::string log_id_;   // Empty until the first message that has one.
  int64_t epoch_ = 0;
  int64_t after_ = 0;
  std::optional<base::SteadyTime> sent_;
};

}  // namespace imdi::query
