#pragma once

// What a running process says of its stores.

#include <cstdint>
#include <string>

namespace imdi::soak {

struct StoresSample {
  int64_t memory_bytes = 0;      // Of all their caches and rows that wait, inside the resident.
  int64_t memory_max_bytes = 0;  // What they may take of it.
  int64_t table_bytes = 0;       // Data on the disk.
};

// Out of the process's metrics (host:port of its health listener). Zeros when it does not answer.
StoresSample StoresOf(const std::string& health_address);

}  // namespace imdi::soak
