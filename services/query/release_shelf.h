#pragma once

// Releases that a later one has followed: read from the disk when somebody asks, and kept for a
// while.

#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "services/base/mutex.h"
#include "services/query/release_set.h"
#include "storage/fold_store.h"

namespace imdi::query {

// Holds at most kOlderReleasesMax; the one that was asked for longest ago goes first. Thread-safe.
class ReleaseShelf {
 public:
  // `store` must outlive it.
  explicit ReleaseShelf(const storage::FoldStore& store) : store_(store) {}

  // Null when it is not in memory.
  std::shared_ptr<const ReleaseSet> Find(const query_pb::Release& facts);
  // Reads the disk unless it is in memory. STORE_CORRUPT, STORE_UNAVAILABLE.
  absl::StatusOr<std::shared_ptr<const ReleaseSet>> Load(const query_pb::Release& facts);

 private:
  const storage::FoldStore& store_;
  base::Mutex mutex_;
  std::list<std::shared_ptr<const ReleaseSet>> kept_
      ABSL_GUARDED_BY(mutex_);  // Asked for last, first.
};

}  // namespace imdi::query
