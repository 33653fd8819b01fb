#include "storage/rocks/side_store.h"

#include <utility>

#include "rocksdb/iterator.h"
#include "services/base/status_macros.h"

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
