#include "services/transport/loopback.h"

#include <algorithm>

#include "services/base/text.h"

namespace imdi::transport {

std::optional<int> LoopbackPort(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = address.substr(0, colon);
  const bool numeric =
      host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
      std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (!numeric && host != "[::1]") return std::nullopt;
  const auto port = base::ParseInt64(address.substr(colon + 1));
  if (!port.has_value() || *port < 0 || *port > 65535) return std::nullopt;
  return static_cast<int>(*port);
}

}  // namespace imdi::transport
