#include "storage/rocks/database.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "rocksdb/filter_policy.h"
#include "rocksdb/listener.h"
#include "rocksdb/perf_level.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/system_clock.h"
#include "rocksdb/table.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/rocks/checked_tables.h"
#include "storage/rocks/layout.h"

namespace imdi::storage::rocks {

using base::Error;
using base::MutexLock;
using base::Reason;
using base::StrCat;
using rocksdb::IOOptions;

namespace {

constexpr size_t kProbeBytes = 256 << 10;
constexpr size_t kLogLineBytesMax = 512;

// RocksDB's own messages, into our log. Without it RocksDB writes a LOG file, and Debian's build
// ends the process when that file meets a full or read-only disk.
class EngineLogger final : public rocksdb::Logger {
 public:
  EngineLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, kLogLineBytesMax> line{};
    const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (size <= 0) return;
    base::LogEvent(base::Level::kWarning, "storage_engine",
                   {{"text", std::string_view(line.data(), std::min(line.size() - 1,
                                                                    static_cast<size_t>(size)))}});
  }
};

// RocksDB waits a whole second after a flush that failed, and whoever closes or reopens the store
// waits with it. Nothing is retried in that second here, so it is shortened.
class ShortSleepClock final : public rocksdb::SystemClockWrapper {
 public:
  using rocksdb::SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "ShortSleepClock"; }
  void SleepForMicroseconds(int micros) override {
    target_->SleepForMicroseconds(std::min(micros, 20'000));
  }
};

class EngineEnv final : public rocksdb::EnvWrapper {
 public:
  explicit EngineEnv(const FileSystemPtr& fs)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(CheckTables(fs))) {
    system_clock_ = std::make_shared<ShortSleepClock>(system_clock_);
  }
  const char* Name() const override { return "EngineEnv"; }
};

bool IsHeldLock(const rocksdb::IOStatus& status) {
  const std::string text = status.ToString();
  return text.find("lock hold by current process") != std::string::npos ||
         text.find("Resource temporarily unavailable") != std::string::npos ||
         text.find("Permission denied") != std::string::npos;
}

}  // namespace

// Keeps RocksDB from recovering by itself: what a failed write left behind is looked at first.
class Database::ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(Database& database) : database_(database) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (status == nullptr || status->ok() || status->IsShutdownInProgress()) return;
    static_cast<void>(database_.FailWrite(*status));
  }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    if (auto_recovery != nullptr) *auto_recovery = false;
  }

 private:
  Database& database_;
};

Handle::~Handle() {
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    if (!db_->DestroyColumnFamilyHandle(family).ok()) continue;  // Nothing to do about it.
  }
  const rocksdb::Status closed = db_->Close();
  if (!closed.ok()) {
    base::LogEvent(base::Level::kWarning, "storage_close_failed", {{"text", closed.ToString()}});
  }
}

Database::Database(RocksOptions options, Schema schema)
    : options_(std::move(options)),
      schema_(std::move(schema)),
      fs_(OrDefault(options_.file_system)),
      env_(std::make_unique<EngineEnv>(fs_)),
      cache_(rocksdb::NewLRUCache(options_.block_cache_bytes + options_.write_buffer_bytes)),
      // What rows take is charged to the cache, so that one limit holds for both.
      write_buffers_(
          std::make_shared<rocksdb::WriteBufferManager>(options_.write_buffer_bytes, cache_)) {}

Database::~Database() {
  StopKeeper();
  std::shared_ptr<Handle> handle;
  {
    MutexLock lock(mutex_);
    handle.swap(handle_);
  }
  handle.reset();
  if (lock_ != nullptr) {
    const rocksdb::IOStatus unlocked = fs_->UnlockFile(lock_, IOOptions(), nullptr);
    if (!unlocked.ok()) {
      base::LogEvent(base::Level::kWarning, "storage_unlock_failed",
                     {{"text", unlocked.ToString()}});
    }
  }
}

