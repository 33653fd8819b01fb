#include "storage/rocks/checked_tables.h"

#include <utility>

#include "services/base/encoding.h"
#include "services/base/text.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace imdi::storage::rocks {

using base::StrCat;
using rocksdb::FSRandomAccessFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

// The end of a table, as RocksDB's table/format.cc and table/block_based/block_builder.cc write it:
//
//   block, trailer     properties
//   block, trailer     metaindex: where the properties and the other blocks lie
//   footer             how blocks are summed, 1 byte; where metaindex and index lie, padded to 40
//                      bytes; format version, 4; magic number, 8
//
// A place is two varints, offset and size, the trailer left out. A trailer is one byte (how the
// block is compressed) and the sum over block and byte. Numbers are little-endian.
constexpr size_t kFooterBytes = 53;
constexpr size_t kVersionOffset = 41;
constexpr size_t kMagicOffset = 45;
constexpr size_t kTrailerBytes = 5;
constexpr uint64_t kTableMagic = 0x88e241b785f4cff7;
constexpr std::string_view kProperties = "rocksdb.properties";

uint32_t Little32(const char* bytes) { return __builtin_bswap32(base::GetU32(bytes)); }
uint64_t Little64(const char* bytes) { return __builtin_bswap64(base::GetU64(bytes)); }

// Reads from the front of `bytes`; false when they are no such thing.
bool TakeVarint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}
bool TakeBytes(std::string_view& bytes, uint64_t count, std::string_view& taken) {
  if (count > bytes.size()) return false;
  taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return true;
}

struct Place {
  uint64_t offset = 0;
  uint64_t size = 0;
  // The block and its trailer lie before `end`.
  bool Before(uint64_t end) const {
    return end >= kTrailerBytes && size <= end - kTrailerBytes &&
           offset <= end - kTrailerBytes - size;
  }
};
bool TakePlace(std::string_view& bytes, Place& place) {
  return TakeVarint(bytes, place.offset) && TakeVarint(bytes, place.size);
}

// Of a block with its trailer.
bool SumIsRight(std::string_view block) {
  const size_t size = block.size() - kTrailerBytes;
  const auto compression = static_cast<uint8_t>(block[size]);
  const auto sum = static_cast<uint32_t>(XXH3_64bits(block.data(), size));
  return (sum ^ compression * 0x6b9083d9U) == Little32(block.data() + size + 1);
}

// Entries of key and place, then offsets of entries, then how many offsets there are.
bool FindProperties(std::string_view metaindex, Place& place) {
  if (metaindex.size() < 4) return false;
  const uint64_t offsets = Little32(metaindex.data() + metaindex.size() - 4);
  if (offsets > metaindex.size() / 4 - 1) return false;
  metaindex.remove_suffix(4 * (offsets + 1));
  while (!metaindex.empty()) {
    uint64_t shared = 0;  // Bytes of the key that the one before has too; none in this block.
    uint64_t key_size = 0;
    uint64_t value_size = 0;
    std::string_view key;
    std::string_view value;
    if (!TakeVarint(metaindex, shared) || !TakeVarint(metaindex, key_size) ||
        !TakeVarint(metaindex, value_size) || !TakeBytes(metaindex, key_size, key) ||
        !TakeBytes(metaindex, value_size, value) || shared != 0) {
      return false;
    }
    if (key == kProperties) return TakePlace(value, place);
  }
  return false;
}

class TableTail {
 public:
  TableTail(std::string_view path, const FSRandomAccessFile& file, uint64_t size,
            const IOOptions& options, IODebugContext* context)
      : path_(path), file_(file), size_(size), options_(options), context_(context) {}

  IOStatus Check() const {
    if (size_ < kFooterBytes) return Damaged("it is too short to be one");
    const uint64_t footer_at = size_ - kFooterBytes;
    std::string footer;
    IOStatus status = Read(footer_at, kFooterBytes, footer);
    if (!status.ok()) return status;
    if (Little64(footer.data() + kMagicOffset) != kTableMagic ||
        Little32(footer.data() + kVersionOffset) != kTableFormatVersion ||
        footer[0] != static_cast<char>(kTableChecksum)) {
      return Damaged("its footer is not one that is written here");
    }
    std::string_view places = std::string_view(footer).substr(1, kVersionOffset - 1);
    Place metaindex;
    Place index;
    if (!TakePlace(places, metaindex) || !TakePlace(places, index) ||
        !metaindex.Before(footer_at) || !index.Before(footer_at)) {
      return Damaged("its footer points to no block");
    }
    std::string block;
    status = ReadBlock(metaindex, block);
    if (!status.ok()) return status;
    Place properties;
    if (!FindProperties(block, properties) || !properties.Before(footer_at)) {
      return Damaged("it has no properties");
    }
    return ReadBlock(properties, block);
  }

 private:
  IOStatus Damaged(std::string_view what) const {
    return IOStatus::Corruption(StrCat("table ", path_, " is damaged: ", what));
  }
  IOStatus Read(uint64_t offset, size_t count, std::string& bytes) const {
    bytes.resize(count);
    rocksdb::Slice read;
    IOStatus status = file_.Read(offset, count, options_, &read, bytes.data(), context_);
    if (!status.ok()) return status;
    if (read.size() != count) return Damaged("it ends early");
    if (read.data() != bytes.data()) bytes.assign(read.data(), read.size());
    return status;
  }
  IOStatus ReadBlock(const Place& place, std::string& block) const {
    IOStatus status = Read(place.offset, place.size + kTrailerBytes, block);
    if (!status.ok()) return status;
    if (!SumIsRight(block)) return Damaged(StrCat("the block at ", place.offset, " is altered"));
    block.resize(place.size);
    return status;
  }

  const std::string_view path_;
  const FSRandomAccessFile& file_;
  const uint64_t size_;
  const IOOptions& options_;
  IODebugContext* const context_;
};

class CheckedTables final : public rocksdb::FileSystemWrapper {
 public:
  using rocksdb::FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "CheckedTables"; }

  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* file,
                               IODebugContext* context) override {
    IOStatus status = target()->NewRandomAccessFile(path, options, file, context);
    if (!status.ok() || !path.ends_with(".sst")) return status;
    uint64_t size = 0;
    status = target()->GetFileSize(path, options.io_options, &size, context);
    if (status.ok()) {
      status = TableTail(path, **file, size, options.io_options, context).Check();
    }
    if (!status.ok()) file->reset();
    return status;
  }
};

}  // namespace

FileSystemPtr CheckTables(FileSystemPtr file_system) {
  return std::make_shared<CheckedTables>(std::move(file_system));
}

}  // namespace imdi::storage::rocks
