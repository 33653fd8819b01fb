#include "services/query/release_shelf.h"

#include <algorithm>

#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/query/kept_state.h"

namespace imdi::query {

std::shared_ptr<const ReleaseSet> ReleaseShelf::Find(const query_pb::Release& facts) {
  base::MutexLock lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& release) {
    return release->facts().name() == facts.name() &&
           release->facts().content_hash() == facts.content_hash();
  });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front();
}

absl::StatusOr<std::shared_ptr<const ReleaseSet>> ReleaseShelf::Load(
    const query_pb::Release& facts) {
  if (auto kept = Find(facts); kept != nullptr) return kept;
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<const ReleaseSet> read, ReadRelease(store_, facts));
  base::MutexLock lock(mutex_);
  kept_.push_front(read);
  while (kept_.size() > base::kOlderReleasesMax) kept_.pop_back();
  return read;
}

}  // namespace imdi::query
