#pragma once

// What there is: editions, releases, indicators, and what a release changed.

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/reading.h"

namespace imdi::query {

absl::StatusOr<query_pb::ListEditionsResponse> ListEditions(
    Reading& reading, const query_pb::ListEditionsRequest& request);
absl::StatusOr<query_pb::ListIndicatorsResponse> ListIndicators(
    Reading& reading, const query_pb::ListIndicatorsRequest& request);
absl::StatusOr<query_pb::Release> GetRelease(Reading& reading,
                                             const query_pb::GetReleaseRequest& request);
absl::StatusOr<query_pb::ListReleasesResponse> ListReleases(
    Reading& reading, const query_pb::ListReleasesRequest& request);
// Stored with the release where the one before it is meant, compared anew otherwise. FIELD_INVALID
// for a release that is not an earlier one.
absl::StatusOr<query_pb::ListChangesResponse> ListChanges(
    Reading& reading, const query_pb::ListChangesRequest& request);

}  // namespace imdi::query
