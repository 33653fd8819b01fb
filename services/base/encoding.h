#pragma once

// Numbers in stored bytes: big-endian, so that byte order is numeric order.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace imdi::base {

template <typename T>
void PutBigEndian(std::string& out, T value) {
  // At once: a byte at a time costs a check of the capacity each.
  std::array<char, sizeof(T)> bytes;
  for (size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> (8 % (8 * sizeof(T))))) {
    bytes[i] = static_cast<char>(value & 0xff);
  }
  out.append(bytes.data(), bytes.size());
}
inline void PutU8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }
inline void PutU16(std::string& out, uint16_t value) { PutBigEndian(out, value); }
inline void PutU32(std::string& out, uint32_t value) { PutBigEndian(out, value); }
inline void PutU64(std::string& out, uint64_t value) { PutBigEndian(out, value); }
// Length as U32, then the bytes.
inline void PutBytes(std::string& out, std::string_view bytes) {
  PutU32(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

// Unchecked: the caller knows that sizeof(T) bytes are there.
template <typename T>
T GetBigEndian(const char* bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8) | static_cast<uint8_t>(bytes[i]));
  }
  return value;
}
inline uint16_t GetU16(const char* bytes) { return GetBigEndian<uint16_t>(bytes); }
inline uint32_t GetU32(const char* bytes) { return GetBigEndian<uint32_t>(bytes); }
inline uint64_t GetU64(const char* bytes) { return GetBigEndian<uint64_t>(bytes); }

// Reads what PutX wrote, never beyond the end: a read that does not fit fails, leaves the output
// untouched, and every later read fails too. Check `ok()` once at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ReadU8(uint8_t& out) { return Read(out); }
  bool ReadU16(uint16_t& out) { return Read(out); }
  bool ReadU32(uint32_t& out) { return Read(out); }
  bool ReadU64(uint64_t& out) { return Read(out); }
  bool ReadFixed(size_t count, std::string_view& out) {
    if (!Has(count)) return false;
    out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  bool ReadBytes(std::string_view& out) {
    uint32_t size = 0;
    return Read(size) && ReadFixed(size, out);
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  // Everything was read, and nothing failed.
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  bool Has(size_t count) {
    if (!ok_ || rest_.size() < count) ok_ = false;
    return ok_;
  }
  template <typename T>
  bool Read(T& out) {
    if (!Has(sizeof(T))) return false;
    out = GetBigEndian<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  std::string_view rest_;
  bool ok_ = true;
};

// CRC-32C (Castagnoli). `crc` is the result over what came before, for computing in pieces.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

}  // namespace imdi::base
