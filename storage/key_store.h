#pragma once

// Keys of encrypted texts, kept apart from the log so that deleting one makes its text unreadable
// everywhere, the log's own bytes and its backups included. Values are wrapped key bytes: this
// store never sees a key that could be used as it is.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/proceed.h"

namespace imdi::storage {

inline constexpr size_t kKeyIdBytesMax = 512;
inline constexpr size_t kWrappedKeyBytesMax = 1024;
inline constexpr size_t kKeyBatchMax = 4096;

struct WrappedKey {
  std::string id;     // Not empty, at most kKeyIdBytesMax.
  std::string bytes;  // Not empty, at most kWrappedKeyBytesMax.
  friend bool operator==(const WrappedKey&, const WrappedKey&) = default;
};

// Thread-safe.
class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // All in one synced batch, durable when it returns. A key is never replaced: the same bytes under
  // the same id are accepted again, other bytes are ALREADY_EXISTS and nothing of the batch is
  // written.
  virtual absl::Status Put(std::span<const WrappedKey> keys) = 0;
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view id) const = 0;
  virtual absl::StatusOr<bool> Exists(std::string_view id) const = 0;
  // Returns when the keys are gone, also from every file of the store. Unknown ids are no error, so
  // an interrupted deletion is simply repeated.
  virtual absl::Status Delete(std::span<const std::string> ids) = 0;

  virtual absl::Status State() const = 0;
  // A verified copy into `directory`, which must not exist. To be kept apart from the log's
  // backups. What an end by `proceed` leaves is no backup.
  virtual absl::Status Backup(const std::string& directory, const Proceed& proceed) = 0;
};

// INVALID_ARGUMENT naming the bound that is not met.
absl::Status CheckKeys(std::span<const WrappedKey> keys);

}  // namespace imdi::storage
