#include "tests/soak/process_watch.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace imdi::soak {

ProcessSample SampleOf(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  ProcessSample out;
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    // In KiB.
    if (line.starts_with("VmRSS:")) out.resident_bytes = std::stoll(line.substr(6)) * 1024;
    if (line.starts_with("Threads:")) out.threads = std::stoll(line.substr(8));
  }
  std::error_code gone;
  const auto open = std::filesystem::directory_iterator(folder + "/fd", gone);
  if (!gone) out.descriptors = std::distance(begin(open), end(open));
  return out;
}

}  // namespace imdi::soak
