#include "tests/soak/process_watch.h"

#include <filesystem>
#include <fstream>
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
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd", gone)) {
    ++out.descriptors;
    std::error_code closed;
    if (std::filesystem::read_symlink(entry.path(), closed).extension() == ".sst") ++out.tables;
  }
  return out;
}

}  // namespace imdi::soak