std::string Database::PathOf(std::string_view name) const {
  return StrCat(options_.path, "/", name);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const RocksOptions& options,
                                                         const Schema& schema) {
  std::unique_ptr<Database> database(new Database(options, schema));
  IMDI_RETURN_IF_ERROR(database->CheckFormat());  // Before anything is written, the lock included.
  if (options.read_only) {
    if (!database->born_) {
      return Error(Reason::kStoreUnavailable,
                   "there is no finished store in the data folder to read");
    }
    IMDI_ASSIGN_OR_RETURN(std::shared_ptr<Handle> handle,
                          OpenReadOnly(database->fs_, database->PathOf("db"), schema));
    MutexLock lock(database->mutex_);
    database->handle_ = std::move(handle);
    return database;
  }
  if (const auto made = CreateDirectories(*database->fs_, options.path); !made.ok()) {
    return database->OpenFailure(made);
  }
  IMDI_RETURN_IF_ERROR(database->TakeLock());
  IMDI_RETURN_IF_ERROR(database->CheckFormat());  // Again: the last owner may have been newer.
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<Handle> handle, database->OpenHandle(!database->born_));
  MutexLock lock(database->mutex_);
  database->handle_ = std::move(handle);
  return database;
}

absl::Status Database::CheckFormat() {
  const std::string path = PathOf("FORMAT");
  const rocksdb::IOStatus found = fs_->FileExists(path, IOOptions(), nullptr);
  if (found.IsNotFound()) {
    born_ = false;
    return absl::OkStatus();
  }
  std::string text;
  rocksdb::IOStatus read = found;
  if (read.ok()) read = ReadFile(*fs_, path, text);
  if (!read.ok()) return OpenFailure(read);
  const std::optional<Format> format = DecodeFormat(text);
  if (!format.has_value()) {
    return Error(
        Reason::kStoreCorrupt,
        "the format stamp of the data folder cannot be read; restore the folder from a backup");
  }
  if (format->kind != schema_.kind) {
    return Error(Reason::kStoreCorrupt,
                 StrCat("the data folder belongs to a store of kind ", base::Quoted(format->kind),
                        ", not ", base::Quoted(schema_.kind), "; check the configured path"));
  }
  if (format->version > schema_.version) {
    return base::WithMetadata(
        Error(Reason::kFormatTooNew,
              StrCat("the data folder has format ", format->version, ", this program knows up to ",
                     schema_.version, "; start a newer program. Nothing was written")),
        "format", StrCat(format->version));
  }
  born_ = true;
  return absl::OkStatus();
}

absl::Status Database::TakeLock() {
  const rocksdb::IOStatus locked = fs_->LockFile(PathOf("LOCK"), IOOptions(), &lock_, nullptr);
  if (locked.ok()) return absl::OkStatus();
  lock_ = nullptr;
  if (IsHeldLock(locked)) {
    return Error(
        Reason::kStoreLocked,
        "the data folder is open in another process; each service has a folder of its own");
  }
  return OpenFailure(locked);
}

absl::Status Database::FinishBirth() {
  if (born_) return absl::OkStatus();
  const rocksdb::IOStatus written =
      WriteFileAtomically(*fs_, PathOf("FORMAT"), EncodeFormat(schema_.kind, schema_.version));
  if (!written.ok()) return OpenFailure(written);
  born_ = true;
  return absl::OkStatus();
}

rocksdb::DBOptions Database::DbOptions() const {
  rocksdb::DBOptions db;
  db.env = env_.get();
  db.info_log = std::make_shared<EngineLogger>();
  // The only mode that opens after every torn tail and refuses every flipped bit. It relies on logs
  // that are never recycled.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.recycle_log_file_num = 0;
  db.track_and_verify_wals_in_manifest = true;
  db.paranoid_checks = true;
  // All families are flushed together, so that losing a log file can never take the index of a
  // record and leave the record.
  db.atomic_flush = true;
  // What was replayed goes into synced tables before the store serves: after a failed sync the
  // kernel may show bytes that the disk never got.
  db.avoid_flush_during_recovery = false;
  db.write_buffer_manager = write_buffers_;
  db.max_total_wal_size = 2 * options_.write_buffer_bytes;
  db.max_bgerror_resume_count = 0;
  db.max_open_files = -1;  // Missing tables are noticed at once.
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.delete_obsolete_files_period_micros = 0;
  db.db_host_id = "";  // Tables would name the machine otherwise.
  db.listeners.push_back(std::make_shared<ErrorListener>(*const_cast<Database*>(this)));
  return db;
}

