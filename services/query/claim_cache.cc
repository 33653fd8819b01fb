#include "services/query/claim_cache.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"

namespace imdi::query {

absl::StatusOr<std::shared_ptr<const ClaimCache::Judged>> ClaimCache::Get(
    std::string_view edition, const std::function<absl::StatusOr<Judged>()>& judge,
    const std::function<absl::Status()>& wanted) {
  Entry* entry = nullptr;  // Stays where it is: nothing is ever taken out.
  {
    base::MutexLock lock(mutex_);
    auto found = entries_.find(edition);
    if (found == entries_.end()) found = entries_.emplace(std::string(edition), Entry()).first;
    entry = &found->second;
    while (entry->judging) {
      IMDI_RETURN_IF_ERROR(wanted());
      ended_.WaitFor(mutex_, absl::Milliseconds(base::kCancelledLookMs));
    }
    if (entry->judged != nullptr) return entry->judged;
    entry->judging = true;
  }
  const absl::Cleanup ended = [this, entry] {
    base::MutexLock lock(mutex_);
    entry->judging = false;
    ended_.NotifyAll();
  };
  IMDI_ASSIGN_OR_RETURN(Judged judged, judge());
  base::MutexLock lock(mutex_);
  entry->judged = std::make_shared<const Judged>(std::move(judged));
  return entry->judged;
}

}  // namespace imdi::query
