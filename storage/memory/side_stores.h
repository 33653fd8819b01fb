#pragma once

// The stores beside the log, for unit tests: same contracts as the real ones, nothing kept.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/base/mutex.h"
#include "storage/draft_store.h"
#include "storage/fold_store.h"
#include "storage/key_store.h"

namespace imdi::storage::memory {

class MemoryKeyStore final : public KeyStore {
 public:
  absl::Status Put(std::span<const WrappedKey> keys) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view id) const override;
  absl::StatusOr<bool> Exists(std::string_view id) const override;
  absl::Status Delete(std::span<const std::string> ids) override;
  absl::Status State() const override { return absl::OkStatus(); }
  absl::Status Backup(const std::string& directory, const Proceed& proceed) override;

 private:
  mutable base::Mutex mutex_;
  std::map<std::string, std::string, std::less<>> keys_ ABSL_GUARDED_BY(mutex_);
};

class MemoryDraftStore final : public DraftStore {
 public:
  explicit MemoryDraftStore(int64_t drafts_max = kDraftsMaxDefault) : drafts_max_(drafts_max) {}

  absl::StatusOr<int64_t> Put(std::string_view name, int64_t expected_version,
                              std::string_view bytes) override;
  absl::StatusOr<std::optional<Draft>> Get(std::string_view name) const override;
  absl::Status Delete(std::string_view name, int64_t expected_version) override;
  absl::StatusOr<std::vector<Draft>> List(std::string_view prefix, std::string_view after_name,
                                          int64_t limit) const override;
  absl::Status State() const override { return absl::OkStatus(); }
  absl::Status Backup(const std::string& directory, const Proceed& proceed) override;

 private:
  const int64_t drafts_max_;
  mutable base::Mutex mutex_;
  int64_t last_version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Draft, std::less<>> drafts_ ABSL_GUARDED_BY(mutex_);
};

class MemoryFoldStore final : public FoldStore {
 public:
  absl::StatusOr<std::optional<FoldCursor>> LoadCursor() const override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::StatusOr<std::vector<FoldItem>> List(std::string_view prefix, std::string_view after_key,
                                             int64_t limit) const override;
  absl::Status Write(std::span<const FoldItem> puts, std::span<const std::string> deletes,
                     const std::optional<FoldCursor>& cursor) override;
  absl::Status Reset() override;
  absl::Status State() const override { return absl::OkStatus(); }

 private:
  mutable base::Mutex mutex_;
  std::optional<FoldCursor> cursor_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string, std::less<>> items_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::storage::memory
