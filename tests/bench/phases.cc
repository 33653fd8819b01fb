#include "tests/bench/phases.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>

#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "tests/support/open_loop.h"

namespace imdi::bench {
namespace {

namespace query_pb = survey::query::v1;
using testing_support::OpenAnswer;
using testing_support::OpenCall;
using testing_support::OpenLoop;
using testing_support::PoissonTimes;

// A sync as on a hard disk, and throughput as rented by the kilobyte.
constexpr const char* kSyncUs = "10000";
constexpr const char* kBytesPerSecond = "600000";
constexpr int kEditions = 10;
constexpr size_t kListBytesMin = 10'000;  // An answer that holds less is none.

}  // namespace

double At(const std::vector<double>& sorted, double quantile) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1))];
}

std::string ListOfOneBreakdown() {
  query_pb::ListFiguresRequest list;
  list.set_parent("editions/KUB0/releases/live");
  list.set_attribute("size_group");
  list.set_page_size(1'000);
  return list.SerializeAsString();
}

std::vector<Got> Phases::Run(const std::vector<Offer>& offers, double warm_up, double counted) {
  // Writes and reads may have different addresses, so they are loops of their own.
  std::vector<Got> out(offers.size());
  std::vector<std::thread> threads;
  const Usage before = OwnUsage();
  const auto begun = std::chrono::steady_clock::now();
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
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
  const double own_share = static_cast<double>(OwnUsage().cpu_us - before.cpu_us) / took.count();
  for (Got& got : out) {
    got.seconds = counted;
    got.own_share = own_share;
    std::sort(got.answered_ms.begin(), got.answered_ms.end());
    std::sort(got.shed_ms.begin(), got.shed_ms.end());
    if (got.faults > 0) {
      std::cerr << "imdi-bench: " << got.faults << " calls failed: " << got.first_fault << "\n";
    }
  }
  return out;
}

void Phases::RunLoop(const std::vector<Offer>& offers,
                     const std::vector<std::pair<double, size_t>>& arrivals, bool reads,
                     size_t callers, double warm_up, std::vector<Got>& out) {
  const std::string listing = ListOfOneBreakdown();
  OpenLoop loop;
  loop.address = reads ? internal_ : open_;
  loop.callers = callers;
  loop.keep_responses = !reads;
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
    bool known = false;
    if (!reads) {
      known = submits_.Answered(answer);
    } else if (answer.status.ok()) {
      known = answer.response_bytes >= kListBytesMin;
    } else {
      known = base::ReasonOf(answer.status) == base::Reason::kOverloaded;
    }
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

double MemoryWatch::Stop() {
  if (thread_.joinable()) {
    stop_.set_value();
    thread_.join();
  }
  return static_cast<double>(most_kib_) / 1024;
}

void MemoryWatch::Run() {
  do {
    most_kib_ = std::max(most_kib_, side_.Read().rss_kib);
  } while (stopped_.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready);
}

void Head() {
  std::printf("  %-26s %9s %9s %8s %8s %9s %9s %7s %6s\n", "", "offered/s", "done/s", "p50 ms",
              "p99 ms", "shed/s", "p99 ms", "RSS MiB", "own %");
}

void Row(const std::string& name, const Got& got, double rss_mib) {
  std::printf("  %-26s %9.0f %9.0f %8.1f %8.1f %9.0f %9.1f %7.0f %6.0f\n", name.c_str(),
              static_cast<double>(got.offered) / got.seconds, got.PerSecond(),
              At(got.answered_ms, 0.5), At(got.answered_ms, 0.99), got.ShedPerSecond(),
              At(got.shed_ms, 0.99), rss_mib, 100 * got.own_share);
  std::fflush(stdout);
}

double Capacity(Phases& phases, bool reads) {
  double best = 0;
  for (double rate = 100; rate < 100'000; rate *= 1.15) {
    const Got got = phases.Run({{.per_second = rate, .reads = reads}}, 1, 3)[0];
    if (static_cast<double>(got.shed_ms.size()) > 0.01 * static_cast<double>(got.offered)) break;
    best = std::max(best, got.PerSecond());
  }
  return best;
}

void StepUp(Phases& phases, const Side& side, bool reads, double capacity, Report& report) {
  Head();
  double calm_p99 = 0;
  double calm_rss = 0;
  for (const double times : {0.8, 1.0, 2.0, 5.0, 10.0}) {
    MemoryWatch watch(side);
    const Got got = phases.Run({{.per_second = times * capacity, .reads = reads}})[0];
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
  const Got after = phases.Run({{.per_second = 0.8 * capacity, .reads = reads}}, 0, 8)[0];
  Row("0.8 x, right after", after, 0);
  report.AtMost("full service after the load has gone", after.last_shed_s, 5, "s");
}

Surroundings SlowDisk(const Setting& setting) {
  const std::string library =
      (std::filesystem::path(setting.program).parent_path() / "libimdi_slow_disk.so").string();
  return {.environment = {"LD_PRELOAD=" + library, "IMDI_SLOW_DISK_PATHS=/ingestion/",
                          base::StrCat("IMDI_SLOW_DISK_SYNC_US=", kSyncUs),
                          base::StrCat("IMDI_SLOW_DISK_BYTES_PER_SECOND=", kBytesPerSecond)},
          .cpu = 0};
}

void Prepare(const Survey& survey, const std::string& internal) {
  Apply(internal, ClonedEditions(survey, kEditions));
  for (int i = 0; i < kEditions; ++i) Open(internal, base::StrCat("KUB", i));
}

std::vector<survey::ingestion::v1::SubmitRequest> ManyUnits(const Survey& survey) {
  std::vector<survey::ingestion::v1::SubmitRequest> out;
  for (int i = 0; i < kEditions; ++i) {
    for (survey::ingestion::v1::SubmitRequest request : Responses2017(survey)) {
      request.mutable_submission()->set_edition(base::StrCat("editions/KUB", i));
      out.push_back(std::move(request));
    }
  }
  return out;
}

}  // namespace imdi::bench
