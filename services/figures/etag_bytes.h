#pragma once

// The bytes that an etag covers, and the tag of them.

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/text.h"

namespace imdi::figures {

// IEEE bits: equal numbers have equal bytes, and both zeros are zero.
inline void PutDouble(std::string& out, double value) {
  base::PutU64(out, std::bit_cast<uint64_t>(value == 0 ? 0.0 : value));
}
inline void PutInt(std::string& out, int64_t value) {
  base::PutU64(out, static_cast<uint64_t>(value));
}
inline void PutText(std::string& out, std::string_view text) {
  base::PutU64(out, text.size());
  out.append(text);
}

// 32 lower-case hexadecimal digits: half of a SHA-256.
inline std::string TagOf(std::string_view bytes) {
  constexpr size_t kTagBytes = 16;
  const base::Digest digest = base::Sha256(bytes);
  return base::Hex(std::span<const uint8_t>(digest).first(kTagBytes));
}

}  // namespace imdi::figures
