#pragma once

// Slopes of shares over the editions of a survey, with the covariances of all of them.

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "services/figures/change_figures.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// Of every cell that is followed over three editions or more, by cell. Only where each of the
// earlier ones may stand on one line with this one, and its figures are those that are counted
// here.
std::vector<query_pb::Trend> Trends(const EditionFigures& edition, const FindOtherEdition& others);
// The same, unless `wanted`, which is asked before each cell, gives an error.
absl::StatusOr<std::vector<query_pb::Trend>> Trends(const EditionFigures& edition,
                                                    const FindOtherEdition& others,
                                                    const std::function<absl::Status()>& wanted);

}  // namespace imdi::figures
