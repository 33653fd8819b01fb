#include "services/base/encoding.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

template <typename T>
std::string Bytes(T value) {
  std::string out;
  PutBigEndian(out, value);
  return out;
}

TEST(BigEndian, PutsTheHighestByteFirst) {
  std::string out;
  PutU8(out, 0x01);
  PutU16(out, 0x0203);
  PutU32(out, 0x04050607);
  PutU64(out, 0x08090a0b0c0d0e0f);
  PutBytes(out, "hei");
  EXPECT_EQ(Hex(out), "0102030405060708090a0b0c0d0e0f00000003686569");
  EXPECT_EQ(GetU16(out.data() + 1), 0x0203);
  EXPECT_EQ(GetU32(out.data() + 3), 0x04050607u);
  EXPECT_EQ(GetU64(out.data() + 7), 0x08090a0b0c0d0e0fu);
}

template <typename T>
void ExpectOrderIsKept(std::mt19937_64& random) {
  std::vector<T> values = {0,
                           1,
                           0x7f,
                           0x80,
                           0xff,
                           static_cast<T>(0x100),
                           static_cast<T>(-1),
                           static_cast<T>(-2),
                           static_cast<T>(T{1} << (sizeof(T) * 8 - 1))};
  for (int i = 0; i < 300; ++i) values.push_back(static_cast<T>(random() >> (random() % 64)));
  for (const T a : values) {
    for (const T b : values) ASSERT_EQ(a < b, Bytes(a) < Bytes(b)) << +a << " " << +b;
    ASSERT_EQ(GetBigEndian<T>(Bytes(a).data()), a);
    ASSERT_EQ(Bytes(a).size(), sizeof(T));
  }
}

TEST(BigEndian, KeepsNumericOrderAsByteOrder) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  ExpectOrderIsKept<uint8_t>(random);
  ExpectOrderIsKept<uint16_t>(random);
  ExpectOrderIsKept<uint32_t>(random);
  ExpectOrderIsKept<uint64_t>(random);
}

TEST(ByteReader, ReadsWhatWasPut) {
  std::string out;
  PutU8(out, 255);
  PutU16(out, 65535);
  PutU32(out, 4294967295);
  PutU64(out, 18446744073709551615u);
  PutBytes(out, "");
  PutBytes(out, std::string_view("a\0b", 3));
  ByteReader reader(out);
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  std::string_view none = "x", some;
  EXPECT_TRUE(reader.ReadU8(u8) && reader.ReadU16(u16) && reader.ReadU32(u32) &&
              reader.ReadU64(u64));
  EXPECT_FALSE(reader.AtEnd());
  EXPECT_TRUE(reader.ReadBytes(none) && reader.ReadBytes(some));
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(u8, 255);
  EXPECT_EQ(u16, 65535);
  EXPECT_EQ(u32, 4294967295u);
  EXPECT_EQ(u64, 18446744073709551615u);
  EXPECT_EQ(none, "");
  EXPECT_EQ(some, std::string_view("a\0b", 3));
}

TEST(ByteReader, FailsForGoodAndLeavesTheOutputUntouched) {
  std::string out;
  PutU16(out, 7);
  PutU8(out, 9);
  ByteReader reader(out);
  uint32_t u32 = 42;
  EXPECT_FALSE(reader.ReadU32(u32));
  EXPECT_EQ(u32, 42u);
  uint16_t u16 = 43;
  EXPECT_FALSE(reader.ReadU16(u16)) << "it would fit, but an earlier read failed";
  EXPECT_EQ(u16, 43);
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.AtEnd());
}

TEST(ByteReader, RefusesALengthBeyondTheEnd) {
  for (const uint32_t length : {4u, 5u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    std::string out;
    PutU32(out, length);
    out += "abc";
    ByteReader reader(out);
    std::string_view bytes = "untouched";
    EXPECT_FALSE(reader.ReadBytes(bytes)) << length;
    EXPECT_EQ(bytes, "untouched");
    EXPECT_FALSE(reader.AtEnd());
  }
}

// Every view must lie inside the buffer, which is exactly as large as its bytes: a sanitizer sees
// each read beyond it.
TEST(ByteReader, NeverReadsPastTheEndOfRandomBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  int whole = 0;
  for (int round = 0; round < 20'000; ++round) {
    const size_t size = random() % 40;
    const auto buffer = std::make_unique<char[]>(size);
    for (size_t i = 0; i < size; ++i)
      buffer[i] = static_cast<char>(random() % 4 == 0 ? random() : random() % 3);
    const std::string_view bytes(buffer.get(), size);
    ByteReader reader(bytes);
    size_t read = 0;
    while (reader.ok() && !reader.AtEnd()) {
      const size_t before = reader.rest().size();
      uint8_t u8 = 0;
      uint16_t u16 = 0;
      uint32_t u32 = 0;
      uint64_t u64 = 0;
      std::string_view view;
      bool done = false;
      switch (random() % 6) {
        case 0:
          done = reader.ReadU8(u8);
          break;
        case 1:
          done = reader.ReadU16(u16);
          break;
        case 2:
          done = reader.ReadU32(u32);
          break;
        case 3:
          done = reader.ReadU64(u64);
          break;
        case 4:
          done = reader.ReadBytes(view);
          break;
        case 5:
          done = reader.ReadFixed(random() % 8, view);
          break;
      }
      ASSERT_EQ(done, reader.ok());
      if (!view.empty()) {
        ASSERT_TRUE(view.data() >= bytes.data() &&
                    view.data() + view.size() <= bytes.data() + size);
        ASSERT_EQ(std::string(view).size(), view.size());
      }
      ASSERT_LE(reader.rest().size(), before);
      if (done) read += before - reader.rest().size();
    }
    ASSERT_LE(read, size);
    if (reader.AtEnd()) ++whole;
  }
  EXPECT_GT(whole, 500);
}

TEST(Crc32c, KnowsTheVectorsOfItsRfc) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising.push_back(static_cast<char>(i));
    falling.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(falling), 0x113fdb5cu);
}

TEST(Crc32c, IsTheSameInPieces) {
  const std::string text = "the log of answers";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text)) << cut;
  }
}

}  // namespace
}  // namespace imdi::base
