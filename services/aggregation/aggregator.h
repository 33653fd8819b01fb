#pragma once

// Follows the log record by record: folds, keeps what it folded together with how far it has come,
// and publishes a snapshot of the counts: at once when it is idle, else as often as it may. Where
// the records come from is not its business.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/snapshot.h"
#include "services/base/mutex.h"
#include "services/base/progress.h"
#include "storage/fold_store.h"

namespace imdi::aggregation {

namespace ingestion_pb = survey::ingestion::v1;

class Aggregator {
 public:
  using Listener = std::function<void()>;

  // Goes on from what the store holds; what cannot be read there is folded again from the first
  // record. Two swaps are at least `shortest_swap` apart (kLiveSwapMs in a service), and a record
  // is in a snapshot at the latest that long after it was taken; zero: a swap after each chunk, by
  // the thread that brings it. Folding from the first record is a run of `refold`, unless that is
  // null; it must outlive the aggregator.
  static absl::StatusOr<std::shared_ptr<Aggregator>> Open(
      std::unique_ptr<storage::FoldStore> store,
      absl::Duration shortest_swap = absl::ZeroDuration(), base::Progress* refold = nullptr);
  ~Aggregator();

  // Takes a chunk of the log; one caller at a time. What it could take is counted, kept and
  // published even when it fails on a later record; folding from the first record, nothing is
  // published before it is where the log was when that began. LOG_DIVERGED: the chunk is of another
  // log or leaves a gap; ask StartOver. UNKNOWN_RECORD_KIND and STORE_CORRUPT: folding stops here,
  // and stopped() says why.
  absl::Status Consume(const ingestion_pb::FollowLogResponse& chunk);
  // Forgets everything folded: the log is not the one it was (a restored backup). The figures of
  // before are served until those that follow are whole.
  absl::Status StartOver();
  // Whether the log is heard: empty, or why not. Readers are told when that changes; the figures
  // stay.
  void SetUnheard(std::string why);

  // Where the next chunk must go on.
  ingestion_pb::Cursor cursor() const;
  int64_t log_head() const;
  // What is not counted of the log as far as it is known here.
  struct Lag {
    int64_t records = 0;
    absl::Duration since;  // For how long there has been something.
  };
  Lag lag() const;
  std::string stopped() const;
  // Why the log is not heard, and for how long by the steady clock; empty and zero while it is. It
  // is not until the first chunk has come.
  struct Silence {
    std::string why;
    std::chrono::nanoseconds length{0};
  };
  Silence silence() const;

  // Never null.
  std::shared_ptr<const Snapshot> Current() const;
  // Parts of a release of a snapshot, from memory or the store.
  absl::StatusOr<std::shared_ptr<const std::vector<std::string>>> PartsOf(
      const ClosedRelease& release) const;
  // `listener` is called after each new snapshot; it must be quick. It may be called once more
  // while it is removed.
  int64_t AddListener(Listener listener);
  void RemoveListener(int64_t id);

 private:
  Aggregator(std::unique_ptr<storage::FoldStore> store, absl::Duration shortest_swap,
             base::Progress* refold)
      : store_(std::move(store)),
        shortest_swap_(absl::ToChronoNanoseconds(shortest_swap)),
        refold_(refold) {}

  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_);
  absl::Status BeginAnew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_);
  absl::Status CheckLog(const ingestion_pb::FollowLogResponse& chunk) const;
  absl::Status Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_);
  void Serve(std::shared_ptr<Snapshot> next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_);
  absl::Status PublishWhenDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(fold_mutex_);
  void RunPublisher();
  absl::Status StopOn(absl::Status status);
  void NoteLag() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<storage::FoldStore> store_;
  const std::chrono::nanoseconds shortest_swap_;
  base::Progress* const refold_;

  // Held while the fold is used: by the thread that brings records and the one that publishes them.
  base::Mutex fold_mutex_;
  base::CondVar due_changed_;
  std::unique_ptr<Fold> fold_ ABSL_GUARDED_BY(fold_mutex_);
  int64_t generation_ ABSL_GUARDED_BY(fold_mutex_) = 0;  // How often it began anew.
  bool reload_ ABSL_GUARDED_BY(fold_mutex_) =
      false;  // Memory is ahead of the store: read it again before going on.
  // Folding from the first record: what is counted on the way is figures of no day, and nothing is
  // published until the head is reached that the first chunk names. A stop ends it: that is to be
  // seen.
  bool refolding_ ABSL_GUARDED_BY(fold_mutex_) = false;
  std::optional<int64_t> refold_to_ ABSL_GUARDED_BY(fold_mutex_);  // None = no chunk yet.
  std::optional<base::Progress::Run> refold_run_ ABSL_GUARDED_BY(fold_mutex_);
  bool unpublished_ ABSL_GUARDED_BY(fold_mutex_) = false;
  std::chrono::steady_clock::time_point next_swap_ ABSL_GUARDED_BY(fold_mutex_);  // Not before it.
  bool ending_ ABSL_GUARDED_BY(fold_mutex_) = false;
  std::thread publisher_;  // None without a shortest time between swaps.

  mutable base::Mutex mutex_ ABSL_ACQUIRED_AFTER(fold_mutex_);
  storage::FoldCursor cursor_ ABSL_GUARDED_BY(mutex_);
  int64_t log_head_ ABSL_GUARDED_BY(mutex_) = 0;
  // None while everything known is counted.
  std::optional<std::chrono::steady_clock::time_point> behind_since_ ABSL_GUARDED_BY(mutex_);
  std::string stopped_ ABSL_GUARDED_BY(mutex_);
  std::string unheard_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point unheard_from_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Snapshot> snapshot_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const Snapshot>();
  int64_t last_listener_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::shared_ptr<const Listener>> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::aggregation
