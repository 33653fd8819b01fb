#pragma once

// Many tests published together: what each p-value is worth among the others. The family is for the
// caller to state; one more p changes all, so this cannot come from counts that add up.

#include <optional>
#include <span>
#include <vector>

namespace imdi::domain {

// Adjusted p-values in [0, 1]: a test is significant at q when its adjusted p is at most q. Empty
// where there is no p.
struct AdjustedP {
  std::optional<double> benjamini_hochberg;   // Expected part of false findings, for tests that do
                                              // not work against each other.
  std::optional<double> benjamini_yekutieli;  // The same, whatever the dependence.
  std::optional<double> holm;                 // Chance of any false finding.
};

// In the order given. Missing p-values and such outside [0, 1] are no tests: they do not count.
std::vector<AdjustedP> AdjustForMultiplicity(std::span<const std::optional<double>> p);

}  // namespace imdi::domain
