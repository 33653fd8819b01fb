#pragma once

// What the kernel says of a running process.

#include <sys/types.h>

#include <cstdint>

namespace imdi::soak {

struct ProcessSample {
  int64_t resident_bytes = 0;
  int64_t descriptors = 0;
  int64_t tables = 0;  // Of these, tables of the stores: they grow in number with the data.
  int64_t threads = 0;
};

// Zeros when the process is gone.
ProcessSample SampleOf(pid_t process);

}  // namespace imdi::soak
