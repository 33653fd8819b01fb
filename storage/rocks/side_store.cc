#include "storage/rocks/side_store.h"

#include <utility>

#include "rocksdb/iterator.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/rocks/backup.h"

namespace imdi::storage::rocks {

absl::StatusOr<std::unique_ptr<Database>> OpenSideStore(const RocksOptions& options,
                                                        const Schema& schema) {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(options, schema));
  if (database->born()) return database;
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database->Use());
  for (size_t family = 0; family < schema.families.size(); ++family) {
    const std::unique_ptr<rocksdb::Iterator> it(
        handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(family)));
    it->SeekToFirst();
    if (it->Valid() || !it->status().ok()) {
      return database->FailCorrupt(
          "the data folder holds entries but lost its format stamp; restore it from a backup");
    }
  }
  IMDI_RETURN_IF_ERROR(database->FinishBirth());
  return database;
}

void KeepSideStore(Database& database, base::Mutex& write_mutex) {
  if (database.options().read_only) return;
  database.StartKeeper([&database, &write_mutex]() -> absl::Status {
    base::MutexLock lock(write_mutex);
    return database.Reopen().status();
  });
}

absl::Status BackupSideStore(const Database& database, const Schema& schema,
                             const std::string& directory, const Proceed& proceed) {
  IMDI_RETURN_IF_ERROR(database.State());
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database.Use());
  IMDI_RETURN_IF_ERROR(CheckpointInto(database, *handle, directory));
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> copy,
                        Database::OpenReadOnly(database.file_system(), directory + "/db", schema));
  IMDI_RETURN_IF_ERROR(proceed(0));
  const rocksdb::Status verified = copy->db().VerifyChecksum();
  if (!verified.ok()) {
    return base::Error(
        base::Reason::kStoreCorrupt,
        base::StrCat("the copy of the ", schema.kind, " cannot be read; make another backup"));
  }
  return SealBackup(database.fs(), directory, {.kind = schema.kind, .facts = {}, .files = {}},
                    proceed);
}

absl::Status RestoreSideStore(const Schema& schema, const std::string& backup_directory,
                              const std::string& target_directory, FileSystemPtr file_system) {
  const FileSystemPtr fs = OrDefault(std::move(file_system));
  IMDI_ASSIGN_OR_RETURN(const BackupManifest manifest,
                        ReadBackup(*fs, backup_directory, schema.kind));
  IMDI_RETURN_IF_ERROR(CopyBackup(*fs, manifest, backup_directory, target_directory));
  RocksOptions options;
  options.path = target_directory;
  options.file_system = fs;
  IMDI_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::Open(options, schema));
  return database->FinishBirth();
}

absl::StatusOr<std::optional<std::string>> GetValue(const Database& database, const Handle& handle,
                                                    size_t family, const std::string& key) {
  std::string value;
  const rocksdb::Status got =
      handle.db().Get(rocksdb::ReadOptions(), handle.family(family), key, &value);
  if (got.IsNotFound()) return std::optional<std::string>();
  if (!got.ok()) return database.FailRead(got);
  return std::optional<std::string>(std::move(value));
}

}  // namespace imdi::storage::rocks
