#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/bench/benches.h"
#include "tests/bench/phases.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/open_loop.h"

namespace imdi::bench {
namespace {

constexpr size_t kStalled = 10;  // Connections over which nothing comes back,
constexpr int kStalledCalls = base::kConcurrentStreamsMax;  // and calls on each.
constexpr double kRestAfter = 1;                            // Seconds.

// Whole pages, asked for by callers who do not take what they get.
void BenchUntaken(Phases& phases, const Side& side, const std::string& internal, double capacity,
                  Report& report) {
  std::printf("\nOverload: %zu connections ask for %d pages each and take nothing\n", kStalled,
              kStalledCalls);
  survey::query::v1::ListFiguresRequest page;
  page.set_parent("editions/KUB0/releases/live");
  page.set_page_size(base::kPageSizeMax);
  const std::string request = page.SerializeAsString();
  testing_support::FaultProxy proxy(internal);
  testing_support::OpenLoop stalled;
  stalled.address = proxy.address();
  stalled.callers = kStalled;
  stalled.keep_responses = false;
  // One on each at first, so that all are connected; when those are answered nothing comes back any
  // more, and then the rest are asked.
  stalled.times_s.assign(kStalled * static_cast<size_t>(kStalledCalls), kRestAfter);
  std::fill_n(stalled.times_s.begin(), kStalled, 0.0);
  stalled.make = [&](size_t index) {
    return std::optional(testing_support::OpenCall{
        .caller = index % kStalled, .method = kListMethod, .request = request});
  };
  testing_support::Faults silent;
  silent.down.flow = testing_support::Way::Flow::kHold;
  std::atomic<size_t> answered = 0;
  std::atomic<int64_t> taken = 0;
  stalled.answered = [&](const testing_support::OpenAnswer& answer) {
    taken += answer.status.ok() ? 1 : 0;
    if (++answered == kStalled) proxy.Set(silent);
  };
  Head();
  const Offer others{.per_second = 0.5 * capacity, .reads = true};
  MemoryWatch calm_watch(side);
  const Got alone = phases.Run({others})[0];
  const double calm_rss = calm_watch.Stop();
  Row("others, 0.5 x, alone", alone, calm_rss);
  MemoryWatch watch(side);
  std::thread asks([&] { stalled.Run(); });
  const Got beside = phases.Run({others})[0];
  asks.join();
  const double rss = watch.Stop();
  Row("others, 0.5 x, beside", beside, rss);
  report.Value("of theirs answered, before nothing came back", static_cast<double>(taken), "");
  report.AtLeast("done beside them / alone", beside.PerSecond() / alone.PerSecond(), 0.95, "");
  report.AtMost("memory above that without them", rss - calm_rss,
                static_cast<double>(2 * base::kReadsAdmittedMax * base::kPageBytesMax) /
                    static_cast<double>(base::kMiB),
                "MiB");
}

}  // namespace

void BenchReads(const Setting& setting, const Survey& survey, Report& report) {
  std::printf(
      "\nOverload: queries for the figures of one breakdown, the embedded system, a slow disk\n");
  RunOn(1);
  const Side side(setting.program, {"--role", "system", setting.folder + "/reads"},
                  SlowDisk(setting));
  const std::string open = side.addresses().at(0);
  const std::string internal = side.addresses().at(1);
  Prepare(survey, internal);
  testing_support::OpenSubmits submits(ManyUnits(survey));
  Phases phases(open, internal, submits);
  const double reads = Capacity(phases, /*reads=*/true);
  report.Value("capacity: most done while at most 1 % is shed", reads, "a second");
  StepUp(phases, side, /*reads=*/true, reads, report);
  BenchUntaken(phases, side, internal, reads, report);

  // Reads that are computed, beside writes, on one processor.
  std::printf("\nOverload: submissions and queries together\n");
  const double writes = Capacity(phases, /*reads=*/false);
  report.Value("capacity for submissions alone", writes, "a second");
  Head();
  MemoryWatch calm_watch(side);
  const Got alone = phases.Run({{.per_second = 0.8 * writes}})[0];
  const double calm_rss = calm_watch.Stop();
  Row("submissions 0.8 x, alone", alone, calm_rss);
  for (const auto& [write_times, read_times] :
       {std::pair{0.8, 2.0}, std::pair{0.8, 5.0}, std::pair{2.0, 2.0}}) {
    MemoryWatch watch(side);
    const std::vector<Got> got = phases.Run(
        {{.per_second = write_times * writes}, {.per_second = read_times * reads, .reads = true}});
    const double rss = watch.Stop();
    const std::string name =
        base::StrCat("submissions ", write_times, " x, queries ", read_times, " x");
    Row(base::StrCat("submissions ", write_times, " x"), got[0], rss);
    Row(base::StrCat("  queries ", read_times, " x"), got[1], rss);
    report.AtLeast(name + ": done / asked, at most capacity",
                   got[0].PerSecond() / (std::min(1.0, write_times) * writes), 0.9, "");
    report.AtMost(name + ": shed answers, p99",
                  std::max(At(got[0].shed_ms, 0.99), At(got[1].shed_ms, 0.99)), 50, "ms");
    report.AtMost(name + ": shed without a delay, or failed",
                  static_cast<double>(got[0].without_delay + got[0].faults + got[1].without_delay +
                                      got[1].faults),
                  0, "calls");
    report.AtMost(name + ": memory above that at 0.8", rss - calm_rss, 64, "MiB");
  }
  const std::vector<Got> after =
      phases.Run({{.per_second = 0.5 * writes}, {.per_second = 0.3 * reads, .reads = true}}, 0, 8);
  report.AtMost("full service after the load has gone",
                std::max(after[0].last_shed_s, after[1].last_shed_s), 5, "s");
  RunOn(-1);
}

}  // namespace imdi::bench
