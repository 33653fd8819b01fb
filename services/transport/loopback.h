#pragma once

// Which addresses stay on this machine: the only ones without login and TLS.

#include <optional>
#include <string_view>

namespace imdi::transport {

// The port of an address in 127.0.0.0/8 or [::1], in digits; none for any other text.
std::optional<int> LoopbackPort(std::string_view address);

}  // namespace imdi::transport
