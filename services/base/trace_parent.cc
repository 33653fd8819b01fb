#include "services/base/trace_parent.h"

#include <algorithm>

#include "services/base/text.h"

namespace imdi::base {
namespace {

constexpr size_t kTraceIdAt = 3, kTraceIdDigits = 32;
constexpr size_t kParentIdAt = kTraceIdAt + kTraceIdDigits + 1, kParentIdDigits = 16;
constexpr size_t kFlagsAt = kParentIdAt + kParentIdDigits + 1, kFlagsDigits = 2;
static_assert(kFlagsAt + kFlagsDigits == kTraceParentBytes);

bool IsZero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

}  // namespace

bool IsTraceParent(std::string_view text) {
  if (text.size() < kTraceParentBytes) return false;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(kTraceIdAt, kTraceIdDigits);
  const std::string_view parent_id = text.substr(kParentIdAt, kParentIdDigits);
  if (!IsLowerHex(version, 2) || version == "ff" || !IsLowerHex(trace_id, kTraceIdDigits) ||
      IsZero(trace_id) || !IsLowerHex(parent_id, kParentIdDigits) || IsZero(parent_id) ||
      !IsLowerHex(text.substr(kFlagsAt, kFlagsDigits), kFlagsDigits))
    return false;
  if (text[kTraceIdAt - 1] != '-' || text[kParentIdAt - 1] != '-' || text[kFlagsAt - 1] != '-')
    return false;
  if (text.size() == kTraceParentBytes) return true;
  return version != "00" && text[kTraceParentBytes] == '-';
}

std::string_view TraceIdOf(std::string_view trace_parent) {
  return trace_parent.empty() ? std::string_view()
                              : trace_parent.substr(kTraceIdAt, kTraceIdDigits);
}

}  // namespace imdi::base
