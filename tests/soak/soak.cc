// imdi-soak: the embedded server under a steady load of everything at once, for as long as one
// likes. Prints what it holds and how long it takes, window by window, and fails where the second
// half of the run surely rises: memory, descriptors, threads, or the slowest hundredth of calls.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/connection.h"
#include "services/base/clock.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/base/text.h"
#include "tests/bench/survey.h"
#include "tests/fault/process/server_process.h"
#include "tests/soak/process_watch.h"
#include "tests/soak/store_watch.h"
#include "tests/soak/trend.h"

namespace imdi::soak {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace aggregation_pb = survey::aggregation::v1;
namespace query_pb = survey::query::v1;
namespace model = survey::model::v1;
using Submissions = ingestion_pb::SubmissionService::StubInterface;
using Query = query_pb::QueryService::StubInterface;
using Releases = aggregation_pb::ReleaseService::StubInterface;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr std::chrono::seconds kWindow{10};
constexpr std::chrono::seconds kBetweenReleases{20};
constexpr std::chrono::seconds kFollowing{5};
constexpr const char* kEdition = "editions/KU2017";

// What may rise in an hour, as a share of the median. A leak that matters in a week of running is
// above it by far; caches that still fill, and a machine that others use, are below.
constexpr double kResidentMost = 0.15;
constexpr double kDescriptorsMost = 0.15;
constexpr double kThreadsMost = 0.05;
constexpr double kSlowestMost = 1.0;

struct Setting {
  int minutes = 30;
  int submissions = 50;  // A second.
  int reads = 50;
  std::string root = ".";
  std::string folder;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "imdi-soak: %s\n", what.c_str());
  std::exit(1);
}

// What the callers saw since it was last taken.
struct Seen {
  std::vector<double> submit_ms;
  std::vector<double> read_ms;
  int64_t releases = 0;
  int64_t followed = 0;  // Streams that ran their time.
  int64_t retried = 0;   // Answers that invite to ask again: shed, or a revision that moved on.
};

// True when there was something new to publish.
absl::StatusOr<bool> PublishRelease(const cli::Connection& connection) {
  aggregation_pb::BuildReleaseRequest build;
  build.set_parent(kEdition);
  build.set_audience(query_pb::AUDIENCE_INTERNAL);
  const auto candidate = connection.Call(connection.releases(), &Releases::BuildRelease, build);
  if (!candidate.ok()) return candidate.status();
  if (candidate->unchanged()) return false;
  aggregation_pb::PublishReleaseRequest publish;
  publish.set_candidate(candidate->name());
  publish.set_reason("soak");
  const auto published = connection.Call(connection.releases(), &Releases::PublishRelease, publish);
  if (!published.ok()) return published.status();
  // Until readers have it.
  query_pb::GetFigureRequest read;
  read.set_name(base::StrCat(published->release().name(), "/figures/IND_TARGET.WITH_PROGRAMME"));
  read.set_at_least_position(published->release().published_position());
  const auto figure = connection.Call(connection.query(), &Query::GetFigure, read);
  if (!figure.ok()) return figure.status();
  return true;
}

