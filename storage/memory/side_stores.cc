#include "storage/memory/side_stores.h"

#include <algorithm>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/append_plan.h"

namespace imdi::storage::memory {

using base::Error;
using base::MutexLock;
using base::Reason;

namespace {

// The first entry of a listing: within `prefix` and after `after`.
template <typename Map>
auto ListFrom(const Map& map, std::string_view prefix, std::string_view after) {
  return after.empty() || after < prefix ? map.lower_bound(prefix) : map.upper_bound(after);
}

}  // namespace

absl::Status MemoryKeyStore::Put(std::span<const WrappedKey> keys) {
  IMDI_RETURN_IF_ERROR(CheckKeys(keys));
  MutexLock lock(mutex_);
  auto next = keys_;  // A copy, so that a refused batch leaves nothing behind.
  for (const WrappedKey& key : keys) {
    const auto [it, inserted] = next.emplace(key.id, key.bytes);
    if (!inserted && it->second != key.bytes) {
      return Error(Reason::kAlreadyExists,
                   "another key exists under this id; keys are never replaced");
    }
  }
  keys_ = std::move(next);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> MemoryKeyStore::Get(std::string_view id) const {
  MutexLock lock(mutex_);
  const auto it = keys_.find(id);
  if (it == keys_.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

absl::StatusOr<bool> MemoryKeyStore::Exists(std::string_view id) const {
  MutexLock lock(mutex_);
  return keys_.contains(id);
}

absl::Status MemoryKeyStore::Delete(std::span<const std::string> ids) {
  MutexLock lock(mutex_);
  for (const std::string& id : ids) keys_.erase(id);
  return absl::OkStatus();
}

absl::Status MemoryKeyStore::Backup(const std::string&, const Proceed&) {
  return Error(Reason::kMethodNotOffered, "keys in memory have nothing to back up");
}

absl::Status MemoryDraftStore::Backup(const std::string&, const Proceed&) {
  return Error(Reason::kMethodNotOffered, "drafts in memory have nothing to back up");
}

absl::StatusOr<int64_t> MemoryDraftStore::Put(std::string_view name, int64_t expected_version,
                                              std::string_view bytes) {
  IMDI_RETURN_IF_ERROR(CheckDraft(name, expected_version, bytes));
  MutexLock lock(mutex_);
  const auto it = drafts_.find(name);
  const int64_t current = it == drafts_.end() ? 0 : it->second.version;
  if (current != expected_version) return DraftChanged(name, current);
  if (current == 0 && static_cast<int64_t>(drafts_.size()) >= drafts_max_) {
    return TooManyDrafts(drafts_max_);
  }
  ++last_version_;
  drafts_.insert_or_assign(std::string(name),
                           Draft{std::string(name), last_version_, std::string(bytes)});
  return last_version_;
}

absl::StatusOr<std::optional<Draft>> MemoryDraftStore::Get(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto it = drafts_.find(name);
  if (it == drafts_.end()) return std::optional<Draft>();
  return std::optional<Draft>(it->second);
}

absl::Status MemoryDraftStore::Delete(std::string_view name, int64_t expected_version) {
  IMDI_RETURN_IF_ERROR(CheckDraft(name, expected_version, ""));
  MutexLock lock(mutex_);
  const auto it = drafts_.find(name);
  const int64_t current = it == drafts_.end() ? 0 : it->second.version;
  if (current != expected_version) return DraftChanged(name, current);
  if (it != drafts_.end()) drafts_.erase(it);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Draft>> MemoryDraftStore::List(std::string_view prefix,
                                                          std::string_view after_name,
                                                          int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  limit = std::min(limit, kDraftListMax);
  MutexLock lock(mutex_);
  std::vector<Draft> list;
  size_t bytes = 0;
  for (auto it = ListFrom(drafts_, prefix, after_name);
       it != drafts_.end() && it->first.starts_with(prefix); ++it) {
    bytes += it->second.bytes.size();
    if (static_cast<int64_t>(list.size()) >= limit) break;
    if (!list.empty() && bytes > kDraftListBytesMax) break;
    list.push_back(it->second);
  }
  return list;
}

absl::StatusOr<std::optional<FoldCursor>> MemoryFoldStore::LoadCursor() const {
  MutexLock lock(mutex_);
  return cursor_;
}

absl::StatusOr<std::optional<std::string>> MemoryFoldStore::Get(std::string_view key) const {
  MutexLock lock(mutex_);
  const auto it = items_.find(key);
  if (it == items_.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

absl::StatusOr<std::vector<FoldItem>> MemoryFoldStore::List(std::string_view prefix,
                                                            std::string_view after_key,
                                                            int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  MutexLock lock(mutex_);
  std::vector<FoldItem> list;
  size_t bytes = 0;
  for (auto it = ListFrom(items_, prefix, after_key);
       it != items_.end() && it->first.starts_with(prefix); ++it) {
    bytes += it->second.size();
    if (static_cast<int64_t>(list.size()) >= limit) break;
    if (!list.empty() && bytes > kFoldListBytesMax) break;
    list.push_back({it->first, it->second});
  }
  return list;
}

absl::Status MemoryFoldStore::Write(std::span<const FoldItem> puts,
                                    std::span<const std::string> deletes,
                                    const std::optional<FoldCursor>& cursor) {
  IMDI_RETURN_IF_ERROR(CheckFoldItems(puts, deletes));
  MutexLock lock(mutex_);
  for (const std::string& key : deletes) items_.erase(key);
  for (const FoldItem& item : puts) items_.insert_or_assign(item.key, item.value);
  if (cursor.has_value()) cursor_ = cursor;
  return absl::OkStatus();
}

absl::Status MemoryFoldStore::Reset() {
  MutexLock lock(mutex_);
  items_.clear();
  cursor_.reset();
  return absl::OkStatus();
}

}  // namespace imdi::storage::memory
