#include "tests/soak/store_watch.h"

#include <httplib.h>

#include <sstream>

namespace imdi::soak {

StoresSample StoresOf(const std::string& health_address) {
  StoresSample out;
  httplib::Client client("http://" + health_address);
  const auto answer = client.Get("/metrics");
  if (!answer || answer->status != 200) return out;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    const auto add = [&line](const char* name, int64_t& to) {
      if (line.starts_with(std::string(name) + "{"))
        to += static_cast<int64_t>(std::stod(line.substr(line.rfind(' '))));
    };
    add("imdi_storage_memory_bytes", out.memory_bytes);
    add("imdi_storage_memory_max_bytes", out.memory_max_bytes);
    add("imdi_storage_table_bytes", out.table_bytes);
  }
  return out;
}

}  // namespace imdi::soak