class Callers {
 public:
  Callers(const Setting& setting, const process_fault::ServerProcess& server,
          std::vector<ingestion_pb::SubmitRequest> units)
      : connection_(server.public_address(), server.internal_address(), kCallTimeout),
        units_(std::move(units)) {
    // Two of each, at half the rate: one slow call does not silence all.
    for (size_t half = 0; half < 2; ++half) {
      threads_.emplace_back([this, half, &setting] {
        Paced(
            setting.submissions,
            [this, half, count = int64_t{0}]() mutable { return Submit(half, ++count); },
            &Seen::submit_ms);
      });
      threads_.emplace_back([this, half, &setting] {
        Paced(
            setting.reads,
            [this, random = std::mt19937_64(half)]() mutable { return Read(random); },
            &Seen::read_ms);
      });
    }
    threads_.emplace_back([this] { FollowLog(); });
    threads_.emplace_back([this] { FollowReleases(); });
    threads_.emplace_back([this] { Publish(); });
  }
  ~Callers() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    for (std::thread& thread : threads_) thread.join();
  }
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  Seen Take() {
    base::MutexLock lock(mutex_);
    return std::exchange(seen_, {});
  }
  // What should not have been answered; empty = nothing.
  std::string problem() const {
    base::MutexLock lock(mutex_);
    return problem_;
  }
  // False once it is to stop.
  bool WaitUntil(base::SteadyTime until) {
    base::MutexLock lock(mutex_);
    while (!stopping_ && changed_.WaitUntil(mutex_, until)) continue;
    return !stopping_;
  }

 private:
  // Calls at half of `a_second`, each counted from when it was due: a late one counts as slow.
  void Paced(int a_second, const std::function<absl::Status()>& call,
             std::vector<double> Seen::*latencies) {
    const auto step = std::chrono::nanoseconds(std::chrono::seconds(2)) / a_second;
    base::SteadyTime due = base::SteadyClock::now();
    while (WaitUntil(due)) {
      const absl::Status status = call();
      const std::chrono::duration<double, std::milli> took = base::SteadyClock::now() - due;
      base::MutexLock lock(mutex_);
      if (status.ok()) {
        (seen_.*latencies).push_back(took.count());
      } else if (cli::WorthRetrying(status) || absl::IsAborted(status)) {
        ++seen_.retried;
      } else if (problem_.empty()) {
        problem_ = status.ToString();
      }
      due += step;
    }
  }

  // The units are shared out: every second one is this thread's own.
  absl::Status Submit(size_t half, int64_t count) {
    const size_t place = (static_cast<size_t>(count) * 2 + half) % (units_.size() / 2 * 2);
    ingestion_pb::SubmitRequest request = units_[place];
    request.set_request_id(base::StrCat("soak-", half, "-", count));
    request.set_expected_revision(revisions_[place]);
    const auto response =
        connection_.Call(connection_.submissions(), &Submissions::Submit, request);
    if (!response.ok()) return response.status();
    if (response->outcome() != ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
      return absl::InternalError(response->DebugString());
    revisions_[place] = response->receipt().revision();
    return absl::OkStatus();
  }

  absl::Status Read(std::mt19937_64& random) {
    const std::string release = random() % 2 == 0 ? "/releases/live" : "/releases/latest";
    const auto ask = [&](auto method, const auto& request) {
      return connection_.Call(connection_.query(), method, request).status();
    };
    switch (random() % 10) {
      case 0: {
        query_pb::ListFiguresRequest request;
        request.set_parent(kEdition + release);
        request.set_page_size(200);
        return ask(&Query::ListFigures, request);
      }
      case 1: {
        query_pb::GetTableRequest request;
        request.set_parent(kEdition + release);
        request.add_attributes("imdi_region");
        return ask(&Query::GetTable, request);
      }
      case 2: {
        query_pb::ListClaimsRequest request;
        request.set_parent(kEdition + release);
        return ask(&Query::ListClaims, request);
      }
      case 3: {
        query_pb::ExplainFigureRequest request;
        request.set_name(kEdition + release + "/figures/IND_TARGET.WITH_PROGRAMME");
        return ask(&Query::ExplainFigure, request);
      }
      case 5: {
        query_pb::TestAssociationRequest request;
        request.set_parent(kEdition + release);
        request.set_cells("IND_TARGET.WITH_PROGRAMME");
        request.add_attributes("imdi_region");
        return ask(&Query::TestAssociation, request);
      }
      case 4: {
        ingestion_pb::GetCollectionStatusRequest request;
        request.set_edition(kEdition);
        return connection_
            .Call(connection_.submissions(), &Submissions::GetCollectionStatus, request)
            .status();
      }
      default: {
        query_pb::GetFigureRequest request;
        request.set_name(kEdition + release + "/figures/IND_TARGET.WITH_PROGRAMME.size_group=" +
                         std::to_string(1 + random() % 4));
        return ask(&Query::GetFigure, request);
      }
    }
  }

  // A stream for kFollowing, then another one.
  template <typename Open, typename Response>
  void Follow(Open open, Response message) {
    while (WaitUntil(base::SteadyClock::now())) {
      grpc::ClientContext context;
      transport::SetTimeout(context, absl::FromChrono(kFollowing));
      const auto reader = open(context);
      while (reader->Read(&message)) continue;
      const grpc::Status ended = reader->Finish();
      base::MutexLock lock(mutex_);
      if (ended.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
        ++seen_.followed;
      } else if (problem_.empty()) {
        problem_ = base::StrCat("a stream ended with ", ended.error_message());
      }
    }
  }
  void FollowLog() {
    Follow(
        [this](grpc::ClientContext& context) {
          ingestion_pb::FollowLogRequest request;
          const auto head =
              connection_.Call(connection_.log(), &ingestion_pb::LogService::StubInterface::GetHead,
                               ingestion_pb::GetHeadRequest());
          if (head.ok()) *request.mutable_after() = head->head();
          return connection_.log().stub->FollowLog(&context, request);
        },
        ingestion_pb::FollowLogResponse());
  }
  void FollowReleases() {
    Follow(
        [this](grpc::ClientContext& context) {
          return connection_.query().stub->FollowReleases(&context,
                                                          query_pb::FollowReleasesRequest());
        },
        query_pb::FollowReleasesResponse());
  }

  void Publish() {
    for (base::SteadyTime due = base::SteadyClock::now() + kBetweenReleases; WaitUntil(due);
         due += kBetweenReleases) {
      const absl::StatusOr<bool> published = PublishRelease(connection_);
      base::MutexLock lock(mutex_);
      if (published.ok()) {
        seen_.releases += *published;
      } else if (problem_.empty()) {
        problem_ = published.status().ToString();
      }
    }
  }

  const cli::Connection connection_;
  const std::vector<ingestion_pb::SubmitRequest> units_;
  std::vector<int64_t> revisions_ = std::vector<int64_t>(units_.size());
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Seen seen_ ABSL_GUARDED_BY(mutex_);
  std::string problem_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // Last: they use all of the above.
};

