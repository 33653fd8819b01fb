#pragma once

// Does an answer go with a breakdown? Rao and Scott's test of the table answers x groups, from the
// counts by stratum that the cells of a release rest on.

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/figure_set.h"
#include "services/query/reading.h"

namespace imdi::query {

absl::StatusOr<query_pb::Association> TestAssociation(
    Reading& reading, const query_pb::TestAssociationRequest& request);

// The same over one set of figures; position and staleness are left to the caller. `wanted` is
// asked before each group. The rows of the table are the answers of a distribution, or one of them
// (or the yes of a share) and all others of the base; the columns are the groups of the breakdown,
// the unknown one among them. UNKNOWN_RESOURCE, CELL_NOT_IN_RELEASE, FIELD_INVALID, TOO_LARGE;
// STORE_CORRUPT where cells contradict each other.
absl::StatusOr<query_pb::Association> AssociationOf(const FigureSet& set,
                                                    const query_pb::TestAssociationRequest& request,
                                                    const std::function<absl::Status()>& wanted);

}  // namespace imdi::query
