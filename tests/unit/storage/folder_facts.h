#pragma once

// What a folder holds, for telling whether anything was written.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>

namespace imdi::storage {

// Time of the last write of every entry, and the bytes of every file.
using FolderFacts = std::map<std::string, std::tuple<std::filesystem::file_time_type, std::string>>;

inline std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline FolderFacts FactsOf(const std::string& folder) {
  FolderFacts facts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    facts[entry.path()] = {entry.last_write_time(),
                           entry.is_regular_file() ? FileBytes(entry.path()) : ""};
  }
  return facts;
}

}  // namespace imdi::storage
