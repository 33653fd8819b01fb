#pragma once

#include <string>
#include <string_view>

#include "services/domain/figure_plan.h"
#include "services/domain/types.h"

namespace imdi::domain {

// Whether an edition with this plan can be counted, sent and released: MATRIX_TOO_LARGE,
// WEIGHTS_TOO_FINE, TOO_MANY_UNIT_NUMBERS. `path`: the document that made it so.
DefinitionFindings CheckPlanSizes(const FigurePlan& plan, std::string_view edition,
                                  const std::string& path);

}  // namespace imdi::domain
