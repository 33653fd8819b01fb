#pragma once

// The steps by which a change follows from its sixteen counts by stratum. The signs of the counts
// are those of query.v1.ChangeStratum; sums run over the strata listed there.

#include <span>
#include <vector>

#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/explanation.pb.h"

namespace imdi::figures {

// Ends with the signs change (among those who answered), D, V, SE, df, t, p, lower, upper, q where
// they exist, and b, c, p_mid of the panel. Without strata: change alone.
std::vector<survey::query::v1::FormulaStep> StepsOfChange(
    const survey::query::v1::ChangeFigure& change,
    std::span<const survey::query::v1::ChangeStratum> strata);

}  // namespace imdi::figures
