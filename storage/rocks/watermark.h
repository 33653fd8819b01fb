#pragma once

// The log's second witness: how many records were acknowledged and which chain they end in, kept in
// a file that RocksDB knows nothing of. RocksDB opens a log whose last file was deleted without a
// word; the watermark does not.

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"
#include "rocksdb/io_status.h"
#include "storage/response_log.h"
#include "storage/rocks/files.h"
#include "storage/rocks/layout.h"

namespace imdi::storage::rocks {

// One owner, one thread at a time.
class Watermark {
 public:
  // Makes the file, complete and durable. An existing one is replaced.
  static rocksdb::IOStatus Create(rocksdb::FileSystem& fs, const std::string& path,
                                  const LogHead& head);
  // The newest slot that reads whole; none when neither does. Not found is an error status.
  static rocksdb::IOStatus Read(rocksdb::FileSystem& fs, const std::string& path,
                                std::optional<WatermarkSlot>& newest);

  // For advancing from what the file says now.
  static rocksdb::IOStatus Open(rocksdb::FileSystem& fs, const std::string& path,
                                const WatermarkSlot& newest, std::unique_ptr<Watermark>& watermark);
  // Durable when it returns OK. Writes the slot that does not hold the newest, so a torn write
  // leaves the one before it whole.
  rocksdb::IOStatus Advance(const LogHead& head);

 private:
  Watermark(std::unique_ptr<rocksdb::FSRandomRWFile> file, uint64_t sequence)
      : file_(std::move(file)), sequence_(sequence) {}

  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  uint64_t sequence_ = 0;
};

}  // namespace imdi::storage::rocks
