#pragma once

// Messages put together out of bytes that lie ready, without parsing them.

#include <cstdint>
#include <string>
#include <string_view>

namespace imdi::query {

// An embedded message of field `number`, whose bytes are `body` and `tail` behind it.
void AppendMessageField(std::string& out, int number, std::string_view body,
                        std::string_view tail = {});
void AppendTextField(std::string& out, int number, std::string_view text);
// A number that is not 0.
void AppendVarintField(std::string& out, int number, uint64_t value);

// What such a field costs beside its bytes, at most.
inline constexpr size_t kFieldFramingBytes = 10;

}  // namespace imdi::query
