#include "services/base/process_metrics.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace imdi::base {
namespace {

using ::testing::HasSubstr;

const BuildInfo kBuild = {.version = "1.2.3", .revision = "abc-dirty", .compiler = "GNU 12"};

TEST(ProcessMetrics, SayWhichBuildItIs) {
  Metrics metrics;
  const ProcessMetrics process(metrics, kBuild);
  EXPECT_THAT(
      metrics.Text(),
      HasSubstr(R"(imdi_build_info{compiler="GNU 12",revision="abc-dirty",version="1.2.3"} 1)"));
}

TEST(ProcessMetrics, CountWhatTheProcessHolds) {
  Metrics metrics;
  const ProcessMetrics process(metrics, kBuild);
  const auto read = [&](const char* name) {
    metrics.Text();
    return metrics.GaugeOf(name, "").Value();
  };
  const double before = read("process_open_fds");
  const int descriptor = open("/dev/null", O_RDONLY);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(read("process_open_fds"), before + 1);
  close(descriptor);
  EXPECT_EQ(read("process_open_fds"), before);
  EXPECT_GT(read("process_max_fds"), before);
  EXPECT_GT(read("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(read("process_virtual_memory_bytes"), read("process_resident_memory_bytes"));
  EXPECT_GE(read("process_threads"), 1);
  const double started = read("process_start_time_seconds");
  EXPECT_LE(started, static_cast<double>(std::time(nullptr)) + 2);
  EXPECT_GT(started, static_cast<double>(std::time(nullptr)) - 3'600);
}

// The one moment for which the number is there.
TEST(ProcessMetrics, SayThatAllDescriptorsAreOpenWhenNoneIsLeftToLookWith) {
  Metrics metrics;
  const ProcessMetrics process(metrics, kBuild);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = open("/dev/null", O_RDONLY);
  close(next);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  metrics.Text();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(metrics.GaugeOf("process_open_fds", "").Value(), next);
  EXPECT_EQ(metrics.GaugeOf("process_max_fds", "").Value(), next);
}

TEST(ProcessMetrics, CountCpuTimeUpwards) {
  Metrics metrics;
  const ProcessMetrics process(metrics, kBuild);
  Counter& cpu = metrics.CounterOf("process_cpu_seconds_total", "");
  metrics.Text();
  const double before = cpu.Value();
  // Until the kernel has counted a tick more, which the loop itself sees to.
  while (cpu.Value() <= before) metrics.Text();
  EXPECT_GT(cpu.Value(), before);
}

}  // namespace
}  // namespace imdi::base
