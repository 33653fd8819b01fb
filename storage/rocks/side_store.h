#pragma once

// What the stores beside the log have in common. They need no watermark: a key or draft that is
// gone is noticed by the log that names it, and a follower's state can be folded again.

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/base/mutex.h"
#include "storage/proceed.h"
#include "storage/rocks/database.h"
#include "storage/rocks/files.h"

namespace imdi::storage::rocks {

// Opens the folder, or makes one.
absl::StatusOr<std::unique_ptr<Database>> OpenSideStore(const RocksOptions& options,
                                                        const Schema& schema);
// After a full disk, with writers kept out by `write_mutex`.
void KeepSideStore(Database& database, base::Mutex& write_mutex);
// A verified copy of the store as it stands, while it is written to.
absl::Status BackupSideStore(const Database& database, const Schema& schema,
                             const std::string& directory, const Proceed& proceed);
// Into an empty or missing folder, every file compared with the backup's list.
absl::Status RestoreSideStore(const Schema& schema, const std::string& backup_directory,
                              const std::string& target_directory, FileSystemPtr file_system);
// The value under an encoded key; none when it does not exist.
absl::StatusOr<std::optional<std::string>> GetValue(const Database& database, const Handle& handle,
                                                    size_t family, const std::string& key);

}  // namespace imdi::storage::rocks
