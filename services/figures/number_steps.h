#pragma once

// The steps of means, totals and ratios. Sums of a line are those of query.v1.Sums: a of the
// measure, b of the denominator (1 of each unit for a mean), in units of 10^-d_a and 10^-d_b.

#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "services/figures/base_steps.h"

namespace imdi::figures {

// Final results have the signs value, estimate, lower, upper, SE, df, N, M, b_L, b_U,
// unrepresented.
std::vector<query_pb::FormulaStep> StepsOfNumber(const Ground& ground,
                                                 const query_pb::IndicatorInfo& indicator);

}  // namespace imdi::figures
