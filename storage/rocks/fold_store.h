#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/base/mutex.h"
#include "storage/fold_store.h"
#include "storage/rocks/options.h"
#include "storage/store_stats.h"

namespace imdi::storage::rocks {

class Database;

// A follower's cursor and state in a data folder of its own.
class RocksFoldStore final : public FoldStore {
 public:
  static absl::StatusOr<std::unique_ptr<RocksFoldStore>> Open(const RocksOptions& options);
  ~RocksFoldStore() override;

  absl::StatusOr<std::optional<FoldCursor>> LoadCursor() const override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::StatusOr<std::vector<FoldItem>> List(std::string_view prefix, std::string_view after_key,
                                             int64_t limit) const override;
  absl::Status Write(std::span<const FoldItem> puts, std::span<const std::string> deletes,
                     const std::optional<FoldCursor>& cursor) override;
  absl::Status Reset() override;
  absl::Status State() const override;
  StoreStats Stats() const;

  // Deletes the folder's store, for a follower whose store is damaged: all of it can be folded
  // again. STORE_LOCKED while it is open.
  static absl::Status Discard(const RocksOptions& options);

 private:
  explicit RocksFoldStore(std::unique_ptr<Database> database);

  const std::unique_ptr<Database> database_;
  base::Mutex write_mutex_;  // Held through a whole mutation.
};

// Opens the folder of a service that keeps nothing but derived state, with so much memory (0 = 64
// MiB). A damaged store is thrown away, with a line in the log. `synced` as in RocksOptions.
absl::StatusOr<std::unique_ptr<RocksFoldStore>> OpenDerivedStore(
    const std::string& folder, int32_t memory_mib,
    std::function<void(std::string_view, absl::Duration)> synced = {});
// Throws it away, for damage that was met only while reading. The store must be closed.
absl::Status DiscardDerivedStore(const std::string& folder);

}  // namespace imdi::storage::rocks
