#pragma once

// Fixed bytes that several tests use, in hexadecimal, and a text sealed once with keys that are no
// secret.

#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <string>
#include <string_view>

#include "services/base/text.h"

namespace imdi::storage::golden {

inline std::string Bytes(std::string_view hex) {
  const std::optional<std::string> bytes = base::FromHex(hex);
  EXPECT_TRUE(bytes.has_value()) << hex;
  return bytes.value_or("");
}

// Bytes first, first + 1, first + 2 ... The master key below is Counting(32, 0), the submission's
// key Counting(32, 100).
inline std::string Counting(size_t count, int first) {
  std::string bytes(count, '\0');
  std::iota(bytes.begin(), bytes.end(), static_cast<char>(first));
  return bytes;
}

inline constexpr const char* kSubmission = "editions/KU2017/submissions/0301.main@1";
inline constexpr const char* kKeyId = "0123456789abcdef0123456789abcdef";
inline constexpr const char* kWrappedKey =
    "c8c9cacbcccdcecfd0d1d2d3"
    "751d07bceea5914b185171d16e77996794f29adf7c12d25f91d4459e5a10296a"
    "b5725f276c1240060ceaf3863e489d6c";
inline constexpr const char* kSealedText =
    "000102030405060708090a0b"
    "95b23047a7589780bd7bffbab6ffe1c6c97254f74823bde6627ec7294fe645ab"
    "d144a5c6394163b8eb91859577823624b16eb6df1482056bf0"
    "d17ee20cc2d82618a789b1fcd7349f62";

}  // namespace imdi::storage::golden
