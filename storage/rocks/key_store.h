#pragma once

#include <memory>
#include <optional>
#include <string>

#include "services/base/mutex.h"
#include "storage/key_store.h"
#include "storage/rocks/options.h"
#include "storage/store_stats.h"

namespace imdi::storage::rocks {

class Database;

// Keys in a data folder of their own. A deletion rewrites the tables that held the key and drops
// the log files, so that its bytes are in no file of the folder when Delete returns.
class RocksKeyStore final : public KeyStore {
 public:
  static absl::StatusOr<std::unique_ptr<RocksKeyStore>> Open(const RocksOptions& options);
  ~RocksKeyStore() override;

  absl::Status Put(std::span<const WrappedKey> keys) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view id) const override;
  absl::StatusOr<bool> Exists(std::string_view id) const override;
  absl::Status Delete(std::span<const std::string> ids) override;
  absl::Status State() const override;
  StoreStats Stats() const;
  absl::Status Backup(const std::string& directory, const Proceed& proceed) override;

  // Into an empty or missing folder, every file compared with the backup's list.
  static absl::Status RestoreBackup(const std::string& backup_directory,
                                    const std::string& target_directory,
                                    std::shared_ptr<rocksdb::FileSystem> file_system = nullptr);

 private:
  explicit RocksKeyStore(std::unique_ptr<Database> database);

  const std::unique_ptr<Database> database_;
  base::Mutex write_mutex_;  // Held through a whole mutation.
};

}  // namespace imdi::storage::rocks