rocksdb::ColumnFamilyOptions Database::FamilyOptions() const {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache_;
  // What grows with the number of tables, or of keys, lies in the cache or is charged to it.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.cache_usage_options.options_overrides[rocksdb::CacheEntryRole::kBlockBasedTableReader]
      .charged = rocksdb::CacheEntryRoleOptions::Decision::kEnabled;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 16 << 10;
  table.format_version = kTableFormatVersion;
  table.checksum = kTableChecksum;
  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = options_.write_buffer_bytes;
  // Rows of a family are charged by the block, and all families are flushed when the blocks of all
  // fill the buffer: with the engine's own, of an eighth of it, that is after a few rows of each,
  // and as many small tables come of it.
  family.arena_block_size = std::max<size_t>(64 * base::kKiB, options_.write_buffer_bytes / 128);
  family.compression = rocksdb::kNoCompression;  // Payloads are ciphertext and packed numbers.
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.02;
  if (schema_.ordered_batches) {
    // Every key begins with the same byte, its version: one place to go on from for each family.
    family.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  }
  return family;
}

absl::StatusOr<std::shared_ptr<Handle>> Database::OpenHandle(bool create) {
  rocksdb::DBOptions db_options = DbOptions();
  db_options.create_if_missing = create;
  db_options.create_missing_column_families = create;
  const rocksdb::ColumnFamilyOptions family = FamilyOptions();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, family);
  for (const std::string& name : schema_.families) families.emplace_back(name, family);
  // RocksDB would report an error in its log for a folder that it makes itself.
  if (create) {
    if (const auto made = CreateDirectories(*fs_, PathOf("db")); !made.ok()) {
      return OpenFailure(made);
    }
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened =
      rocksdb::DB::Open(db_options, PathOf("db"), families, &handles, &db);
  if (!opened.ok()) return OpenFailure(opened);
  return std::make_shared<Handle>(std::unique_ptr<rocksdb::DB>(db), std::move(handles));
}

absl::StatusOr<std::shared_ptr<Handle>> Database::OpenReadOnly(FileSystemPtr fs,
                                                               const std::string& directory,
                                                               const Schema& schema) {
  RocksOptions options;
  options.path = ParentOf(directory);
  options.file_system = std::move(fs);
  options.block_cache_bytes = 8 * base::kMiB;
  // Owns the Env that the handle needs, so it lives as long as the handle.
  auto database = std::shared_ptr<Database>(new Database(options, schema));
  rocksdb::DBOptions db_options = database->DbOptions();
  db_options.listeners.clear();
  const rocksdb::ColumnFamilyOptions family = database->FamilyOptions();
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, family);
  for (const std::string& name : schema.families) families.emplace_back(name, family);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened =
      rocksdb::DB::OpenForReadOnly(db_options, directory, families, &handles, &db);
  if (!opened.ok()) return database->OpenFailure(opened);
  auto* handle = new Handle(std::unique_ptr<rocksdb::DB>(db), std::move(handles));
  return std::shared_ptr<Handle>(handle, [database](Handle* closing) { delete closing; });
}

