#pragma once

// Small files beside RocksDB's own, through the same (replaceable) file system.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/file_system.h"
#include "rocksdb/io_status.h"

namespace imdi::storage::rocks {

using FileSystemPtr = std::shared_ptr<rocksdb::FileSystem>;

FileSystemPtr OrDefault(FileSystemPtr file_system);

// The directory and its missing parents; each new entry is synced into its parent.
rocksdb::IOStatus CreateDirectories(rocksdb::FileSystem& fs, const std::string& path);
rocksdb::IOStatus SyncDirectory(rocksdb::FileSystem& fs, const std::string& path);
std::string ParentOf(const std::string& path);

bool Exists(rocksdb::FileSystem& fs, const std::string& path);
// Names in the directory, "." and ".." left out, sorted; empty when it does not exist.
std::vector<std::string> ListDirectory(rocksdb::FileSystem& fs, const std::string& path);

rocksdb::IOStatus ReadFile(rocksdb::FileSystem& fs, const std::string& path, std::string& out);
// Complete and durable under its name, or not there at all.
rocksdb::IOStatus WriteFileAtomically(rocksdb::FileSystem& fs, const std::string& path,
                                      std::string_view content);

struct FileSum {
  uint64_t bytes = 0;
  uint32_t crc = 0;
};
// Size and CRC-32C of a file, and with a `target` a synced copy of what was read.
rocksdb::IOStatus SumFile(rocksdb::FileSystem& fs, const std::string& path, FileSum& sum,
                          const std::string& target = "");

}  // namespace imdi::storage::rocks
