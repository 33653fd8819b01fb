#pragma once

// The steps by which a figure follows from its counts by stratum: signs, formulas, the numbers put
// in, results. The signs of the counts are those of query.v1.StratumEvidence; sums run over the
// strata listed there.

#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/figures/base_steps.h"

namespace imdi::figures {

// A response rate: n (invited), x (complete or partial), value, complete, rr1. Without `base`: n
// alone.
std::vector<survey::query::v1::FormulaStep> StepsOfRate(const survey::query::v1::Figure& figure);

// A share of those who answered and, where the figure has one, the estimate for all units. Final
// results have the signs share, estimate, lower, upper, SE, df, e, N, M, b_L, b_U, unrepresented.
// `choice`: of the indicator.
std::vector<survey::query::v1::FormulaStep> StepsOfShare(const Ground& ground,
                                                         domain::IntervalChoice choice);

}  // namespace imdi::figures
