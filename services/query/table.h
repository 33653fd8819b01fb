#pragma once

// A table out of the cells of a release. Cells are looked up and never computed for it.

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/reading.h"
#include "services/transport/ready_bytes.h"

namespace imdi::query {

using transport::ReadyBytes;

// The bytes of a query.v1.Table that was asked for before, if they are kept; answers nothing else.
// Cheap.
std::optional<ReadyBytes> FindTable(Reading& reading, const query_pb::GetTableRequest& request);

// The same, made when it is not kept. CELL_NOT_IN_RELEASE, UNKNOWN_RESOURCE, FIELD_INVALID, and
// what the release and the page token say. Whole tables, and pages of a numbered release, are kept
// with the release's figures.
absl::StatusOr<ReadyBytes> GetTable(Reading& reading, const query_pb::GetTableRequest& request);

}  // namespace imdi::query
