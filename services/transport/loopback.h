#pragma once

// Which addresses stay on this machine: the only ones without login and TLS.

#include <string_view>

namespace imdi::transport {

// 127.0.0.0/8 or [::1], in digits, with a port.
bool IsLoopback(std::string_view address);

}  // namespace imdi::transport