absl::Status Database::OpenFailure(const rocksdb::Status& status) const {
  base::LogEvent(base::Level::kError, "store_open_failed",
                 {{"kind", schema_.kind}, {"text", status.ToString()}});
  if (status.IsNoSpace()) {
    return Error(Reason::kDiskFull,
                 "the disk of the data folder is full; free space and start again");
  }
  if (status.IsIOError()) {
    const std::string text = status.ToString();
    // A file that the folder's own list names and that is not there is damage, not a disk fault.
    if (text.find("No such file") == std::string::npos) {
      return Error(Reason::kStoreUnavailable,
                   "the data folder cannot be opened for writing; look at the disk and its rights");
    }
  }
  return Error(Reason::kStoreCorrupt,
               StrCat("the ", schema_.kind,
                      " store is damaged and is not served; restore it from a backup"));
}

absl::StatusOr<std::shared_ptr<Handle>> Database::Use() const {
  MutexLock lock(mutex_);
  if (phase_ == Phase::kCorrupt) return StateOf(phase_);
  if (handle_ == nullptr) {
    return base::WithRetryDelay(
        Error(Reason::kStoreUnavailable, "the store is being opened again; try again"),
        options_.recovery_interval);
  }
  return handle_;
}

absl::Status Database::StateOf(Phase phase) const {
  switch (phase) {
    case Phase::kServing:
      return absl::OkStatus();
    case Phase::kDiskFull:
      return base::WithRetryDelay(
          Error(Reason::kDiskFull,
                "the disk is full; the store goes on by itself when there is space"),
          absl::Seconds(1));
    case Phase::kPoisoned:
      return Error(
          Reason::kStorePoisoned,
          "a write to the disk failed; nothing is accepted until the service was restarted "
          "and has verified its store");
    case Phase::kCorrupt:
      return Error(Reason::kStoreCorrupt,
                   StrCat("the ", schema_.kind,
                          " store is damaged and is not served; restore it from a backup"));
  }
  return Error(Reason::kInternal, "unknown phase of a store");
}

bool Database::HasSpace() const {
  if (options_.free_bytes_min == 0) return true;
  uint64_t free = 0;
  const rocksdb::IOStatus asked = fs_->GetFreeSpace(options_.path, IOOptions(), &free, nullptr);
  return !asked.ok() || free >= options_.free_bytes_min;
}

bool Database::CanWrite() const {
  const std::string path = PathOf("PROBE");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = fs_->NewWritableFile(path, rocksdb::FileOptions(), &file, nullptr);
  if (!status.ok()) return false;
  status = file->Append(std::string(kProbeBytes, 'p'), IOOptions(), nullptr);
  if (status.ok()) status = file->Sync(IOOptions(), nullptr);
  const rocksdb::IOStatus closed = file->Close(IOOptions(), nullptr);
  const rocksdb::IOStatus deleted = fs_->DeleteFile(path, IOOptions(), nullptr);
  return status.ok() && closed.ok() && deleted.ok();
}

absl::Status Database::Admit() {
  if (options_.read_only) {
    return Error(Reason::kStoreUnavailable, "the store was opened for reading only");
  }
  return State();
}

absl::Status Database::State() const {
  {
    MutexLock lock(mutex_);
    if (phase_ != Phase::kServing) return StateOf(phase_);
  }
  if (!options_.read_only && !HasSpace()) return StateOf(Phase::kDiskFull);
  return absl::OkStatus();
}

StoreStats Database::Stats() const {
  StoreStats stats;
  stats.state = State();
  stats.free_disk_bytes_min = options_.free_bytes_min;
  if (!fs_->GetFreeSpace(options_.path, IOOptions(), &stats.free_disk_bytes, nullptr).ok())
    stats.free_disk_bytes = 0;
  stats.memory_bytes = cache_->GetUsage();
  stats.write_buffer_bytes = write_buffers_->memory_usage();
  stats.memory_bytes_max = options_.block_cache_bytes + options_.write_buffer_bytes;
  const absl::StatusOr<std::shared_ptr<Handle>> handle = Use();
  if (!handle.ok()) return stats;
  for (size_t family = 0; family < schema_.families.size(); ++family) {
    const auto add = [&](const std::string& property, uint64_t& to) {
      uint64_t value = 0;
      if ((*handle)->db().GetIntProperty((*handle)->family(family), property, &value)) to += value;
    };
    add(rocksdb::DB::Properties::kTotalSstFilesSize, stats.table_bytes);
    add(rocksdb::DB::Properties::kEstimateNumKeys, stats.entries);
  }
  return stats;
}

