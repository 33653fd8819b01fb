#pragma once

// Takes what aggregation sends, swaps the snapshot, and keeps the last one for a warm start. Where
// the chunks come from is not its business.

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/query/snapshots.h"
#include "services/query/swap.h"
#include "storage/fold_store.h"

namespace imdi::query {

// Used by one thread at a time.
class SnapshotKeeper {
 public:
  // Publishes what the store holds, marked stale. A store that cannot be read is emptied: all of it
  // comes again. `snapshots` must outlive it.
  static absl::StatusOr<std::unique_ptr<SnapshotKeeper>> Open(
      std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots);

  // The next chunk of a stream; publishes when it was a swap's last.
  absl::Status Consume(const aggregation_pb::FollowFiguresResponse& chunk);
  // The stream has ended; a swap half sent is forgotten.
  void StreamEnded() { assembler_.Forget(); }
  // Writes what was published since the last call. Durable when it returns.
  absl::Status Keep();

 private:
  SnapshotKeeper(std::unique_ptr<storage::FoldStore> store, Snapshots& snapshots)
      : store_(std::move(store)), snapshots_(snapshots) {}
  absl::Status Load();

  const std::unique_ptr<storage::FoldStore> store_;
  Snapshots& snapshots_;
  SwapAssembler assembler_;
  bool unkept_ = false;
  bool unkept_reset_ = false;
  std::map<std::string, std::shared_ptr<const aggregation_pb::EditionFigures>>
      unkept_editions_;  // By name.
};

}  // namespace imdi::query
