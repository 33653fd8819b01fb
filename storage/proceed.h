#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"

namespace imdi::storage {

// Asked at every step of what takes long, and told how many records are done since it was asked
// before: what it answers beside OK ends it.
using Proceed = std::function<absl::Status(int64_t more)>;

}  // namespace imdi::storage
