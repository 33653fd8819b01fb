#pragma once

// Answers that were not submitted yet. No part of the log and of no count; kept only for the form.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/proceed.h"

namespace imdi::storage {

inline constexpr size_t kDraftNameBytesMax = 512;
inline constexpr size_t kDraftBytesMax = 512 << 10;    // One draft; TOO_LARGE.
inline constexpr int64_t kDraftsMaxDefault = 100'000;  // All drafts of a store; QUOTA_EXHAUSTED.
inline constexpr int64_t kDraftListMax = 1'000;
inline constexpr size_t kDraftListBytesMax = 4 << 20;  // One page of List holds at least one draft.

struct Draft {
  std::string name;
  int64_t version = 0;  // Rises with every Put and is never used twice, also after a Delete.
  std::string bytes;
  friend bool operator==(const Draft&, const Draft&) = default;
};

// Thread-safe.
class DraftStore {
 public:
  virtual ~DraftStore() = default;

  // Writes the draft if its version is still `expected_version` (0 = it does not exist) and returns
  // the new version; durable when it returns. Otherwise DRAFT_CHANGED with metadata
  // "current_version".
  virtual absl::StatusOr<int64_t> Put(std::string_view name, int64_t expected_version,
                                      std::string_view bytes) = 0;
  virtual absl::StatusOr<std::optional<Draft>> Get(std::string_view name) const = 0;
  // Deletes the draft if its version is still `expected_version`, else DRAFT_CHANGED. A draft that
  // does not exist, expected at 0, is no error.
  virtual absl::Status Delete(std::string_view name, int64_t expected_version) = 0;
  // In byte order of the names that begin with `prefix`, after `after_name` ("" = from the first).
  virtual absl::StatusOr<std::vector<Draft>> List(std::string_view prefix,
                                                  std::string_view after_name,
                                                  int64_t limit) const = 0;

  virtual absl::Status State() const = 0;
  // A verified copy into `directory`, which must not exist, while drafts are saved on. What
  // an end by `proceed` leaves is no backup.
  virtual absl::Status Backup(const std::string& directory, const Proceed& proceed) = 0;
};

// The checks and answers that every engine shares.
absl::Status CheckDraft(std::string_view name, int64_t expected_version, std::string_view bytes);
absl::Status DraftChanged(std::string_view name, int64_t current_version);
absl::Status TooManyDrafts(int64_t drafts_max);

}  // namespace imdi::storage
