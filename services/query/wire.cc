#include "services/query/wire.h"

namespace imdi::query {
namespace {

constexpr uint32_t kVarint = 0;
constexpr uint32_t kLengthDelimited = 2;

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

}  // namespace

void AppendMessageField(std::string& out, int number, std::string_view body,
                        std::string_view tail) {
  PutVarint(out, static_cast<uint32_t>(number) << 3 | kLengthDelimited);
  PutVarint(out, body.size() + tail.size());
  out.append(body).append(tail);
}

void AppendTextField(std::string& out, int number, std::string_view text) {
  if (!text.empty()) AppendMessageField(out, number, text);
}

void AppendVarintField(std::string& out, int number, uint64_t value) {
  if (value == 0) return;
  PutVarint(out, static_cast<uint32_t>(number) << 3 | kVarint);
  PutVarint(out, value);
}

}  // namespace imdi::query