// NaN-free: 0 for none.
double Slowest(std::vector<double>& values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() - 1 - values.size() / 100];
}

double MiB(int64_t bytes) { return static_cast<double>(bytes) / base::kMiB; }

struct Row {
  const char* name;
  const char* unit;
  double most;
  std::vector<double> values;
};

std::string Configuration(const std::string& folder) {
  const std::string file = folder + "/server.yaml";
  // As little memory as the engine takes, so that its caches are full long before the second half.
  std::ofstream(file) << "listen: \"127.0.0.1:0\"\ninternal_listen: \"127.0.0.1:0\"\n"
                      << "health_listen: \"127.0.0.1:0\"\ninsecure_loopback: true\nactor: soak\n"
                      << "ingestion: {data_dir: " << folder << "/i, master_key_file: " << folder
                      << "/m, create_master_key: true, memory_mib: 32}\n"
                      << "aggregation: {data_dir: " << folder << "/a, memory_mib: 32}\n"
                      << "query: {data_dir: " << folder << "/q, memory_mib: 32}\n";
  return file;
}

int Soak(const Setting& setting) {
  const bench::Survey survey = bench::LoadSurvey(
      setting.root, process_fault::ProgramPath("imdi-demo-answers"), setting.folder);
  process_fault::ServerProcess server({.data = setting.folder + "/data",
                                       .log_file = setting.folder + "/server.log",
                                       .arguments = {"--config", Configuration(setting.folder)}});
  if (!server.WaitReady(kPatience))
    Die(base::StrCat("the server did not start; see ", setting.folder, "/server.log"));
  bench::Apply(server.internal_address(), survey.documents.documents);
  bench::Open(server.internal_address(), "KU2017");
  const cli::Connection connection(server.public_address(), server.internal_address(),
                                   kCallTimeout);
  if (const auto first = PublishRelease(connection); !first.ok()) Die(first.status().ToString());

  // What the stores' caches take is bounded by configuration, and they take hours to fill; tables
  // of the stores become more with the data. Both are shown, and held against their own bounds.
  std::vector<Row> rows = {{"memory", "MiB", kResidentMost, {}},
                           {"descriptors", "", kDescriptorsMost, {}},
                           {"threads", "", kThreadsMost, {}},
                           {"submit p99", "ms", kSlowestMost, {}},
                           {"read p99", "ms", kSlowestMost, {}}};
  std::printf("%8s %13s %11s %11s %12s %7s %9s %8s %14s %12s %9s %9s %9s %8s\n", "minute",
              "resident MiB", "stores MiB", "memory MiB", "descriptors", "tables", "data MiB",
              "threads", "submit p99 ms", "read p99 ms", "submitted", "read", "releases",
              "retried");
  std::string problem;
  {
    Callers callers(setting, server, bench::Responses2017(survey));
    const base::SteadyTime begin = base::SteadyClock::now();
    const auto windows =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::minutes(setting.minutes)) /
        kWindow;
    for (int window = 1; window <= windows && problem.empty(); ++window) {
      callers.WaitUntil(begin + window * kWindow);
      Seen seen = callers.Take();
      problem = callers.problem();
      const ProcessSample sample = SampleOf(server.pid());
      if (sample.threads == 0) problem = "the server has gone";
      const StoresSample stores = StoresOf(server.health_address());
      if (stores.memory_max_bytes == 0) problem = "the server does not tell its metrics";
      if (stores.memory_bytes > stores.memory_max_bytes)
        problem = base::StrCat("the stores take ", stores.memory_bytes, " bytes of ",
                               stores.memory_max_bytes);
      const double values[] = {MiB(sample.resident_bytes - stores.memory_bytes),
                               static_cast<double>(sample.descriptors - sample.tables),
                               static_cast<double>(sample.threads), Slowest(seen.submit_ms),
                               Slowest(seen.read_ms)};
      for (size_t i = 0; i < rows.size(); ++i) rows[i].values.push_back(values[i]);
      std::printf(
          "%8.1f %13.1f %11.1f %11.1f %12.0f %7lld %9.1f %8.0f %14.2f %12.2f %9zu %9zu %9lld "
          "%8lld\n",
          std::chrono::duration<double, std::ratio<60>>(window * kWindow).count(),
          MiB(sample.resident_bytes), MiB(stores.memory_bytes), values[0], values[1],
          static_cast<long long>(sample.tables), MiB(stores.table_bytes), values[2], values[3],
          values[4], seen.submit_ms.size(), seen.read_ms.size(),
          static_cast<long long>(seen.releases), static_cast<long long>(seen.retried));
      std::fflush(stdout);
    }
  }
  if (!problem.empty()) Die(problem);

  std::printf("\nThe second half (%zu windows of %lld s), Theil-Sen:\n", rows[0].values.size() / 2,
              static_cast<long long>(kWindow.count()));
  bool risen = false;
  for (const Row& row : rows) {
    const size_t half = row.values.size() / 2;
    const Trend trend = TrendOf(std::span(row.values).subspan(half),
                                std::chrono::duration<double, std::ratio<3600>>(kWindow).count());
    const bool rises = Rises(trend, row.most);
    risen = risen || rises;
    std::printf(
        "%-12s median %9.2f %-3s  %+8.2f an hour, surely more than %+8.2f; allowed %.2f: %s\n",
        row.name, trend.median, row.unit, trend.per_hour, trend.at_least_per_hour,
        row.most * trend.median, rises ? "RISES" : "flat");
  }
  server.Terminate();
  const std::optional<int> code = server.WaitExit(kPatience);
  if (code != 0) Die(base::StrCat("the server ended with ", code.value_or(-1)));
  std::printf("\n%s\n", risen ? "Something rises." : "All is flat.");
  return risen ? 1 : 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "The embedded server under a steady load, with its memory, descriptors, threads and "
      "slowest calls watched for a trend",
      "imdi-soak");
  Setting setting;
  // Half of it must have windows enough to tell a trend from noise.
  app.add_option("--minutes", setting.minutes, "how long")
      ->check(CLI::Range(4, 10'000))
      ->capture_default_str();
  app.add_option("--submissions", setting.submissions, "submissions a second")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str();
  app.add_option("--reads", setting.reads, "reads a second")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str();
  app.add_option("--root", setting.root, "folder that holds deploy/")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  setting.folder = (std::filesystem::temp_directory_path() / "imdi-soak-XXXXXX").string();
  if (mkdtemp(setting.folder.data()) == nullptr) Die("no temporary folder can be made");
  const int code = Soak(setting);
  std::error_code ignored;
  std::filesystem::remove_all(setting.folder, ignored);
  return code;
}

}  // namespace
}  // namespace imdi::soak

int main(int argc, char** argv) { return imdi::soak::Main(argc, argv); }
