#pragma once

// What a group of a breakdown is called: in names of figures, and to people.

#include <string>

#include "imdi/survey/model/v1/text.pb.h"
#include "services/domain/figure_plan.h"

namespace imdi::figures {

// "imdi_region=3", "imdi_region=3.size_group=1"; empty for the total.
std::string GroupCode(const domain::CompiledFrame& frame,
                      const domain::FigurePlan::Breakdown& breakdown, uint32_t group);
// Titles of its groups joined by ", "; empty for the total.
survey::model::v1::LocalizedText GroupTitle(const domain::CompiledFrame& frame,
                                            const domain::FigurePlan::Breakdown& breakdown,
                                            uint32_t group);

}  // namespace imdi::figures
