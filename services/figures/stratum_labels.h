#pragma once

// The non-response strata of a weight layout as readers see them: after collapsing, with counts,
// weights and reasons.

#include <cstdint>
#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/edition_counts.h"

namespace imdi::figures {

// By collapsed stratum: id, title, frame, responded, weight.
std::vector<survey::query::v1::StratumEvidence> StrataInfos(const domain::EditionCounts& counts,
                                                            uint32_t layout = 0);
// What was joined, in the order it was done.
std::vector<survey::query::v1::CollapsedStratum> CollapsedInfos(const domain::EditionCounts& counts,
                                                                uint32_t layout = 0);

}  // namespace imdi::figures
