#pragma once

// Many calls in flight, one committer: it takes what waits, appends it as one synced batch, then
// answers all.

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"
#include "storage/key_store.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

// One record that a call wants appended.
struct CommitRequest {
  storage::Proposal proposal;
  // Keys of the record's texts, stored (synced) before the record: a text without a key is lost, a
  // key without a record is harmless.
  std::vector<storage::WrappedKey> keys;
};

// What became of it. An error: nothing of it is acknowledged; the same request may be tried again.
using CommitResult = absl::StatusOr<storage::AppendOutcome>;
using CommitDone = std::function<void(CommitResult)>;

// Thread-safe. `done` runs on the committer's thread, once, also at destruction; it must be short
// and must not wait for the committer.
class Committer {
 public:
  struct Limits {
    size_t queue_items_max;
    size_t queue_bytes_max;
    size_t batch_items_max;
    size_t batch_bytes_max;
  };
  static Limits DefaultLimits();
  // Told of each batch that was appended, from the committer's thread; must be quick.
  struct Batch {
    size_t records = 0;  // Proposals, those that were not appended included.
    size_t bytes = 0;
    absl::Duration took;
  };
  using Observer = std::function<void(const Batch&)>;

  // `log` and `keys` must outlive the committer, which is the only caller of log.Append.
  Committer(storage::ResponseLog& log, storage::KeyStore& keys, Limits limits = DefaultLimits(),
            Observer committed = {});
  // Takes nothing more, commits what waits, joins.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Refuses at once with QUEUE_FULL (UNAVAILABLE, retry delay), SHUTTING_DOWN, or INVALID_ARGUMENT
  // for a proposal that the log would refuse; then `done` is never called. Proposals are appended
  // in the order in which they were taken.
  absl::Status Enqueue(CommitRequest request, CommitDone done);
  // Several at once, which come to the committer together: one sync takes them all as far as its
  // bounds allow. `done` is called once for the index of each; for what is refused at once, from
  // this call.
  void EnqueueAll(std::vector<CommitRequest> requests,
                  std::function<void(size_t, CommitResult)> done);
  // Enqueue and wait; for callers on the executor, never on the committer's thread.
  CommitResult Commit(CommitRequest request);

  // Takes nothing more and commits what waits.
  void Stop();

  struct Counters {
    uint64_t batches = 0;
    uint64_t records = 0;
    uint64_t refused = 0;      // QUEUE_FULL.
    size_t waiting = 0;        // Proposals in the queue now,
    size_t waiting_bytes = 0;  // and their bytes.
  };
  Counters counters() const;

 private:
  struct Waiting {
    CommitRequest request;
    CommitDone done;
    size_t bytes;
  };

  // INVALID_ARGUMENT for what the log or the key store would refuse a whole batch for.
  static absl::Status Check(const CommitRequest& request);
  absl::Status Take(Waiting waiting) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  void CommitBatch(std::vector<Waiting> batch, size_t bytes);

  storage::ResponseLog& log_;
  storage::KeyStore& keys_;
  const Limits limits_;
  const Observer committed_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Counters counters_ ABSL_GUARDED_BY(mutex_);
  base::Mutex join_mutex_;
  std::thread thread_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace imdi::ingestion
