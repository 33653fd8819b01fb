#pragma once

// The steps of quantiles.

#include <vector>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "services/figures/base_steps.h"

namespace imdi::figures {

// Signs as those of a mean (number_steps.h), without bounds. The number is read back from the
// answers, and the counts below and up to it say that it is the smallest with enough.
std::vector<query_pb::FormulaStep> StepsOfQuantile(const Ground& ground,
                                                   const query_pb::IndicatorInfo& indicator);

}  // namespace imdi::figures