absl::Status Database::Write(Handle& handle, rocksdb::WriteBatch& batch) {
  // RocksDB counts what it does for each thread, which nobody reads here: several counts for every
  // entry. For the committer's thread this covers its reads as well.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status written = Timed("wal", [&] { return handle.db().Write(options, &batch); });
  if (!written.ok()) return FailWrite(written);
  return absl::OkStatus();
}

void Database::Worsen(Phase phase) const {
  MutexLock lock(mutex_);
  if (phase > phase_) phase_ = phase;
  changed_.NotifyAll();
}

absl::Status Database::FailWrite(const rocksdb::Status& status) {
  const Phase phase = status.IsNoSpace()      ? Phase::kDiskFull
                      : status.IsCorruption() ? Phase::kCorrupt
                                              : Phase::kPoisoned;
  base::LogEvent(base::Level::kError, "store_write_failed",
                 {{"kind", schema_.kind}, {"text", status.ToString()}});
  Worsen(phase);
  return StateOf(phase);
}

absl::Status Database::FailRead(const rocksdb::Status& status) const {
  base::LogEvent(base::Level::kError, "store_read_failed",
                 {{"kind", schema_.kind}, {"text", status.ToString()}});
  // A file that vanished or ended early is damage too, however RocksDB calls it.
  if (status.IsCorruption()) {
    Worsen(Phase::kCorrupt);
    return StateOf(Phase::kCorrupt);
  }
  return Error(Reason::kStoreUnavailable, "the store could not be read; try again");
}

absl::Status Database::FailCorrupt(std::string_view what) const {
  base::LogEvent(base::Level::kError, "store_corrupt", {{"kind", schema_.kind}, {"text", what}});
  Worsen(Phase::kCorrupt);
  return Error(Reason::kStoreCorrupt, what);
}

absl::StatusOr<std::shared_ptr<Handle>> Database::Reopen() {
  std::weak_ptr<Handle> closing;
  {
    std::shared_ptr<Handle> old;
    {
      MutexLock lock(mutex_);
      old.swap(handle_);
    }
    closing = old;
  }
  // Readers hold it for one call at most. The pointer counts as gone a moment before RocksDB is
  // closed, and RocksDB's own lock covers that moment: the keeper then simply comes again.
  while (!closing.expired()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  IMDI_ASSIGN_OR_RETURN(std::shared_ptr<Handle> handle, OpenHandle(false));
  MutexLock lock(mutex_);
  handle_ = handle;
  return handle;
}

void Database::StartKeeper(std::function<absl::Status()> recover) {
  recover_ = std::move(recover);
  keeper_ = std::thread([this] { Keep(); });
}

void Database::StopKeeper() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (keeper_.joinable()) keeper_.join();
}

void Database::Keep() {
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && phase_ != Phase::kDiskFull) changed_.Wait(mutex_);
      if (!stopping_) changed_.WaitFor(mutex_, options_.recovery_interval);
      if (stopping_) return;
      if (phase_ != Phase::kDiskFull) continue;
    }
    if (!HasSpace() || !CanWrite()) continue;
    const absl::Status recovered = recover_();
    if (recovered.ok()) {
      MutexLock lock(mutex_);
      if (phase_ == Phase::kDiskFull) phase_ = Phase::kServing;
      base::LogEvent(base::Level::kInfo, "store_recovered", {{"kind", schema_.kind}});
      continue;
    }
    const Reason reason = base::ReasonOf(recovered);
    if (reason == Reason::kStoreCorrupt) Worsen(Phase::kCorrupt);
  }
}

}  // namespace imdi::storage::rocks
