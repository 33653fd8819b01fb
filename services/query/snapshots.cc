#include "services/query/snapshots.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::query {

void Snapshots::Publish(std::shared_ptr<const Snapshot> next) {
  {
    base::MutexLock lock(mutex_);
    kept_.push_front(next);
    while (kept_.size() > base::kSnapshotsKeptMax + 1) kept_.pop_back();
  }
  waits_.Advance(std::move(next));
}

void Snapshots::MarkStale() {
  const std::shared_ptr<const Snapshot> current = Current();
  if (current->stale) return;
  auto stale = std::make_shared<Snapshot>(*current);
  stale->stale = true;
  {
    base::MutexLock lock(mutex_);
    if (!kept_.empty()) kept_.front() = stale;  // The same figures at the same position.
  }
  waits_.Advance(std::move(stale));
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Snapshots::At(std::string_view log_id,
                                                              int64_t epoch,
                                                              int64_t position) const {
  base::MutexLock lock(mutex_);
  for (const auto& snapshot : kept_) {
    if (snapshot->position == position && snapshot->epoch == epoch && snapshot->log_id == log_id)
      return snapshot;
  }
  return base::Error(base::Reason::kSnapshotGone,
                     base::StrCat("the snapshot at position ", position,
                                  " is kept no longer; start from the first page"));
}

}  // namespace imdi::query
