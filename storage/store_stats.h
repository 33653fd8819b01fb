#pragma once

// What an engine says of one of its stores to operators.

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace imdi::storage {

struct StoreStats {
  absl::Status state;                // As State() says.
  uint64_t free_disk_bytes = 0;      // On the disk of its folder.
  uint64_t free_disk_bytes_min = 0;  // Below this nothing is appended.
  uint64_t table_bytes = 0;          // Its tables on the disk, those still read included.
  uint64_t entries = 0;              // About so many, indices included.
  uint64_t memory_bytes = 0;         // All that is charged to its cache,
  uint64_t write_buffer_bytes = 0;   // of that rows that are not in tables yet.
  uint64_t memory_bytes_max = 0;     // What may be charged.
};

}  // namespace imdi::storage
