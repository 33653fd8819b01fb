#include "storage/rocks/draft_store.h"

#include <algorithm>
#include <utility>

#include "rocksdb/iterator.h"
#include "rocksdb/write_batch.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "storage/append_plan.h"
#include "storage/rocks/database.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/side_layout.h"
#include "storage/rocks/side_store.h"

namespace imdi::storage::rocks {

using base::MutexLock;

namespace {

constexpr size_t kDrafts = 0;
constexpr size_t kMetaOfDrafts = 1;

const Schema& DraftSchema() {
  static const auto* schema = new Schema{"drafts", kDraftStoreFormatVersion, {"drafts", "meta"}};
  return *schema;
}

constexpr std::string_view kDraftUnreadable = "a draft cannot be read";

}  // namespace

RocksDraftStore::RocksDraftStore(std::unique_ptr<Database> database, int64_t drafts_max)
    : database_(std::move(database)), drafts_max_(drafts_max) {}

RocksDraftStore::~RocksDraftStore() { database_->StopKeeper(); }

absl::StatusOr<std::unique_ptr<RocksDraftStore>> RocksDraftStore::Open(const RocksOptions& options,
                                                                       int64_t drafts_max) {
  IMDI_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, OpenSideStore(options, DraftSchema()));
  std::unique_ptr<RocksDraftStore> store(new RocksDraftStore(std::move(database), drafts_max));
  IMDI_RETURN_IF_ERROR(store->LoadCounters());
  KeepSideStore(*store->database_, store->write_mutex_);
  return store;
}

absl::Status RocksDraftStore::LoadCounters() {
  MutexLock lock(write_mutex_);
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> last,
                        GetValue(*database_, *handle, kMetaOfDrafts, LastVersionKey()));
  if (last.has_value()) {
    const std::optional<int64_t> version = DecodePosition(*last);
    if (!version.has_value()) return database_->FailCorrupt("the draft counter cannot be read");
    last_version_ = *version;
  }
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kDrafts)));
  for (it->SeekToFirst(); it->Valid(); it->Next()) ++count_;
  if (!it->status().ok()) return database_->FailRead(it->status());
  return absl::OkStatus();
}

absl::StatusOr<int64_t> RocksDraftStore::Put(std::string_view name, int64_t expected_version,
                                             std::string_view bytes) {
  IMDI_RETURN_IF_ERROR(CheckDraft(name, expected_version, bytes));
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::optional<Draft> stored, Get(name));
  const int64_t current = stored.has_value() ? stored->version : 0;
  if (current != expected_version) return DraftChanged(name, current);
  if (current == 0 && count_ >= drafts_max_) return TooManyDrafts(drafts_max_);
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  // A version is used up even when the write fails: what the disk holds then is not known yet.
  const int64_t version = ++last_version_;
  batch.Put(handle->family(kDrafts), SideKey(name), EncodeDraft(version, bytes));
  batch.Put(handle->family(kMetaOfDrafts), LastVersionKey(), EncodePosition(version));
  IMDI_RETURN_IF_ERROR(database_->Write(*handle, batch));
  if (current == 0) ++count_;
  return version;
}

absl::StatusOr<std::optional<Draft>> RocksDraftStore::Get(std::string_view name) const {
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        GetValue(*database_, *handle, kDrafts, SideKey(name)));
  if (!value.has_value()) return std::optional<Draft>();
  const std::optional<DraftValue> draft = DecodeDraft(*value);
  if (!draft.has_value()) return database_->FailCorrupt(kDraftUnreadable);
  return std::optional<Draft>({std::string(name), draft->version, std::string(draft->bytes)});
}

absl::Status RocksDraftStore::Delete(std::string_view name, int64_t expected_version) {
  IMDI_RETURN_IF_ERROR(CheckDraft(name, expected_version, ""));
  MutexLock lock(write_mutex_);
  IMDI_RETURN_IF_ERROR(database_->Admit());
  IMDI_ASSIGN_OR_RETURN(const std::optional<Draft> stored, Get(name));
  const int64_t current = stored.has_value() ? stored->version : 0;
  if (current != expected_version) return DraftChanged(name, current);
  if (!stored.has_value()) return absl::OkStatus();
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  rocksdb::WriteBatch batch;
  batch.Delete(handle->family(kDrafts), SideKey(name));
  IMDI_RETURN_IF_ERROR(database_->Write(*handle, batch));
  --count_;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Draft>> RocksDraftStore::List(std::string_view prefix,
                                                         std::string_view after_name,
                                                         int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  limit = std::min(limit, kDraftListMax);
  IMDI_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, database_->Use());
  std::vector<Draft> list;
  const std::unique_ptr<rocksdb::Iterator> it(
      handle->db().NewIterator(rocksdb::ReadOptions(), handle->family(kDrafts)));
  const bool from_prefix = after_name.empty() || after_name < prefix;
  size_t bytes = 0;
  for (it->Seek(SideKey(from_prefix ? prefix : after_name)); it->Valid(); it->Next()) {
    const std::string_view name = NameOfSideKey(ToView(it->key()));
    if (!name.starts_with(prefix)) break;
    if (!from_prefix && name == after_name) continue;
    const std::optional<DraftValue> draft = DecodeDraft(ToView(it->value()));
    if (!draft.has_value()) return database_->FailCorrupt(kDraftUnreadable);
    bytes += draft->bytes.size();
    if (static_cast<int64_t>(list.size()) >= limit) break;
    if (!list.empty() && bytes > kDraftListBytesMax) break;
    list.push_back({std::string(name), draft->version, std::string(draft->bytes)});
  }
  if (!it->status().ok()) return database_->FailRead(it->status());
  return list;
}

absl::Status RocksDraftStore::State() const { return database_->State(); }
StoreStats RocksDraftStore::Stats() const { return database_->Stats(); }

absl::Status RocksDraftStore::Backup(const std::string& directory, const Proceed& proceed) {
  return BackupSideStore(*database_, DraftSchema(), directory, proceed);
}

absl::Status RocksDraftStore::RestoreBackup(const std::string& backup_directory,
                                            const std::string& target_directory,
                                            std::shared_ptr<rocksdb::FileSystem> file_system) {
  return RestoreSideStore(DraftSchema(), backup_directory, target_directory,
                          std::move(file_system));
}

}  // namespace imdi::storage::rocks
