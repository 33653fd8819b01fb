#pragma once

// The sentences of a report: of a release as it was published, of live figures judged when first
// asked for.

#include <memory>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/claim_cache.h"
#include "services/query/live_set.h"
#include "services/query/reading.h"

namespace imdi::query {

absl::StatusOr<query_pb::ListClaimsResponse> ListClaims(Reading& reading,
                                                        const query_pb::ListClaimsRequest& request);

// A change as it is stored, named by its cell, with full names, and `superseded` where the release
// of the earlier edition that it read has been followed by another.
void CompleteChange(const Snapshot& snapshot, const FigureSet& set, query_pb::ChangeFigure& change);

// Changes, verdicts and trends of an edition's live figures, made when first asked for. CANCELLED
// once nobody waits for the answer.
absl::StatusOr<std::shared_ptr<const ClaimCache::Judged>> LiveJudgements(const Reading& reading,
                                                                         const LiveSet& live);

}  // namespace imdi::query
