#pragma once

// The steps of a weighted share: S, A, p and its variance, under the strata's own weights or under
// calibrated ones.

#include "services/domain/estimate.h"
#include "services/figures/base_steps.h"

namespace imdi::figures {

// The share of a ground's lines, before any choice of interval.
domain::Proportion ShareOf(const Ground& ground, double level);

// S, A, p. Where all or none say yes p is exact, and comes first.
void AddWeightedShare(const Ground& ground, const domain::Proportion& share, Steps& steps);
// V by stratum (calibrated: as a whole), and V.
void AddShareVariance(const Ground& ground, const domain::Proportion& share, Steps& steps);

// What a variance under calibrated weights is, in words of the lines; `u` says what u of a unit is.
std::string CalibratedVarianceFormula(std::string_view u);

}  // namespace imdi::figures
