#pragma once

// One cell over the editions of a survey.

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "imdi/survey/query/v1/series.pb.h"
#include "services/query/reading.h"

namespace imdi::query {

// UNKNOWN_RESOURCE for a survey without editions, or an indicator or basis that none of them has;
// CELL_NOT_IN_RELEASE for a cell that none has.
absl::StatusOr<query_pb::Series> GetSeries(Reading& reading,
                                           const query_pb::GetSeriesRequest& request);

}  // namespace imdi::query
