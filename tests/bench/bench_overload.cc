#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"
#include "tests/support/deadline_day.h"
#include "tests/support/open_loop.h"
#include "tests/support/open_submits.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
using testing_support::OpenAnswer;
using testing_support::OpenCall;
using testing_support::OpenLoop;
using testing_support::OpenSubmits;
using testing_support::PoissonTimes;

// A disk so slow that ten times what it can take can be offered by the processor that is left: a
// sync as on a hard disk, and throughput as rented by the kilobyte.
constexpr const char* kSyncUs = "10000";
constexpr const char* kBytesPerSecond = "600000";
constexpr size_t kCallers = 20;
constexpr double kWarmUp = 3;  // Seconds of a phase that are not counted.
constexpr double kCounted = 8;
constexpr int kEditions = 10;
constexpr const char* kListMethod = "/imdi.survey.query.v1.QueryService/ListFigures";

// Calls of one kind within a phase.
struct Offer {
  double per_second = 0;
  size_t first_caller = 0;
  size_t callers = kCallers;
  bool reads = false;
};

// What became of them.
struct Got {
  double seconds = 0;
  int64_t offered = 0;
  std::vector<double> answered_ms;  // Sorted.
  std::vector<double> shed_ms;      // Sorted.
  int64_t without_delay = 0;        // Shed without a retry delay.
  int64_t faults = 0;               // Neither.
  std::string first_fault;
  double last_shed_s = 0;

  double PerSecond() const { return static_cast<double>(answered_ms.size()) / seconds; }
  double ShedPerSecond() const { return static_cast<double>(shed_ms.size()) / seconds; }
};

double At(const std::vector<double>& sorted, double quantile) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1))];
}

