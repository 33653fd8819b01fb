#pragma once

// From the variance of a share to its interval: effective numbers of answers, the point, and the
// intervals that need nothing but these.

#include "services/domain/estimate.h"
#include "services/figures/base_steps.h"

namespace imdi::figures {

// n_eff, t_1, t_2, e_M, e; what of it the share has.
void AddEffectiveNumber(const Ground& ground, const domain::Proportion& raw,
                        const domain::ShareEstimate& share, Steps& steps);
// estimate: the weighted share moved to the nearer bound.
void AddPoint(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps);
// a, the probability of each tail.
void AddTail(double level, Steps& steps);
// lower and upper, with what they need, by Wilson, Wald, logit or beta; or why there are none.
void AddInterval(const domain::Proportion& raw, const domain::ShareEstimate& share, Steps& steps);

}  // namespace imdi::figures
