#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/progress.h"

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace imdi::storage::rocks {

// The verification of a log's chain, as progress.
inline constexpr std::string_view kVerificationTask = "verify_log";
inline constexpr std::string_view kVerificationUnit = "records";

// How one data folder is opened. Every store has a folder of its own; nobody else may open it.
struct RocksOptions {
  std::string path;  // Made when missing, its parents too.

  // Everything the store does to the disk goes through this, the watermark included. Null: the real
  // one.
  std::shared_ptr<rocksdb::FileSystem> file_system;

  // Memory a store may use beyond what its callers ask for, both together: the cache of blocks
  // read, and the rows not yet in tables (which also bounds how much log a start-up has to replay).
  // Indexes, filters and readers of tables come out of it too; rows that wait longer than planned
  // take the place of blocks.
  size_t block_cache_bytes = 72 * base::kMiB;
  size_t write_buffer_bytes = 24 * base::kMiB;
  // A quarter for rows: as much again may wait for the disk, and two whole batches beside it.
  void SetMemory(size_t bytes) {
    write_buffer_bytes = bytes / 4;
    block_cache_bytes = bytes - write_buffer_bytes;
  }

  // Below this much free space appends are refused (DISK_FULL), before the disk is really full.
  uint64_t free_bytes_min = base::kFreeDiskBytesMin;
  // How often a store that met a full disk looks whether there is space again.
  absl::Duration recovery_interval = absl::Milliseconds(500);

  // Told how long each synced write took, by the file that was synced: "wal" or "watermark". May be
  // empty.
  std::function<void(std::string_view file, absl::Duration took)> synced;
  // Where the verification of the log's chain says how far it has come. May be null; must outlive
  // the store.
  base::Progress* verification = nullptr;

  // Opens without a lock and without writing a byte; every mutation is refused.
  bool read_only = false;

  // Called by the log at named points: "before_sync", "between_sync_and_watermark",
  // "before_answer", "during_restart". For fault tests that end the process there.
  std::function<void(std::string_view)> crash_point;
};

}  // namespace imdi::storage::rocks
