#pragma once

// Where the project's own files are: IMDI_ROOT, else the folder of the run.

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace imdi::testing_support {

inline std::filesystem::path ProjectFile(std::string_view relative) {
  const char* root = std::getenv("IMDI_ROOT");
  return (root == nullptr ? std::filesystem::current_path() : std::filesystem::path(root)) /
         relative;
}

}  // namespace imdi::testing_support
