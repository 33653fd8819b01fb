#pragma once

// What a follower of the log keeps: how far it has come, and the state it derived so far, always
// written together. So it can stop anywhere and go on; and since all of it is derived, it may
// always be thrown away and folded again.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/response_log.h"

namespace imdi::storage {

inline constexpr size_t kFoldKeyBytesMax = 1024;
inline constexpr size_t kFoldValueBytesMax = 64 << 20;
inline constexpr int64_t kFoldListMax = 10'000;
inline constexpr size_t kFoldListBytesMax = 16 << 20;

// A place in a log. A follower may go on from it only where the log has that chain at that
// position.
struct FoldCursor {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  Hash chain{};
  friend bool operator==(const FoldCursor&, const FoldCursor&) = default;
};

struct FoldItem {
  std::string key;  // Not empty, at most kFoldKeyBytesMax; any bytes.
  std::string value;
  friend bool operator==(const FoldItem&, const FoldItem&) = default;
};

// Thread-safe; one writer at a time.
class FoldStore {
 public:
  virtual ~FoldStore() = default;

  // None: nothing was folded yet.
  virtual absl::StatusOr<std::optional<FoldCursor>> LoadCursor() const = 0;
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;
  // Items whose keys begin with `prefix`, in byte order, after `after_key` ("" = from the first),
  // at most `limit` and kFoldListBytesMax, but at least one when it exists.
  virtual absl::StatusOr<std::vector<FoldItem>> List(std::string_view prefix,
                                                     std::string_view after_key,
                                                     int64_t limit) const = 0;
  // Deletes first, then puts, then the cursor (when given): all or nothing, durable when it
  // returns.
  virtual absl::Status Write(std::span<const FoldItem> puts, std::span<const std::string> deletes,
                             const std::optional<FoldCursor>& cursor) = 0;
  // Forgets cursor and state, all or nothing.
  virtual absl::Status Reset() = 0;

  virtual absl::Status State() const = 0;
};

absl::Status CheckFoldItems(std::span<const FoldItem> puts, std::span<const std::string> deletes);

}  // namespace imdi::storage
