#pragma once

// A file that is there whole or not at all, whatever happens while it is written.

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace imdi::survey::client {

// Beside it first, synced, then in its place. STORE_UNAVAILABLE, with what the system said.
absl::Status WriteKeptFile(const std::string& path, std::string_view content);
// NOT_FOUND where there is none, DATA_LOSS where it is not what was written, too large or of
// another version.
absl::StatusOr<std::string> ReadKeptFile(const std::string& path);

}  // namespace imdi::survey::client