// The most that a server's memory came to, while it lives.
class Watch {
 public:
  explicit Watch(const Side& side) : side_(side), thread_([this] { Run(); }) {}
  ~Watch() { Stop(); }
  double Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return static_cast<double>(most_kib_) / 1024;
  }

 private:
  void Run() {
    while (!stop_) {
      most_kib_ = std::max(most_kib_, side_.Read().rss_kib);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  const Side& side_;
  std::atomic<bool> stop_ = false;
  int64_t most_kib_ = 0;
  std::thread thread_;
};

class Phases {
 public:
  Phases(std::string open, std::string internal, OpenSubmits& submits)
      : open_(std::move(open)), internal_(std::move(internal)), submits_(submits) {}

  // All of them at once, each through connections of its own.
  std::vector<Got> Run(const std::vector<Offer>& offers, double warm_up = kWarmUp,
                       double counted = kCounted) {
    // Writes and reads may have different addresses, so they are loops of their own.
    std::vector<Got> out(offers.size());
    std::vector<std::thread> threads;
    for (const bool reads : {false, true}) {
      std::vector<std::pair<double, size_t>> arrivals;
      size_t callers = 0;
      for (size_t i = 0; i < offers.size(); ++i) {
        if (offers[i].reads != reads) continue;
        callers = std::max(callers, offers[i].first_caller + offers[i].callers);
        for (const double at : PoissonTimes(offers[i].per_second, warm_up + counted, ++seed_))
          arrivals.emplace_back(at, i);
      }
      if (arrivals.empty()) continue;
      std::sort(arrivals.begin(), arrivals.end());
      threads.emplace_back([this, &offers, &out, reads, callers, warm_up, arrivals] {
        RunLoop(offers, arrivals, reads, callers, warm_up, out);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (Got& got : out) {
      got.seconds = counted;
      std::sort(got.answered_ms.begin(), got.answered_ms.end());
      std::sort(got.shed_ms.begin(), got.shed_ms.end());
      if (got.faults > 0) {
        std::cerr << "imdi-bench: " << got.faults << " calls failed: " << got.first_fault << "\n";
      }
    }
    return out;
  }

 private:
  void RunLoop(const std::vector<Offer>& offers,
               const std::vector<std::pair<double, size_t>>& arrivals, bool reads, size_t callers,
               double warm_up, std::vector<Got>& out) {
    query_pb::ListFiguresRequest list;
    list.set_parent("editions/KUB0/releases/live");
    list.set_page_size(1'000);
    const std::string listing = list.SerializeAsString();
    OpenLoop loop;
    loop.address = reads ? internal_ : open_;
    loop.callers = callers;
    for (const auto& [at, offer] : arrivals) loop.times_s.push_back(at);
    loop.make = [&](size_t index) -> std::optional<OpenCall> {
      const Offer& offer = offers[arrivals[index].second];
      OpenCall call{.caller = offer.first_caller + index % offer.callers,
                    .method = reads ? kListMethod : testing_support::kSubmitMethod,
                    .request = listing};
      if (!reads) {
        auto request = submits_.Next(index);
        if (!request.has_value()) return std::nullopt;
        call.request = *std::move(request);
      }
      return call;
    };
    loop.answered = [&](const OpenAnswer& answer) {
      const bool known = reads ? answer.status.ok() || base::IsRetryable(answer.status)
                               : submits_.Answered(answer);
      const std::lock_guard lock(mutex_);
      Got& got = out[arrivals[answer.index].second];
      if (!known && got.faults++ == 0) got.first_fault = answer.status.ToString();
      if (!answer.status.ok() && known) got.last_shed_s = std::max(got.last_shed_s, answer.began_s);
      if (answer.began_s < warm_up) return;
      ++got.offered;
      if (answer.status.ok()) got.answered_ms.push_back(answer.took_s * 1'000);
      if (answer.status.ok() || !known) return;
      got.shed_ms.push_back(answer.took_s * 1'000);
      if (base::InfoOf(answer.status).retry_delay <= absl::ZeroDuration()) ++got.without_delay;
    };
    loop.Run();
  }

  const std::string open_;
  const std::string internal_;
  OpenSubmits& submits_;
  uint64_t seed_ = 0;
  std::mutex mutex_;
};

void Head() {
  std::printf("  %-26s %9s %9s %8s %8s %9s %9s %7s\n", "", "offered/s", "done/s", "p50 ms",
              "p99 ms", "shed/s", "p99 ms", "RSS MiB");
}
void Row(const std::string& name, const Got& got, double rss_mib) {
  std::printf("  %-26s %9.0f %9.0f %8.1f %8.1f %9.0f %9.1f %7.0f\n", name.c_str(),
              static_cast<double>(got.offered) / got.seconds, got.PerSecond(),
              At(got.answered_ms, 0.5), At(got.answered_ms, 0.99), got.ShedPerSecond(),
              At(got.shed_ms, 0.99), rss_mib);
  std::fflush(stdout);
}

// The most that is done while next to nothing is shed.
double Capacity(Phases& phases) {
  double best = 0;
  for (double rate = 100; rate < 100'000; rate *= 1.15) {
    const Got got = phases.Run({{.per_second = rate}}, 1, 3)[0];
    if (static_cast<double>(got.shed_ms.size()) > 0.01 * static_cast<double>(got.offered)) break;
    best = std::max(best, got.PerSecond());
  }
  return best;
}

// Every response of 2017 in ten editions: so many units that one is always free.
std::vector<ingestion_pb::SubmitRequest> ManyUnits(const Survey& survey) {
  std::vector<ingestion_pb::SubmitRequest> out;
  for (int i = 0; i < kEditions; ++i) {
    for (ingestion_pb::SubmitRequest request : Responses2017(survey)) {
      request.mutable_submission()->set_edition(base::StrCat("editions/KUB", i));
      out.push_back(std::move(request));
    }
  }
  return out;
}

std::vector<std::string> SlowDisk(const Setting& setting) {
  const std::string library =
      (std::filesystem::path(setting.program).parent_path() / "libimdi_slow_disk.so").string();
  return {"LD_PRELOAD=" + library, "IMDI_SLOW_DISK_PATHS=/ingestion/",
          base::StrCat("IMDI_SLOW_DISK_SYNC_US=", kSyncUs),
          base::StrCat("IMDI_SLOW_DISK_BYTES_PER_SECOND=", kBytesPerSecond)};
}

void Prepare(const Survey& survey, const std::string& internal) {
  Apply(internal, ClonedEditions(survey, kEditions));
  for (int i = 0; i < kEditions; ++i) Open(internal, base::StrCat("KUB", i));
}

void BenchWrites(const Setting& setting, const Survey& survey, Report& report) {
  std::printf(
      "\nOverload: submissions to ingestion alone, open loop, %zu connections, a slow disk\n",
      kCallers);
  const Side side(setting.program, {"--role", "ingestion", setting.folder + "/overload"},
                  {.environment = SlowDisk(setting), .cpu = 0});
  const std::string address = side.addresses().at(0);
  Prepare(survey, address);
  const int64_t head = HeadOf(address);
  OpenSubmits submits(ManyUnits(survey));
  Phases phases(address, address, submits);
  const double capacity = Capacity(phases);
  report.Value("capacity: most done while at most 1 % is shed", capacity, "a second");
  Head();
  double calm_p99 = 0;
  double calm_rss = 0;
  for (const double times : {0.8, 1.0, 2.0, 5.0, 10.0}) {
    Watch watch(side);
    const Got got = phases.Run({{.per_second = times * capacity}})[0];
    const double rss = watch.Stop();
    const std::string name = base::StrCat(times, " x capacity");
    Row(name, got, rss);
    if (times < 1) {
      calm_p99 = At(got.answered_ms, 0.99);
      calm_rss = rss;
    }
    if (times < 2) continue;
    report.AtLeast(name + ": done / capacity", got.PerSecond() / capacity, 0.9, "");
    report.AtMost(name + ": p99 / that at 0.8", At(got.answered_ms, 0.99) / calm_p99, 2, "");
    report.AtMost(name + ": shed answers, p99", At(got.shed_ms, 0.99), 50, "ms");
    report.AtMost(name + ": shed without a delay, or failed",
                  static_cast<double>(got.without_delay + got.faults), 0, "calls");
    report.AtMost(name + ": memory above that at 0.8", rss - calm_rss, 64, "MiB");
  }
  const Got after = phases.Run({{.per_second = 0.8 * capacity}}, 0, 8)[0];
  Row("0.8 x, right after", after, 0);
  report.AtMost("full service after the load has gone", after.last_shed_s, 5, "s");

  std::printf("\nOverload: one greedy caller, ten times capacity through one connection\n");
  Head();
  for (const double share : {0.5, 0.8}) {
    const Offer others{.per_second = share * capacity, .first_caller = 1, .callers = 10};
    const Got alone = phases.Run({others})[0];
    const std::string name = base::StrCat("ten others, ", share, " x");
    Row(name + ", alone", alone, 0);
    const std::vector<Got> both =
        phases.Run({others, {.per_second = 10 * capacity, .first_caller = 0, .callers = 1}});
    Row(name + ", beside", both[0], 0);
    Row("the greedy one", both[1], 0);
    report.AtLeast(
        name + ": done beside it / alone",
        (static_cast<double>(both[0].answered_ms.size()) / static_cast<double>(both[0].offered)) /
            (static_cast<double>(alone.answered_ms.size()) / static_cast<double>(alone.offered)),
        0.95, "");
  }
  const int64_t acknowledged = static_cast<int64_t>(submits.Receipts().size());
  report.Value("acknowledged in all", static_cast<double>(acknowledged), "");
  report.AtMost("arrivals that found no unit to submit", static_cast<double>(submits.left_out()), 0,
                "");
  report.AtMost("acknowledged and records appended differ by",
                static_cast<double>(std::abs(HeadOf(address) - head - acknowledged)), 0, "");
}

// The embedded system: reads that are computed, beside writes, on one processor.
void BenchMixed(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nOverload: submissions and queries together, the embedded system, a slow disk\n");
  const Side side(setting.program, {"--role", "system", setting.folder + "/mixed"},
                  {.environment = SlowDisk(setting), .cpu = 0});
  const std::string open = side.addresses().at(0);
  const std::string internal = side.addresses().at(1);
  Prepare(survey, internal);
  OpenSubmits submits(ManyUnits(survey));
  Phases phases(open, internal, submits);
  const double writes = Capacity(phases);
  report.Value("capacity for submissions alone", writes, "a second");
  double reads = 0;
  for (double rate = 50; rate < 100'000; rate *= 1.3) {
    const Got got = phases.Run({{.per_second = rate, .reads = true}}, 1, 2)[0];
    if (static_cast<double>(got.shed_ms.size()) > 0.01 * static_cast<double>(got.offered)) break;
    reads = std::max(reads, got.PerSecond());
  }
  report.Value("capacity for ListFigures of 1 000, alone", reads, "a second");
  Head();
  const Got alone = phases.Run({{.per_second = 0.8 * writes}})[0];
  Row("submissions 0.8 x, alone", alone, 0);
  for (const auto& [write_times, read_times] :
       {std::pair{0.8, 2.0}, std::pair{0.8, 5.0}, std::pair{2.0, 2.0}}) {
    Watch watch(side);
    const std::vector<Got> got = phases.Run(
        {{.per_second = write_times * writes}, {.per_second = read_times * reads, .reads = true}});
    const double rss = watch.Stop();
    const std::string name =
        base::StrCat("submissions ", write_times, " x, queries ", read_times, " x");
    Row(base::StrCat("submissions ", write_times, " x"), got[0], rss);
    Row(base::StrCat("  queries ", read_times, " x"), got[1], rss);
    report.AtLeast(name + ": done / asked, at most capacity",
                   got[0].PerSecond() / (std::min(1.0, write_times) * writes), 0.9, "");
  }
  const std::vector<Got> after =
      phases.Run({{.per_second = 0.5 * writes}, {.per_second = 0.3 * reads, .reads = true}}, 0, 8);
  report.AtMost("full service after the load has gone",
                std::max(after[0].last_shed_s, after[1].last_shed_s), 5, "s");
}

void BenchDeadlineDay(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nDeadline day: every unit within 60 s, each retrying three times, a slow disk\n");
  const Side side(setting.program, {"--role", "ingestion", setting.folder + "/deadline"},
                  {.environment = SlowDisk(setting), .cpu = 0});
  const std::string address = side.addresses().at(0);
  Apply(address, survey.documents.documents);
  Open(address, "KU2017");
  const int64_t before = HeadOf(address);
  testing_support::DeadlineDay day;
  day.address = address;
  day.units = testing_support::OneOfEachUnit(survey.documents, "KU2017", Responses2017(survey));
  const testing_support::DeadlineDayResult result = testing_support::Run(day);
  for (const std::string& fault : result.faults) std::cerr << "imdi-bench: " << fault << "\n";
  report.Value("calls", static_cast<double>(result.calls), "");
  report.Value("of these shed, and repeated after the delay", static_cast<double>(result.shed), "");
  report.Value("slowest first receipt", result.slowest_s * 1'000, "ms");
  report.AtLeast("units acknowledged, with one receipt each",
                 static_cast<double>(result.receipts.size()), static_cast<double>(day.units.size()),
                 "");
  report.AtMost("faults", static_cast<double>(result.faults.size()), 0, "");
  report.AtMost("records appended, less the units",
                static_cast<double>(
                    std::abs(HeadOf(address) - before - static_cast<int64_t>(day.units.size()))),
                0, "");
}

}  // namespace

void BenchOverload(const Setting& setting, const Survey& survey, Report& report) {
  // Those who ask and the one who is asked share no processor, where there are two.
  RunOn(1);
  BenchWrites(setting, survey, report);
  BenchMixed(setting, survey, report);
  BenchDeadlineDay(setting, survey, report);
  RunOn(-1);
}

}  // namespace imdi::bench
