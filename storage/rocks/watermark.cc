#include "storage/rocks/watermark.h"

#include <utility>

namespace imdi::storage::rocks {

using rocksdb::FileSystem;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

uint64_t OffsetOf(uint64_t sequence) { return (sequence % 2) * kWatermarkSlotStride; }

}  // namespace

IOStatus Watermark::Create(FileSystem& fs, const std::string& path, const LogHead& head) {
  std::string content(kWatermarkFileBytes, '\0');
  const std::string slot = EncodeWatermarkSlot({.sequence = 1, .head = head});
  content.replace(OffsetOf(1), slot.size(), slot);
  return WriteFileAtomically(fs, path, content);
}

IOStatus Watermark::Read(FileSystem& fs, const std::string& path,
                         std::optional<WatermarkSlot>& newest) {
  newest.reset();
  std::string content;
  const IOStatus read = ReadFile(fs, path, content);
  if (!read.ok()) return read;
  for (size_t offset = 0; offset < kWatermarkFileBytes; offset += kWatermarkSlotStride) {
    if (offset >= content.size()) break;
    const std::optional<WatermarkSlot> slot =
        DecodeWatermarkSlot(std::string_view(content).substr(offset));
    if (!slot.has_value() || OffsetOf(slot->sequence) != offset) continue;
    if (!newest.has_value() || slot->sequence > newest->sequence) newest = slot;
  }
  return read;
}

IOStatus Watermark::Open(FileSystem& fs, const std::string& path, const WatermarkSlot& newest,
                         std::unique_ptr<Watermark>& watermark) {
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  const IOStatus opened = fs.NewRandomRWFile(path, rocksdb::FileOptions(), &file, nullptr);
  if (opened.ok()) watermark.reset(new Watermark(std::move(file), newest.sequence));
  return opened;
}

IOStatus Watermark::Advance(const LogHead& head) {
  const uint64_t sequence = sequence_ + 1;
  const std::string slot = EncodeWatermarkSlot({.sequence = sequence, .head = head});
  IOStatus status = file_->Write(OffsetOf(sequence), slot, IOOptions(), nullptr);
  if (status.ok()) status = file_->Sync(IOOptions(), nullptr);
  if (status.ok()) sequence_ = sequence;
  return status;
}

}  // namespace imdi::storage::rocks
