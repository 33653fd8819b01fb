#pragma once

#include <functional>

#include "absl/status/status.h"

namespace imdi::storage {

// Asked at every step of what takes long: what it answers beside OK ends it.
using Proceed = std::function<absl::Status()>;

}  // namespace imdi::storage
