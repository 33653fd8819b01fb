#include "services/query/snapshots.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::query {

void Snapshots::Publish(std::shared_ptr<const Snapshot> next, std::chrono::nanoseconds stale_for) {
  {
    base::MutexLock lock(mutex_);
    kept_.push_front(next);
    while (kept_.size() > base::kSnapshotsKeptMax + 1) kept_.pop_back();
    if (!next->stale) {
      stale_from_.reset();
    } else {
      const auto from = std::chrono::steady_clock::now() - stale_for;
      stale_from_ = std::min(stale_from_.value_or(from), from);
    }
  }
  waits_.Advance(std::move(next));
  TellListeners();
}

void Snapshots::MarkStale(int64_t now_us, std::string_view reason) {
  const std::shared_ptr<const Snapshot> current = Current();
  if (current->stale && current->stale_reason == reason) return;
  auto stale = std::make_shared<Snapshot>(*current);
  // Since when figures are old is not known to be later than it was; a process that never heard
  // anything has no time.
  if (!current->stale || (current->stale_since_us == 0 && current->loaded()))
    stale->stale_since_us = now_us;
  stale->stale = true;
  stale->stale_reason = reason;
  stale->answers = std::make_shared<KeptAnswers>();  // Those before did not say so.
  {
    base::MutexLock lock(mutex_);
    if (!stale_from_.has_value()) stale_from_ = std::chrono::steady_clock::now();
    if (!kept_.empty()) kept_.front() = stale;  // The same figures at the same position.
  }
  waits_.Advance(std::move(stale));
  TellListeners();
}

std::chrono::nanoseconds Snapshots::StaleFor() const {
  base::MutexLock lock(mutex_);
  if (!stale_from_.has_value()) return {};
  return std::chrono::steady_clock::now() - *stale_from_;
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

int64_t Snapshots::AddListener(std::function<void()> changed) {
  auto listener = std::make_shared<const std::function<void()>>(std::move(changed));
  base::MutexLock lock(listeners_mutex_);
  listeners_.emplace(++last_listener_, std::move(listener));
  return last_listener_;
}

void Snapshots::RemoveListener(int64_t listener) {
  base::MutexLock lock(listeners_mutex_);
  listeners_.erase(listener);
}

// Without the lock: what a listener wakes may end there, and take its listener away.
void Snapshots::TellListeners() {
  std::vector<std::shared_ptr<const std::function<void()>>> listeners;
  {
    base::MutexLock lock(listeners_mutex_);
    for (const auto& [number, changed] : listeners_) listeners.push_back(changed);
  }
  for (const auto& changed : listeners) (*changed)();
}

}  // namespace imdi::query
