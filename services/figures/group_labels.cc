#include "services/figures/group_labels.h"

#include "services/base/text.h"
#include "services/figures/texts.h"

namespace imdi::figures {

std::string GroupCode(const domain::CompiledFrame& frame,
                      const domain::FigurePlan::Breakdown& breakdown, uint32_t group) {
  const domain::FigurePlan::Breakdown::Group& one = breakdown.groups[group];
  std::string out;
  for (size_t i = 0; i < breakdown.attributes.size(); ++i) {
    const uint32_t attribute = breakdown.attributes[i];
    base::StrAppend(out, i == 0 ? "" : ".", frame.attributes()[attribute].id, "=",
                    frame.GroupCode(attribute, one.codes[i]));
  }
  return out;
}

survey::model::v1::LocalizedText GroupTitle(const domain::CompiledFrame& frame,
                                            const domain::FigurePlan::Breakdown& breakdown,
                                            uint32_t group) {
  const domain::FigurePlan::Breakdown::Group& one = breakdown.groups[group];
  survey::model::v1::LocalizedText out;
  for (size_t i = 0; i < breakdown.attributes.size(); ++i) {
    const uint16_t code = one.codes[i];
    Append(out, ", ",
           code == domain::kUnknownGroup
               ? Text("ukjend", "ukjent", "unknown")
               : frame.attributes()[breakdown.attributes[i]].groups[code].title);
  }
  return out;
}

}  // namespace imdi::figures
