#pragma once

// A swap as messages: what a reader lacks of a snapshot, cut into chunks.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "services/aggregation/snapshot.h"

namespace imdi::aggregation {

// Finds the parts of a release.
using FindParts = std::function<absl::StatusOr<std::shared_ptr<const std::vector<std::string>>>(
    const ClosedRelease& release)>;

// FollowFiguresResponse messages in order, each at most kFollowChunkBytesMax, a single larger
// element alone. `sent` is what this reader was sent last; null = nothing yet, then `request` says
// what it has. Fails where `parts` does.
absl::StatusOr<std::deque<std::string>> MakeChunks(
    const Snapshot& next, const Snapshot* sent,
    const survey::aggregation::v1::FollowFiguresRequest& request, const FindParts& parts);

}  // namespace imdi::aggregation
