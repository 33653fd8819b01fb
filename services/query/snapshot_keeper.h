#pragma once

// Takes what aggregation sends, swaps the snapshot, and keeps the last one for a warm start. Where
// the chunks come from is not its business.

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/clock.h"
#include "services/query/folded_state.h"
#include "services/query/snapshots.h"
#include "services/query/swap.h"
#include "storage/fold_store.h"

namespace imdi::query {

// Used by one thread at a time; the store may be read by others.
class SnapshotKeeper {
 public:
  // Publishes what the store holds, marked stale. A store that cannot be read is emptied: all of it
  // comes again. `snapshots` and `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<SnapshotKeeper>> Open(
      std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots, const base::Clock& clock);

  // What the stream is to be asked for: everything after this; all of it after a swap that could
  // not be taken.
  aggregation_pb::FollowFiguresRequest Request() const;
  // The next chunk of a stream; publishes when it was a swap's last. After an error the stream is
  // to be opened again; what is served stays, marked stale with the reason.
  absl::Status Consume(const aggregation_pb::FollowFiguresResponse& chunk);
  // The stream has ended; a swap half sent is forgotten. With an error, what is served may be old
  // from now on.
  void StreamEnded(const absl::Status& status);
  // Writes what was published since the last call. Durable when it returns.
  absl::Status Keep();

  const storage::FoldStore& store() const { return *store_; }

 private:
  SnapshotKeeper(std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots,
                 const base::Clock& clock)
      : store_(std::move(store)), snapshots_(snapshots), clock_(clock) {}
  absl::Status Load();
  absl::Status Take(Swap swap);
  int64_t NowUs() const;

  const std::unique_ptr<storage::FoldStore> store_;
  Snapshots& snapshots_;
  const base::Clock& clock_;
  SwapAssembler assembler_;
  FoldedState state_;
  bool ask_for_all_ = false;  // What came does not go on from the state.
  int64_t heard_us_ = 0;

  // What the store does not hold yet.
  std::optional<FoldedState>
      kept_;  // The state that it holds; none = nothing that counts, releases apart.
  bool unkept_ = false;
  bool drop_all_ = false;  // The store is of another log.
  std::vector<aggregation_pb::DefinitionStep> unkept_definitions_;
  std::vector<Swap::Release> unkept_releases_;
};

}  // namespace imdi::query
