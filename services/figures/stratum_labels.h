#pragma once

// The non-response strata of a weight layout as readers see them: after collapsing, with counts,
// weights and reasons.

#include <cstdint>
#include <span>
#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/edition_counts.h"
#include "services/domain/strata.h"

namespace imdi::figures {

// By collapsed stratum: id, title, frame, responded, weight.
std::vector<survey::query::v1::StratumEvidence> StrataInfos(const domain::EditionCounts& counts,
                                                            uint32_t layout = 0);
// What was joined, in the order it was done.
std::vector<survey::query::v1::CollapsedStratum> CollapsedInfos(const domain::EditionCounts& counts,
                                                                uint32_t layout = 0);
// The same of strata that were joined to compare editions (joined_strata.h); `years` are theirs,
// ascending.
std::vector<survey::query::v1::CollapsedStratum> CollapsedInfos(
    const domain::Strata& strata, std::span<const domain::Collapse::Step> steps,
    std::span<const int32_t> years);

}  // namespace imdi::figures
