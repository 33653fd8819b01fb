#include "services/transport/loopback.h"

#include <algorithm>

#include "services/base/text.h"

namespace imdi::transport {

bool IsLoopback(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = address.substr(0, colon);
  const auto port = base::ParseInt64(address.substr(colon + 1));
  const bool numeric =
      host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
      std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return (numeric || host == "[::1]") && port.has_value() && *port >= 0 && *port <= 65535;
}

}  // namespace imdi::transport
