#pragma once

// Weight sets as a release holds them: their lines with weights, what these were brought to, and
// the weighting itself made again from the lines alone.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/weighting.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// The sets that figures of the edition use beside the built-in one, in the order of the plan's
// layouts.
std::vector<query_pb::WeightSetInfo> WeightSetInfos(const EditionFigures& edition);

// Whether the lines of a set are weighting cells; else non-response strata.
bool IsCalibrated(const query_pb::WeightSetInfo& set);

struct RestoredWeights {
  domain::Weighting weighting;
  std::vector<uint32_t> cell_of;  // By line; kNoCell = nobody responded.
  static constexpr uint32_t kNoCell = ~uint32_t{0};
};
// Of a calibrated set: `lines` are all of its cells. Empty where weights could not be made, or the
// lines do not belong together.
std::optional<RestoredWeights> RestoreWeights(const query_pb::WeightSetInfo& set,
                                              std::span<const query_pb::StratumEvidence> lines);

// By line of a calibrated set: some weight stands for its units. False in a post-stratum, and
// nowhere else, of which nobody responded.
std::vector<bool> RepresentedLines(const query_pb::WeightSetInfo& set,
                                   std::span<const query_pb::StratumEvidence> lines);

}  // namespace imdi::figures
