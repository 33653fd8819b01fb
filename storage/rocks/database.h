#pragma once

// One data folder with a RocksDB in it: opening, the format stamp, the lock, and what becomes of a
// store when its disk fails. The stores of this room are built on it.
//
//   <path>/FORMAT   kind and format version; written last when a folder is made
//   <path>/LOCK     held while the folder is open
//   <path>/db/      RocksDB's files
//
// When a write fails: a full disk makes the store wait and reopen itself once there is space; after
// any other failure (POISONED) nothing may be acknowledged until the process has been started
// again, since nobody can know what the disk holds. Damage that was read (CORRUPT) ends reading as
// well.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"
#include "rocksdb/write_buffer_manager.h"
#include "services/base/mutex.h"
#include "storage/rocks/files.h"
#include "storage/rocks/options.h"
#include "storage/store_stats.h"

namespace imdi::storage::rocks {

// An open RocksDB; closed when the last user lets go.
class Handle {
 public:
  Handle(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families)
      : db_(std::move(db)), families_(std::move(families)) {}
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  rocksdb::DB& db() const { return *db_; }
  // Number `index` of the schema's families.
  rocksdb::ColumnFamilyHandle* family(size_t index) const { return families_[index + 1]; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*>
      families_;  // "default", which stays empty, comes first.
};

struct Schema {
  std::string kind;
  int version = 1;
  std::vector<std::string> families;
  // Entries of a batch come in the order of their keys, family by family: each is then sought from
  // where the one before it went, rather than from the top.
  bool ordered_batches = false;
};

class Database {
 public:
  // STORE_LOCKED, FORMAT_TOO_NEW, STORE_CORRUPT, DISK_FULL or STORE_UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const RocksOptions& options,
                                                        const Schema& schema);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // True when the folder carried its format stamp already. One that does not was never finished,
  // and may hold nothing of value.
  bool born() const { return born_; }
  // The last step of making a folder.
  absl::Status FinishBirth();

  // Never null: STORE_UNAVAILABLE while the store is being reopened, STORE_CORRUPT after damage.
  absl::StatusOr<std::shared_ptr<Handle>> Use() const;

  // OK when a write may be tried: not failed, and enough space.
  absl::Status Admit();
  absl::Status State() const;
  // Cheap enough for every few seconds.
  StoreStats Stats() const;

  // One synced batch. On failure the store is in the state that the failure calls for.
  absl::Status Write(Handle& handle, rocksdb::WriteBatch& batch);
  // Runs `sync`, telling how long it took.
  template <typename Sync>
  auto Timed(std::string_view file, const Sync& sync) const {
    if (!options_.synced) return sync();
    const auto began = std::chrono::steady_clock::now();
    auto status = sync();
    options_.synced(file, absl::FromChrono(std::chrono::steady_clock::now() - began));
    return status;
  }
  // What a failed write to any file of the folder means; for the reads, likewise.
  absl::Status FailWrite(const rocksdb::Status& status);
  absl::Status FailRead(const rocksdb::Status& status) const;
  // Damage found by looking: ends acknowledging and serving.
  absl::Status FailCorrupt(std::string_view what) const;

  // `recover` runs on the keeper's thread when a full disk has space again: it must keep writers
  // out, call Reopen and look at what the store holds now; OK brings the store back.
  void StartKeeper(std::function<absl::Status()> recover);
  void StopKeeper();
  // Closes RocksDB, once its last reader is done, and opens it again.
  absl::StatusOr<std::shared_ptr<Handle>> Reopen();

  rocksdb::FileSystem& fs() const { return *fs_; }
  const FileSystemPtr& file_system() const { return fs_; }
  const RocksOptions& options() const { return options_; }
  const Schema& schema() const { return schema_; }
  std::string PathOf(std::string_view name) const;

  // Opens the RocksDB in `directory` without a lock and without writing.
  static absl::StatusOr<std::shared_ptr<Handle>> OpenReadOnly(FileSystemPtr fs,
                                                              const std::string& directory,
                                                              const Schema& schema);

 private:
  enum class Phase { kServing, kDiskFull, kPoisoned, kCorrupt };
  class ErrorListener;

  Database(RocksOptions options, Schema schema);
  absl::Status CheckFormat();
  absl::Status TakeLock();
  absl::StatusOr<std::shared_ptr<Handle>> OpenHandle(bool create);
  absl::Status OpenFailure(const rocksdb::Status& status) const;
  rocksdb::DBOptions DbOptions() const;
  rocksdb::ColumnFamilyOptions FamilyOptions() const;
  // Moves to a worse phase, never to a better one.
  void Worsen(Phase phase) const;
  absl::Status StateOf(Phase phase) const;
  bool HasSpace() const;
  bool CanWrite() const;
  void Keep();

  const RocksOptions options_;
  const Schema schema_;
  const FileSystemPtr fs_;
  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<rocksdb::Cache> cache_;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers_;
  rocksdb::FileLock* lock_ = nullptr;
  bool born_ = false;

  std::function<absl::Status()> recover_;
  std::thread keeper_;

  mutable base::Mutex mutex_;
  mutable base::CondVar changed_;
  mutable Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kServing;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Handle> handle_ ABSL_GUARDED_BY(mutex_);
};

inline rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace imdi::storage::rocks
