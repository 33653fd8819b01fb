#include "services/domain/multiplicity.h"

#include <algorithm>
#include <cstddef>

namespace imdi::domain {

std::vector<AdjustedP> AdjustForMultiplicity(std::span<const std::optional<double>> p) {
  std::vector<AdjustedP> out(p.size());
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i].has_value() && *p[i] >= 0 && *p[i] <= 1) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&p](size_t a, size_t b) { return *p[a] < *p[b]; });
  const auto tests = static_cast<double>(order.size());
  double harmonic = 0;
  for (size_t k = 1; k <= order.size(); ++k) harmonic += 1 / static_cast<double>(k);
  double hochberg = 1;
  double yekutieli = 1;
  for (size_t k = order.size(); k > 0; --k) {
    const double scaled = tests * *p[order[k - 1]] / static_cast<double>(k);
    hochberg = std::min(hochberg, scaled);
    yekutieli = std::min(yekutieli, harmonic * scaled);
    out[order[k - 1]].benjamini_hochberg = hochberg;
    out[order[k - 1]].benjamini_yekutieli = yekutieli;
  }
  double holm = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    holm = std::max(holm, (tests - static_cast<double>(k)) * *p[order[k]]);
    out[order[k]].holm = std::min(1.0, holm);
  }
  return out;
}

}  // namespace imdi::domain
