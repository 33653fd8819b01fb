#pragma once

// What readers ask for, answered from one snapshot. Nothing here waits or touches a disk.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/snapshot.h"
#include "services/query/snapshots.h"

namespace imdi::query {

// NOT_YET_FOLDED while nothing has been heard of aggregation since the process started, and nothing
// was kept either.
absl::Status CheckLoaded(const Snapshot& snapshot);

// The bytes of a query.v1.Figure. NAME_INVALID; UNKNOWN_RESOURCE for edition, release, indicator or
// basis; CELL_NOT_IN_RELEASE for a cell that the documents do not declare.
absl::StatusOr<std::string> FigureBytes(const Snapshot& snapshot, std::string_view name);

// In the order asked. FIELD_INVALID for no names or more than kBatchFiguresMax; otherwise the error
// of the first name that has one, naming its place; TOO_LARGE when the answer would not fit into
// one message.
absl::StatusOr<query_pb::BatchGetFiguresResponse> BatchGetFigures(
    const Snapshot& snapshot, const query_pb::BatchGetFiguresRequest& request);

// The lists. `current` answers the first page; a page token chooses the snapshot of the page
// before: SNAPSHOT_GONE, PAGE_TOKEN_INVALID. A page ends early at kPageBytesMax.
absl::StatusOr<query_pb::ListFiguresResponse> ListFigures(
    const Snapshots& snapshots, const Snapshot& current,
    const query_pb::ListFiguresRequest& request);
absl::StatusOr<query_pb::ListEditionsResponse> ListEditions(
    const Snapshots& snapshots, const query_pb::ListEditionsRequest& request);
absl::StatusOr<query_pb::ListClaimsResponse> ListClaims(const Snapshots& snapshots,
                                                        const query_pb::ListClaimsRequest& request);

}  // namespace imdi::query
