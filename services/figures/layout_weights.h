#pragma once

// The weights of every weight layout of an edition, each solved when a figure first asks for it,
// and once.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "services/domain/calibrated_weights.h"
#include "services/domain/edition_counts.h"

namespace imdi::figures {

// Whether figures of a layout go by weighting cells; else by non-response strata, as those of the
// built-in weights do.
bool IsCalibrated(const domain::FigurePlan::WeightLayout& layout);

// Thread-safe.
class LayoutWeights {
 public:
  explicit LayoutWeights(std::shared_ptr<const domain::EditionCounts> counts);

  const domain::CalibratedWeights& Of(uint32_t layout) const;
  // By cell of a calibrated layout: some weight stands for its units. False in a post-stratum, and
  // nowhere else, of which nobody responded.
  const std::vector<bool>& Represented(uint32_t layout) const;

 private:
  struct Solved {
    std::once_flag once;
    std::optional<domain::CalibratedWeights> weights;
    std::vector<bool> represented;
  };
  const Solved& Solve(uint32_t layout) const;

  std::shared_ptr<const domain::EditionCounts> counts_;
  std::unique_ptr<Solved[]> solved_;  // By layout.
};

}  // namespace imdi::figures
