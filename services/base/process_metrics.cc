#include "services/base/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace imdi::base {
namespace {

// Numbers of /proc/self/stat, counted as proc(5) does; those used here lie behind the name.
struct Stat {
  double user_ticks = 0;     // 14
  double system_ticks = 0;   // 15
  double threads = 0;        // 20
  double start_ticks = 0;    // 22, since the machine started
  double virtual_bytes = 0;  // 23
  double pages = 0;          // 24
};

std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name stands in brackets and may itself hold some.
  const size_t behind_name = line.rfind(')');
  if (behind_name == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(behind_name + 1));
  Stat stat;
  std::string word;
  for (int number = 3; number <= 24 && rest >> word; ++number) {
    const double value = std::strtod(word.c_str(), nullptr);
    if (number == 14) stat.user_ticks = value;
    if (number == 15) stat.system_ticks = value;
    if (number == 20) stat.threads = value;
    if (number == 22) stat.start_ticks = value;
    if (number == 23) stat.virtual_bytes = value;
    if (number == 24) stat.pages = value;
  }
  return stat;
}

// When the machine started, seconds since 1970.
double BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double MaxDescriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

double OpenDescriptors() {
  DIR* folder = opendir("/proc/self/fd");
  // None is left to look with: then all of them are open.
  if (folder == nullptr) return errno == EMFILE ? MaxDescriptors() : 0;
  double count = -1;  // The folder itself.
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] == '.' ? 0 : 1;
  closedir(folder);
  return count;
}

Metrics::Reading ReadProcess(Metrics& metrics) {
  Counter& cpu = metrics.CounterOf("process_cpu_seconds_total", "CPU time used, user and system.");
  Gauge& resident = metrics.GaugeOf("process_resident_memory_bytes", "Memory held in RAM.");
  Gauge& virt = metrics.GaugeOf("process_virtual_memory_bytes", "Address space taken.");
  Gauge& open = metrics.GaugeOf("process_open_fds", "Open files and connections.");
  Gauge& max = metrics.GaugeOf("process_max_fds", "Open files and connections allowed.");
  Gauge& threads = metrics.GaugeOf("process_threads", "Threads.");
  Gauge& start = metrics.GaugeOf("process_start_time_seconds",
                                 "When the process started, seconds since 1970.");
  return metrics.OnRead([&, ticks = static_cast<double>(sysconf(_SC_CLK_TCK)),
                         page = static_cast<double>(sysconf(_SC_PAGESIZE)), boot = BootTime()] {
    if (const auto stat = ReadStat(); stat.has_value()) {
      cpu.RaiseTo((stat->user_ticks + stat->system_ticks) / ticks);
      resident.Set(stat->pages * page);
      virt.Set(stat->virtual_bytes);
      threads.Set(stat->threads);
      start.Set(boot + stat->start_ticks / ticks);
    }
    open.Set(OpenDescriptors());
    max.Set(MaxDescriptors());
  });
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics, const BuildInfo& build)
    : reading_(ReadProcess(metrics)) {
  metrics
      .GaugeOf("imdi_build_info", "Always 1; its labels say which build this is.",
               {{"version", std::string(build.version)},
                {"revision", std::string(build.revision)},
                {"compiler", std::string(build.compiler)}})
      .Set(1);
}

}  // namespace imdi::base
