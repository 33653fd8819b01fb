#pragma once

// Follows the log record by record: folds, keeps what it folded together with how far it has come,
// and publishes a snapshot of the figures after each chunk. Where the records come from is not its
// business.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/snapshot.h"
#include "services/base/mutex.h"
#include "storage/fold_store.h"

namespace imdi::aggregation {

namespace ingestion_pb = survey::ingestion::v1;

class Aggregator {
 public:
  using Listener = std::function<void()>;

  // Goes on from what the store holds; what cannot be read there is folded again from the first
  // record.
  static absl::StatusOr<std::shared_ptr<Aggregator>> Open(
      std::unique_ptr<storage::FoldStore> store);

  // Takes a chunk of the log; one caller at a time. What it could take is counted, kept and
  // published even when it fails on a later record. LOG_DIVERGED: the chunk is of another log or
  // leaves a gap; ask StartOver. UNKNOWN_RECORD_KIND and STORE_CORRUPT: folding stops here, and
  // stopped() says why.
  absl::Status Consume(const ingestion_pb::FollowLogResponse& chunk);
  // Forgets everything folded: the log is not the one it was (a restored backup). The figures of
  // before are served until the first new ones.
  absl::Status StartOver();

  // Where the next chunk must go on.
  ingestion_pb::Cursor cursor() const;
  int64_t log_head() const;
  std::string stopped() const;

  // Never null.
  std::shared_ptr<const Snapshot> Current() const;
  // `listener` is called after each new snapshot; it must be quick. It may be called once more
  // while it is removed.
  int64_t AddListener(Listener listener);
  void RemoveListener(int64_t id);

 private:
  explicit Aggregator(std::unique_ptr<storage::FoldStore> store) : store_(std::move(store)) {}

  absl::Status Load();
  absl::Status CheckLog(const ingestion_pb::FollowLogResponse& chunk) const;
  absl::Status Publish();
  absl::Status StopOn(absl::Status status);

  const std::unique_ptr<storage::FoldStore> store_;
  // Owned by the thread that calls Consume.
  std::unique_ptr<Fold> fold_;
  bool reload_ = false;  // Memory is ahead of the store: read it again before going on.

  mutable base::Mutex mutex_;
  storage::FoldCursor cursor_ ABSL_GUARDED_BY(mutex_);
  int64_t log_head_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string stopped_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const Snapshot>();
  int64_t last_listener_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::shared_ptr<const Listener>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::aggregation
