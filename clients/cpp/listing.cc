#include "imdi/survey/client/listing.h"

#include "imdi/survey/client/error.h"
#include "services/base/limits.h"

namespace imdi::survey::client::internal {

bool MayBeginAgain(const absl::Status& status, int restarts) {
  return ReasonOf(status) == error::v1::REASON_SNAPSHOT_GONE && restarts < base::kListRestartsMax;
}

}  // namespace imdi::survey::client::internal
