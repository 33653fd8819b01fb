#pragma once

// Computes a figure of numbers, a quantile, or a share under any weights and interval again out of
// its explanation alone, by plain code that knows the formulas and nothing of the house.
// Differences are failures of the running test. The intervals of the silent of each stratum
// (hypergeometric, predictive) are left to explain_test.

#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/query/v1/release.pb.h"

namespace imdi::testing_support {

namespace query_pb = survey::query::v1;

void RecomputeFigure(const query_pb::Explanation& explanation,
                     const query_pb::IndicatorInfo& indicator);

}  // namespace imdi::testing_support
