#include "storage/rocks/fold_store.h"

#include <algorithm>
#include <utility>

#include "rocksdb/iterator.h"
#include "rocksdb/write_batch.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/append_plan.h"
#include "storage/rocks/database.h"
#include "storage/rocks/files.h"
#include "storage/rocks/side_layout.h"
#include "storage/rocks/side_store.h"

namespace imdi::storage::rocks {

using base::Error;
using base::MutexLock;
using base::Reason;

namespace {

constexpr size_t kDerivedStoreMibDefault = 64;
constexpr size_t kState = 0;
constexpr size_t kCursor = 1;

const Schema& FoldSchema() {
  static const auto* schema = new Schema{"fold", kFoldStoreFormatVersion, {"state", "cursor"}};
  return *schema;
}

constexpr std::string_view kStateUnreadable = "derived state cannot be read";

}  // namespace

RocksFoldStore::RocksFoldStore(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}

RocksFoldStore::~RocksFoldStore() { database_->StopKeeper(); }

absl::StatusOr<std::unique_ptr<RocksFoldStore>> RocksFoldStore::Open(const RocksOptions& options) {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenSideStore(options, FoldSchema()));
  std::unique_ptr<RocksFoldStore> store(new RocksFoldStore(std::move(database)));
  KeepSideStore(*store->database_, store->write_mutex_);
  return store;
}

absl::StatusOr<std::optional<FoldCursor>> RocksFoldStore::LoadCursor() const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        GetValue(*database_, *handle, kCursor, CursorKey()));
  if (!value.has_value()) return std::optional<FoldCursor>();
  std::optional<FoldCursor> cursor = DecodeCursor(*value);
  if (!cursor.has_value()) return database_->FailCorrupt("the cursor cannot be read");
  return cursor;
}

absl::StatusOr<std::optional<std::string>> RocksFoldStore::Get(std::string_view key) const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        GetValue(*database_, *handle, kState, SideKey(key)));
  if (!value.has_value()) return std::optional<std::string>();
  const std::optional<std::string_view> bytes = DecodeOpaque(*value);
  if (!bytes.has_value()) return database_->FailCorrupt(kStateUnreadable);
  return std::optional<std::string>(*bytes);
}

absl::StatusOr<std::vector<FoldItem>> RocksFoldStore::List(std::string_view prefix,
                                                           std::string_view after_key,
                                                           int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  std::vector<FoldItem> list;
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kState)));
  const bool from_prefix = after_key.empty() || after_key < prefix;
  size_t bytes = 0;
  for (it->Seek(SideKey(from_prefix ? prefix : after_key)); it->Valid(); it->Next()) {
    const std::string_view key = NameOfSideKey(ToView(it->key()));
    if (!key.starts_with(prefix)) break;
    if (!from_prefix && key == after_key) continue;
    const std::optional<std::string_view> value = DecodeOpaque(ToView(it->value()));
    if (!value.has_value()) return database_->FailCorrupt(kStateUnreadable);
    bytes += value->size();
    if (static_cast<int64_t>(list.size()) >= limit) break;
    if (!list.empty() && bytes > kFoldListBytesMax) break;
    list.push_back({std::string(key), std::string(*value)});
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  return list;
}

absl::Status RocksFoldStore::Write(std::span<const FoldItem> puts,
                                   std::span<const std::string> deletes,
                                   const std::optional<FoldCursor>& cursor) {
  IMDI_RETURN_IF_ERROR(CheckFoldItems(puts, deletes));
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  for (const std::string& key : deletes) batch.Delete(handle->family(kState), SideKey(key));
  for (const FoldItem& item : puts) {
    batch.Put(handle->family(kState), SideKey(item.key), EncodeOpaque(item.value));
  }
  if (cursor.has_value()) batch.Put(handle->family(kCursor), CursorKey(), EncodeCursor(*cursor));
  if (batch.Count() == 0) return absl::OkStatus();
  return database_->Write(*handle, batch);
}

absl::Status RocksFoldStore::Reset() {
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  batch.Delete(handle->family(kCursor), CursorKey());
  batch.DeleteRange(handle->family(kState), SideKey(""), std::string("\x02", 1));
  return database_->Write(*handle, batch);
}

absl::Status RocksFoldStore::State() const { return database_->State(); }
StoreStats RocksFoldStore::Stats() const { return database_->Stats(); }

absl::Status RocksFoldStore::Discard(const RocksOptions& options) {
  const FileSystemPtr fs = OrDefault(options.file_system);
  if (!Exists(*fs, options.path)) return absl::OkStatus();
  const auto path = [&options](std::string_view name) {
    return base::StrCat(options.path, "/", name);
  };
  rocksdb::FileLock* lock = nullptr;
  if (!fs->LockFile(path("LOCK"), rocksdb::IOOptions(), &lock, nullptr).ok()) {
    return Error(Reason::kStoreLocked,
                 "the data folder is open; it can be deleted only when closed");
  }
  // The stamp goes first: without it, what is left of an interrupted deletion is no store.
  rocksdb::IOStatus status;
  const auto remove = [&](const std::string& file) {
    if (status.ok() && Exists(*fs, file)) {
      status = fs->DeleteFile(file, rocksdb::IOOptions(), nullptr);
    }
  };
  remove(path("FORMAT"));
  if (status.ok()) status = SyncDirectory(*fs, options.path);
  for (const std::string& name : ListDirectory(*fs, path("db"))) {
    remove(base::StrCat(path("db"), "/", name));
  }
  const rocksdb::IOStatus unlocked = fs->UnlockFile(lock, rocksdb::IOOptions(), nullptr);
  if (status.ok()) status = unlocked;
  if (status.ok()) return absl::OkStatus();
  base::LogEvent(base::Level::kError, "store_discard_failed", {{"text", status.ToString()}});
  return Error(Reason::kStoreUnavailable,
               "the derived state could not be deleted; look at the disk");
}

absl::StatusOr<std::unique_ptr<RocksFoldStore>> OpenDerivedStore(
    const std::string& folder, int32_t memory_mib,
    std::function<void(std::string_view, absl::Duration)> synced) {
  RocksOptions options;
  options.path = folder;
  options.synced = std::move(synced);
  const size_t bytes =
      (memory_mib > 0 ? static_cast<size_t>(memory_mib) : kDerivedStoreMibDefault) * base::kMiB;
  options.SetMemory(bytes);
  auto store = RocksFoldStore::Open(options);
  if (store.ok() || base::ReasonOf(store.status()) != Reason::kStoreCorrupt) return store;
  base::LogEvent(base::Level::kWarning, "derived_store_discarded",
                 {{"status", store.status().ToString()}});
  IMDI_RETURN_IF_ERROR(RocksFoldStore::Discard(options));
  return RocksFoldStore::Open(options);
}

absl::Status DiscardDerivedStore(const std::string& folder) {
  base::LogEvent(base::Level::kWarning, "derived_store_discarded", {{"folder", folder}});
  RocksOptions options;
  options.path = folder;
  return RocksFoldStore::Discard(options);
}

}  // namespace imdi::storage::rocks
