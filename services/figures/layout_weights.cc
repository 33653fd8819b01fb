#include "services/figures/layout_weights.h"

#include <utility>

namespace imdi::figures {
namespace {

using domain::CalibratedWeights;
using domain::FigurePlan;

std::vector<bool> RepresentedBy(const FigurePlan::WeightLayout& layout,
                                const CalibratedWeights& weights) {
  std::vector<bool> out(layout.cells.size(), true);
  if (layout.set->method() != survey::model::v1::WEIGHT_METHOD_POSTSTRATIFIED ||
      !weights.status.ok())
    return out;
  std::vector<bool> answered(layout.margins.front().levels.size(), false);
  for (size_t cell = 0; cell < layout.cells.size(); ++cell) {
    if (weights.cell_of[cell] != CalibratedWeights::kNoCell)
      answered[layout.cells[cell].levels.front()] = true;
  }
  for (size_t cell = 0; cell < layout.cells.size(); ++cell)
    out[cell] = answered[layout.cells[cell].levels.front()];
  return out;
}

}  // namespace

bool IsCalibrated(const FigurePlan::WeightLayout& layout) {
  return layout.set != nullptr && layout.set->method() != survey::model::v1::WEIGHT_METHOD_STRATA;
}

LayoutWeights::LayoutWeights(std::shared_ptr<const domain::EditionCounts> counts)
    : counts_(std::move(counts)),
      solved_(std::make_unique<Solved[]>(counts_->plan().layouts().size())) {}

const LayoutWeights::Solved& LayoutWeights::Solve(uint32_t layout) const {
  Solved& solved = solved_[layout];
  // To the end, also when its caller has gone: it takes half a second at most, and the next caller
  // is spared it.
  std::call_once(solved.once, [&] {
    solved.weights = domain::WeightsOf(*counts_, layout);
    const FigurePlan::WeightLayout& one = counts_->plan().layouts()[layout];
    if (IsCalibrated(one)) solved.represented = RepresentedBy(one, *solved.weights);
  });
  return solved;
}

const CalibratedWeights& LayoutWeights::Of(uint32_t layout) const { return *Solve(layout).weights; }

const std::vector<bool>& LayoutWeights::Represented(uint32_t layout) const {
  return Solve(layout).represented;
}

}  // namespace imdi::figures
