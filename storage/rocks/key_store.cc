#include "storage/rocks/key_store.h"

#include <map>
#include <utility>

#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "storage/rocks/database.h"
#include "storage/rocks/side_layout.h"
#include "storage/rocks/side_store.h"

namespace imdi::storage::rocks {

using base::Error;
using base::MutexLock;
using base::Reason;

namespace {

constexpr size_t kKeys = 0;

const Schema& KeySchema() {
  static const auto* schema = new Schema{"keys", kKeyStoreFormatVersion, {"keys"}};
  return *schema;
}

}  // namespace

RocksKeyStore::RocksKeyStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

RocksKeyStore::~RocksKeyStore() { database_->StopKeeper(); }

absl::StatusOr<std::unique_ptr<RocksKeyStore>> RocksKeyStore::Open(const RocksOptions& options) {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenSideStore(options, KeySchema()));
  std::unique_ptr<RocksKeyStore> store(new RocksKeyStore(std::move(database)));
  KeepSideStore(*store->database_, store->write_mutex_);
  return store;
}

absl::Status RocksKeyStore::Put(std::span<const WrappedKey> keys) {
  IMDI_RETURN_IF_ERROR(CheckKeys(keys));
  if (keys.empty()) return absl::OkStatus();
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  std::map<std::string_view, std::string_view> in_batch;
  for (const WrappedKey& key : keys) {
    const std::string stored_key = SideKey(key.id);
    IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                          GetValue(*database_, *handle, kKeys, stored_key));
    const auto [it, first] = in_batch.emplace(key.id, key.bytes);
    if ((stored.has_value() && *stored != EncodeOpaque(key.bytes)) || it->second != key.bytes) {
      return Error(Reason::kAlreadyExists,
                   "another key exists under this id; keys are never replaced");
    }
    if (!stored.has_value() && first) {
      batch.Put(handle->family(kKeys), stored_key, EncodeOpaque(key.bytes));
    }
  }
  if (batch.Count() == 0) return absl::OkStatus();
  return database_->Write(*handle, batch);
}

absl::StatusOr<std::optional<std::string>> RocksKeyStore::Get(std::string_view id) const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        GetValue(*database_, *handle, kKeys, SideKey(id)));
  if (!value.has_value()) return std::optional<std::string>();
  const std::optional<std::string_view> bytes = DecodeOpaque(*value);
  if (!bytes.has_value()) return database_->FailCorrupt("a key of the key store cannot be read");
  return std::optional<std::string>(*bytes);
}

absl::StatusOr<bool> RocksKeyStore::Exists(std::string_view id) const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        GetValue(*database_, *handle, kKeys, SideKey(id)));
  return value.has_value();
}

absl::Status RocksKeyStore::Delete(std::span<const std::string> ids) {
  if (ids.empty()) return absl::OkStatus();
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  for (const std::string& id : ids) batch.Delete(handle->family(kKeys), SideKey(id));
  IMDI_RETURN_IF_ERROR(database_->Write(*handle, batch));
  // The key is in the log file, perhaps in a table, and below the deletion in older tables. A
  // compaction of the whole family writes what is left anew; flushing drops the log file. An
  // unknown id goes the whole way too: it may be the repetition of a deletion that was interrupted
  // right here.
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  compact.exclusive_manual_compaction = true;
  rocksdb::Status status = handle->db().Flush(rocksdb::FlushOptions(), handle->family(kKeys));
  if (status.ok()) {
    status = handle->db().CompactRange(compact, handle->family(kKeys), nullptr, nullptr);
  }
  if (!status.ok()) return database_->FailWrite(status);
  return absl::OkStatus();
}

absl::Status RocksKeyStore::State() const { return database_->State(); }
StoreStats RocksKeyStore::Stats() const { return database_->Stats(); }

absl::Status RocksKeyStore::Backup(const std::string& directory, const Proceed& proceed) {
  return BackupSideStore(*database_, KeySchema(), directory, proceed);
}

absl::Status RocksKeyStore::RestoreBackup(const std::string& backup_directory,
                                          const std::string& target_directory,
                                          std::shared_ptr<rocksdb::FileSystem> file_system) {
  return RestoreSideStore(KeySchema(), backup_directory, target_directory, std::move(file_system));
}

}  // namespace imdi::storage::rocks
