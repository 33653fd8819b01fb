#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/base/mutex.h"
#include "storage/draft_store.h"
#include "storage/rocks/options.h"
#include "storage/store_stats.h"

namespace imdi::storage::rocks {

class Database;

// Drafts in a data folder of their own.
class RocksDraftStore final : public DraftStore {
 public:
  static absl::StatusOr<std::unique_ptr<RocksDraftStore>> Open(
      const RocksOptions& options, int64_t drafts_max = kDraftsMaxDefault);
  ~RocksDraftStore() override;

  absl::StatusOr<int64_t> Put(std::string_view name, int64_t expected_version,
                              std::string_view bytes) override;
  absl::StatusOr<std::optional<Draft>> Get(std::string_view name) const override;
  absl::Status Delete(std::string_view name, int64_t expected_version) override;
  absl::StatusOr<std::vector<Draft>> List(std::string_view prefix, std::string_view after_name,
                                          int64_t limit) const override;
  absl::Status State() const override;
  StoreStats Stats() const;
  absl::Status Backup(const std::string& directory, const Proceed& proceed) override;

  // Into an empty or missing folder, every file compared with the backup's list.
  static absl::Status RestoreBackup(const std::string& backup_directory,
                                    const std::string& target_directory,
                                    std::shared_ptr<rocksdb::FileSystem> file_system = nullptr);

 private:
  RocksDraftStore(std::unique_ptr<Database> database, int64_t drafts_max);
  absl::Status LoadCounters();

  const std::unique_ptr<Database> database_;
  const int64_t drafts_max_;
  base::Mutex write_mutex_;  // Held through a whole mutation.
  int64_t last_version_ ABSL_GUARDED_BY(write_mutex_) = 0;
  int64_t count_ ABSL_GUARDED_BY(write_mutex_) = 0;
};

}  // namespace imdi::storage::rocks
