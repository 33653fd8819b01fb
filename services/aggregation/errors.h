#pragma once

// The two ways in which what is stored cannot be followed, with what was found.

#include <string_view>

#include "absl/status/status.h"
#include "services/base/error.h"

namespace imdi::aggregation {

// Own state, or a record, contradicts itself or names what no record defines.
inline absl::Status Corrupt(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt, what);
}
// The log is not the one that was followed before.
inline absl::Status Diverged(std::string_view what) {
  return base::Error(base::Reason::kLogDiverged, what);
}

}  // namespace imdi::aggregation
