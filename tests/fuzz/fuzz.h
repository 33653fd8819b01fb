#pragma once

// What every fuzz target gives and needs. A target is one file with LLVMFuzzerTestOneInput;
// libFuzzer drives it in the lane `fuzz`, and replay.cc over its corpus in the other lanes.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace imdi::fuzz {

// What the target promises of every input; the process ends where it does not hold.
inline void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The folder of the project.
inline std::string Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? "." : root;
}

}  // namespace imdi::fuzz
