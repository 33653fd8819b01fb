#pragma once

// A verified copy of a store's RocksDB, with a list of its files and their checksums:
//
//   <directory>/db/...     a RocksDB checkpoint
//   <directory>/BACKUP     what it is, every file with size and CRC-32C; written last
//
// A folder without BACKUP is an interrupted backup. Tables are hard links where the file system
// allows it: a backup is worth its name once it was copied to another disk.

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/proceed.h"
#include "storage/rocks/database.h"
#include "storage/rocks/files.h"

namespace imdi::storage::rocks {

struct BackupManifest {
  std::string kind;
  std::map<std::string, std::string> facts;  // Of the kind: log_id, epoch, position, chain.
  std::map<std::string, FileSum> files;      // Below db/.
};
std::string EncodeManifest(const BackupManifest& manifest);
// STORE_CORRUPT when it is not one, or not whole.
absl::StatusOr<BackupManifest> DecodeManifest(std::string_view text);

// Makes `directory` (refused when it exists) with a checkpoint of the store as it stands.
absl::Status CheckpointInto(const Database& database, Handle& handle, const std::string& directory);
// Sums the files and writes BACKUP: the backup counts from here on.
absl::Status SealBackup(rocksdb::FileSystem& fs, const std::string& directory,
                        BackupManifest manifest, const Proceed& proceed);
// Reads BACKUP and compares every file with it.
absl::StatusOr<BackupManifest> ReadBackup(rocksdb::FileSystem& fs, const std::string& directory,
                                          std::string_view kind);
// Copies db/ into `target` (made; refused when it holds anything), comparing the sums of the
// copies.
absl::Status CopyBackup(rocksdb::FileSystem& fs, const BackupManifest& manifest,
                        const std::string& directory, const std::string& target);

}  // namespace imdi::storage::rocks
