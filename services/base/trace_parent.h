#pragma once

#include <cstddef>
#include <string_view>

namespace imdi::base {

inline constexpr size_t kTraceParentBytes = 55;

// Whether `text` is a traceparent as the W3C recommendation "Trace Context" has it:
// "00-<32 hexadecimal digits>-<16>-<2>", lower case, neither id all zero. Of a later version (not
// ff) only that beginning, kTraceParentBytes, is read.
bool IsTraceParent(std::string_view text);

// The 32 digits by which all that belongs to one trace is found; empty where `trace_parent` is.
std::string_view TraceIdOf(std::string_view trace_parent);

}  // namespace imdi::base
