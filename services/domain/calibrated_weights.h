#pragma once

// The weights of one weight set in one edition, solved on its cells from who was invited and who
// responded.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/domain/edition_counts.h"
#include "services/domain/weighting.h"

namespace imdi::domain {

// What weights were brought to.
struct WeightTarget {
  // "county=03", "population", or "units": all of them, for linear weights without a margin.
  std::string level;
  double frame = 0;   // Units of the frame in scope, or their sum.
  double before = 0;  // Weighted respondents, by the strata's own weights.
  double after = 0;   // And calibrated; equal to `before` while there is an error.
};

struct CalibratedWeights {
  // Not OK: MARGIN_UNREACHABLE, WEIGHTS_NOT_CONVERGED, NEGATIVE_WEIGHT; then there are no weights
  // and no figure of the set has an estimate.
  absl::Status status;
  Weighting weighting;  // Cells that have respondents; those of the layout in its order.
  // By cell of the layout: its number in `weighting`; kNoCell = nobody responded.
  std::vector<uint32_t> cell_of;
  std::vector<WeightTarget> targets;
  static constexpr uint32_t kNoCell = ~uint32_t{0};
};

// Thin strata are collapsed first (EditionCounts::collapse). Calibrates to margins and totals of
// the units invited. For a set of method STRATA nothing is calibrated.
CalibratedWeights WeightsOf(const EditionCounts& counts, uint32_t layout);

}  // namespace imdi::domain
