#include "services/process/hosted.h"

#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::process {

transport::Readiness ReadyByLag(absl::Duration lag, std::string_view why) {
  if (lag <= absl::ZeroDuration()) return {};
  const std::string old =
      base::StrCat("figures may be old, for ", absl::ToInt64Seconds(lag), " s now: ", why);
  if (lag <= absl::Milliseconds(base::kReadyLagMs)) return {.not_ready = {}, .remark = old};
  return {.not_ready = old, .remark = {}};
}

}  // namespace imdi::process
