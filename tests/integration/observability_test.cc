// What a running system shows to those who operate it: metrics, and traces from a caller's request
// to the records that it made.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "imdi/survey/store/v1/record.pb.h"
#include "nlohmann/json.hpp"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/mutex.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"
#include "tests/integration/demo_chain.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/demo/demo_answers.h"

namespace imdi {
namespace {

namespace aggregation_pb = survey::aggregation::v1;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::kPatience;
using testing_support::System;
using testing_support::TempFolder;

// The body of an answer over HTTP.
std::string Fetch(const std::string& address, const std::string& path) {
  const size_t colon = address.rfind(':');
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = absl::ToInt64Seconds(kPatience), .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  EXPECT_EQ(::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string all;
  std::vector<char> buffer(64 * 1024);
  for (ssize_t size = 0; (size = ::recv(descriptor, buffer.data(), buffer.size(), 0)) > 0;)
    all.append(buffer.data(), static_cast<size_t>(size));
  ::close(descriptor);
  const size_t body = all.find("\r\n\r\n");
  return body == std::string::npos ? std::string() : all.substr(body + 4);
}

// Prometheus' text format, as much of it as is written here.
struct Family {
  std::string type;  // counter, gauge, histogram
  std::string help;
  std::map<std::string, double> series;  // By name with suffix, and labels.
};
std::map<std::string, Family> ParseMetrics(const std::string& text) {
  std::map<std::string, Family> families;
  std::istringstream lines(text);
  std::string line, current;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string hash, kind, name;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      std::string rest;
      std::getline(words >> std::ws, rest);
      (kind == "HELP" ? families[name].help : families[name].type) = rest;
      current = name;
    } else if (!line.empty()) {
      EXPECT_TRUE(line.starts_with(current)) << line << " stands below " << current;
      const size_t space = line.rfind(' ');
      families[current].series.emplace(line.substr(0, space), std::stod(line.substr(space + 1)));
    }
  }
  return families;
}

std::map<std::string, Family> MetricsOf(System& system) {
  return ParseMetrics(Fetch(system.all().health_address(), "/metrics"));
}

double ValueOf(const std::map<std::string, Family>& families, const std::string& name,
               const std::string& labels = "") {
  const auto family = families.find(name);
  if (family == families.end()) {
    ADD_FAILURE() << "there is no metric " << name;
    return -1;
  }
  const auto series = family->second.series.find(name + labels);
  if (series == family->second.series.end()) {
    ADD_FAILURE() << name << " has no series " << labels;
    return -1;
  }
  return series->second;
}

// One system with everything in it, for all tests of this file: they only look, or add.
class Observed : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    system_ = new System(folder_->path());
    testing_support::SetUpDemo(*system_);
  }
  static void TearDownTestSuite() {
    delete system_;
    delete folder_;
  }
  static System& system() { return *system_; }
  static std::string data() { return folder_->path(); }

 private:
  inline static TempFolder* folder_ = nullptr;
  inline static System* system_ = nullptr;
};

TEST_F(Observed, EveryMetricIsNamedByTheRulesAndSaysWhatItIs) {
  static const std::regex kName(
      "(imdi_(build|process|transport|ingestion|aggregation|query|storage|follower|task)|process)"
      "(_[a-z][a-z0-9]*)+");
  static const std::regex kNoBaseUnit(
      ".*_(ms|us|ns|millis|milliseconds|micros|microseconds|minutes|hours|days|kb|kib|mb|mib|gib|"
      "percent|pct)(_.*)?");
  for (const auto& [name, family] : MetricsOf(system())) {
    EXPECT_TRUE(std::regex_match(name, kName)) << name;
    EXPECT_FALSE(std::regex_match(name, kNoBaseUnit)) << name << " is not in a base unit";
    EXPECT_GT(family.help.size(), 5u) << name << " has no help";
    EXPECT_TRUE(family.type == "counter" || family.type == "gauge" || family.type == "histogram")
        << name << " is a " << family.type;
    EXPECT_EQ(family.type == "counter", name.ends_with("_total")) << name;
    for (const char* unit : {"_seconds", "_bytes", "_ratio"}) {
      if (name.find(unit) == std::string::npos) continue;
      EXPECT_TRUE(name.ends_with(unit) || name.ends_with(std::string(unit) + "_total"))
          << name << ": the unit comes last";
    }
  }
}

// A caller can make up names, ids and texts; none of them makes a series.
TEST_F(Observed, LabelsAreBoundedWhateverCallersMakeUp) {
  const auto before = MetricsOf(system());
  for (int i = 0; i < 300; ++i) {
    const std::string made_up = "X" + std::to_string(i);
    EXPECT_FALSE(system().Get("editions/" + made_up + "/releases/live/figures/IND_RR.FRAME").ok());
    ingestion_pb::SubmitRequest submit;
    submit.set_request_id(made_up);
    submit.mutable_submission()->set_edition("editions/KU2017");
    submit.mutable_submission()->set_unit("9999");
    submit.mutable_submission()->set_part(made_up);
    EXPECT_FALSE(system().Submit(submit).ok());
  }
  static const std::regex kLabels(R"re([^{]*(\{([a-z_]+="[^"]*",?)*\})?)re");
  for (const auto& [name, family] : MetricsOf(system())) {
    const size_t per_set = family.type == "histogram" ? 20 : 1;
    EXPECT_LE(family.series.size(), (base::kMetricSeriesMax + 1) * per_set) << name;
    for (const auto& [series, value] : family.series) {
      EXPECT_TRUE(std::regex_match(series, kLabels)) << series;
      EXPECT_EQ(series.find("X1"), std::string::npos) << series;
      EXPECT_EQ(series.find("9999"), std::string::npos) << series;
    }
    const auto was = before.find(name);
    if (was == before.end() || name.starts_with("imdi_transport_calls")) continue;
    EXPECT_LE(family.series.size(), was->second.series.size() + 60) << name;
  }
}

TEST_F(Observed, SaysWhereTheLogEndsAndHowFarItIsCounted) {
  const int64_t head = system().Head();
  system().Of2017("IND_RR.FRAME");  // Waits until everything is counted.
  const auto now = MetricsOf(system());
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_log_position"), head);
  EXPECT_EQ(ValueOf(now, "imdi_aggregation_position"), head);
  EXPECT_EQ(ValueOf(now, "imdi_query_position"), head);
  EXPECT_EQ(ValueOf(now, "imdi_aggregation_lag_records"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_aggregation_lag_seconds"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_query_stale"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_query_stale_seconds"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_follower_connected", "{follower=\"follow_log\"}"), 1);
  EXPECT_EQ(ValueOf(now, "imdi_follower_connected", "{follower=\"follow_figures\"}"), 1);
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_log_followers"), 1);
  EXPECT_EQ(ValueOf(now, "imdi_aggregation_figure_followers"), 1);
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_log_epoch"), 1);
}

TEST_F(Observed, CountsWhatIsCommittedAndHowLongItTook) {
  const auto now = MetricsOf(system());
  const auto of = [&](const std::string& histogram, const std::string& what,
                      const std::string& labels = "") {
    return now.at(histogram).series.at(histogram + what + labels);
  };
  // Whatever else was proposed, every record of the log came through a batch.
  EXPECT_GE(of("imdi_ingestion_commit_records", "_sum"),
            ValueOf(now, "imdi_ingestion_log_position"));
  EXPECT_GE(of("imdi_ingestion_commit_records", "_sum"),
            of("imdi_ingestion_commit_records", "_count"));
  EXPECT_GT(of("imdi_ingestion_commit_seconds", "_sum"), 0);
  EXPECT_GT(of("imdi_ingestion_commit_bytes", "_sum"),
            100 * ValueOf(now, "imdi_ingestion_log_position"));
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_commit_queue_records"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_commit_queue_bytes"), 0);
  EXPECT_EQ(ValueOf(now, "imdi_ingestion_commit_refused_total"), 0);
  for (const char* store : {"log", "fold", "figures"}) {
    EXPECT_GT(of("imdi_storage_sync_seconds", "_count",
                 std::string("{file=\"wal\",store=\"") + store + "\"}"),
              0);
  }
  EXPECT_GT(of("imdi_storage_sync_seconds", "_count", "{file=\"watermark\",store=\"log\"}"), 0);
}

TEST_F(Observed, ShowsEveryStoreAndTheDiskItIsOn) {
  const auto now = MetricsOf(system());
  for (const std::string store : {"log", "keys", "drafts", "fold", "figures"}) {
    const std::string labels = "{store=\"" + store + "\"}";
    EXPECT_EQ(ValueOf(now, "imdi_storage_state", "{state=\"serving\",store=\"" + store + "\"}"), 1);
    EXPECT_EQ(ValueOf(now, "imdi_storage_state", "{state=\"poisoned\",store=\"" + store + "\"}"),
              0);
    EXPECT_GT(ValueOf(now, "imdi_storage_free_disk_bytes", labels), 0);
    EXPECT_EQ(ValueOf(now, "imdi_storage_free_disk_min_bytes", labels),
              static_cast<double>(base::kFreeDiskBytesMin));
    const double memory = ValueOf(now, "imdi_storage_memory_bytes", labels);
    EXPECT_GT(memory, 0);
    EXPECT_GE(ValueOf(now, "imdi_storage_memory_max_bytes", labels), memory);
  }
  EXPECT_GT(ValueOf(now, "imdi_storage_entries", "{store=\"log\"}"), 1'000);
}

TEST_F(Observed, ShowsTheProgressOfWhatTakesLong) {
  const auto query = [&](auto method, const auto& request) {
    return system().connection->Call(system().connection->releases(), method, request);
  };
  using Rs = aggregation_pb::ReleaseService::StubInterface;
  aggregation_pb::BuildReleaseRequest build;
  build.set_parent("editions/KU2014");
  build.set_audience(query_pb::AUDIENCE_INTERNAL);
  const auto candidate = query(&Rs::BuildRelease, build);
  ASSERT_TRUE(candidate.ok()) << candidate.status();
  ingestion_pb::CreateBackupRequest backup;
  backup.set_backup_id("observed");
  ASSERT_TRUE(system()
                  .connection
                  ->Call(system().connection->log(),
                         &ingestion_pb::LogService::StubInterface::CreateBackup, backup)
                  .ok());
  const auto verified = system().connection->Call(
      system().connection->log(), &ingestion_pb::LogService::StubInterface::VerifyChain,
      ingestion_pb::VerifyChainRequest());
  ASSERT_TRUE(verified.ok()) << verified.status();
  const auto now = MetricsOf(system());
  for (const std::string task :
       {"verify_log", "scrub", "refold", "load_fold", "load_figures", "build_release",
        "publish_release", "verify_release", "backup", "verify_chain"}) {
    EXPECT_EQ(ValueOf(now, "imdi_task_running", "{task=\"" + task + "\"}"), 0) << task;
  }
  for (const std::string task :
       {"verify_log", "build_release", "backup", "load_fold", "verify_chain"}) {
    EXPECT_EQ(ValueOf(now, "imdi_task_progress_ratio", "{task=\"" + task + "\"}"), 1) << task;
    EXPECT_GT(ValueOf(now, "imdi_task_runs_total", "{result=\"succeeded\",task=\"" + task + "\"}"),
              0);
    EXPECT_GT(ValueOf(now, "imdi_task_last_success_timestamp_seconds", "{task=\"" + task + "\"}"),
              ValueOf(now, "process_start_time_seconds") - 2);
  }
  for (const std::string task : {"build_release", "backup", "verify_chain"}) {
    EXPECT_EQ(
        ValueOf(now, "imdi_task_items", "{state=\"done\",task=\"" + task + "\",unit=\"records\"}"),
        ValueOf(now, "imdi_ingestion_log_position"))
        << task;
  }
}

// What ImdiTaskFailed looks at.
TEST_F(Observed, ABackupThatCannotBeWrittenIsATaskThatFailedAndLeavesNothing) {
  const std::string failed = "{result=\"failed\",task=\"backup\"}";
  const double before = ValueOf(MetricsOf(system()), "imdi_task_runs_total", failed);
  const std::string place = data() + "/backups/nowhere";
  std::filesystem::create_directories(data() + "/backups");
  std::filesystem::create_symlink("missing", place);
  ingestion_pb::CreateBackupRequest request;
  request.set_backup_id("nowhere");
  const auto made = system().connection->Call(
      system().connection->log(), &ingestion_pb::LogService::StubInterface::CreateBackup, request);
  EXPECT_EQ(base::ReasonOf(made.status()), base::Reason::kStoreUnavailable) << made.status();
  EXPECT_EQ(ValueOf(MetricsOf(system()), "imdi_task_runs_total", failed), before + 1);
  EXPECT_FALSE(std::filesystem::is_symlink(place));
}

// What ImdiFollowersNearBound looks at.
TEST_F(Observed, ShowsTheFollowersOfTheLogOfWhichTheSeventeenthIsRefused) {
  struct Follower {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<ingestion_pb::FollowLogResponse>> reader;
  };
  const auto stub =
      ingestion_pb::LogService::NewStub(transport::MakeChannel(system().all().internal_address()));
  const auto followers = [&] {
    return ValueOf(MetricsOf(system()), "imdi_ingestion_log_followers");
  };
  ASSERT_EQ(followers(), 1) << "aggregation";
  ingestion_pb::FollowLogResponse chunk;
  std::vector<std::unique_ptr<Follower>> all;
  for (int i = 1; i <= base::kFollowersMax; ++i) {
    all.push_back(std::make_unique<Follower>());
    transport::SetTimeout(all.back()->context, kPatience);
    all.back()->reader = stub->FollowLog(&all.back()->context, ingestion_pb::FollowLogRequest());
    EXPECT_EQ(all.back()->reader->Read(&chunk), i < base::kFollowersMax) << i;
  }
  EXPECT_EQ(followers(), base::kFollowersMax);
  const absl::Status refused = transport::FromRpc(all.back()->reader->Finish());
  EXPECT_EQ(base::ReasonOf(refused), base::Reason::kTooManyFollowers) << refused;
  all.pop_back();
  for (const auto& one : all) {
    one->context.TryCancel();
    while (one->reader->Read(&chunk)) continue;
    (void)one->reader->Finish();
  }
  EXPECT_TRUE(testing_support::Eventually([&] { return followers() == 1; }));
}

// Names of metrics that a file of the repository uses.
std::set<std::string> NamedIn(const std::string& path) {
  const char* root = std::getenv("IMDI_ROOT");
  std::ifstream file(std::string(root == nullptr ? "." : root) + "/" + path);
  EXPECT_TRUE(file) << path;
  const std::string text(std::istreambuf_iterator<char>(file), {});
  static const std::regex kMetric("\\b((imdi|process)_[a-z_]+)\\b");
  std::set<std::string> names;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), kMetric);
       it != std::sregex_iterator(); ++it)
    names.insert((*it)[1]);
  return names;
}

TEST_F(Observed, EveryMetricOfAlertsDashboardAndRunbookExists) {
  const auto now = MetricsOf(system());
  for (const std::string path :
       {"deploy/observability/alerts.yaml", "deploy/observability/alerts_test.yaml",
        "deploy/observability/grafana/municipal-survey.json", "docs/runbook.md"}) {
    const std::set<std::string> names = NamedIn(path);
    EXPECT_GT(names.size(), 15u) << path;
    for (std::string name : names) {
      if (name.ends_with("_")) continue;  // A group of them: imdi_task_*.
      for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
        if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
      }
      EXPECT_TRUE(now.contains(name)) << path << " names " << name;
    }
  }
}

TEST_F(Observed, TheDashboardShowsEveryMetricAndTheRunbookTellsOfIt) {
  const std::set<std::string> shown = NamedIn("deploy/observability/grafana/municipal-survey.json");
  const std::set<std::string> told = NamedIn("docs/runbook.md");
  for (const auto& [name, family] : MetricsOf(system())) {
    EXPECT_TRUE(told.contains(name)) << name;
    if (name.starts_with("imdi_task_") || name == "process_virtual_memory_bytes") continue;
    EXPECT_TRUE(shown.contains(name) || shown.contains(name + "_bucket") ||
                shown.contains(name + "_sum"))
        << name;
  }
}

TEST_F(Observed, TheDashboardIsWhole) {
  const char* root = std::getenv("IMDI_ROOT");
  std::ifstream file(std::string(root == nullptr ? "." : root) +
                     "/deploy/observability/grafana/municipal-survey.json");
  const nlohmann::json dashboard = nlohmann::json::parse(file);
  EXPECT_TRUE(dashboard.at("uid").is_string());
  EXPECT_GE(dashboard.at("schemaVersion").get<int>(), 36);
  std::set<std::string> variables, rows;
  for (const auto& one : dashboard.at("templating").at("list"))
    variables.insert(one.at("name").get<std::string>());
  EXPECT_TRUE(variables.contains("datasource") && variables.contains("job"));
  std::set<int> ids;
  std::set<std::pair<int, int>> taken;
  for (const auto& panel : dashboard.at("panels")) {
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << panel.at("id");
    const auto& place = panel.at("gridPos");
    const int left = place.at("x").get<int>(), top = place.at("y").get<int>();
    EXPECT_LE(left + place.at("w").get<int>(), 24) << panel.at("title");
    for (int x = left; x < left + place.at("w").get<int>(); ++x) {
      for (int y = top; y < top + place.at("h").get<int>(); ++y)
        EXPECT_TRUE(taken.emplace(x, y).second) << panel.at("title") << " lies over another";
    }
    if (panel.at("type").get<std::string>() == "row") {
      rows.insert(panel.at("title").get<std::string>());
      continue;
    }
    EXPECT_EQ(panel.at("datasource").at("uid").get<std::string>(), "${datasource}")
        << panel.at("title");
    EXPECT_FALSE(panel.at("targets").empty()) << panel.at("title");
    for (const auto& target : panel.at("targets"))
      EXPECT_THAT(target.at("expr").get<std::string>(), HasSubstr("job=~\"$job\""));
  }
  EXPECT_TRUE(rows.contains("Ingestion") && rows.contains("Aggregation") && rows.contains("Query"));
}

// ---- Traces

constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kTraceParent = std::string("00-") + kTraceId + "-00f067aa0ba902b7-01";

// Lines of the log that name the trace, from here to its end.
class TracedLines {
 public:
  TracedLines() {
    base::SetLogSink([this](std::string_view line) {
      base::MutexLock lock(mutex_);
      if (line.find(kTraceId) != std::string_view::npos) lines_.emplace_back(line);
    });
  }
  ~TracedLines() { base::SetLogSink({}); }
  std::vector<std::string> all() {
    base::MutexLock lock(mutex_);
    return lines_;
  }

 private:
  base::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

void BeginTraced(grpc::ClientContext& context, const std::string& trace_parent) {
  transport::SetTimeout(context, kPatience);
  context.AddMetadata("traceparent", trace_parent);
}

// Records after a position, as followers get them.
std::vector<store_pb::Record> RecordsAfter(System& system, int64_t position) {
  const auto stub =
      ingestion_pb::LogService::NewStub(transport::MakeChannel(system.all().internal_address()));
  const int64_t head = system.Head();
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  const auto reader = stub->FollowLog(&context, ingestion_pb::FollowLogRequest());
  std::vector<store_pb::Record> records;
  ingestion_pb::FollowLogResponse chunk;
  int64_t last = 0;
  while (last < head && reader->Read(&chunk)) {
    for (const ingestion_pb::LogRecord& one : chunk.records()) {
      last = one.position();
      if (last <= position) continue;
      EXPECT_TRUE(records.emplace_back().ParseFromString(one.record()));
    }
  }
  EXPECT_EQ(last, head);
  context.TryCancel();
  while (reader->Read(&chunk)) continue;
  (void)reader->Finish();
  return records;
}

const ingestion_pb::SubmitRequest& SomeSubmission() {
  for (const cli::AnswersAction& action : demo_test::Demo().actions) {
    const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request);
    if (submit != nullptr && submit->submission().edition() == "editions/KU2017") return *submit;
  }
  ADD_FAILURE() << "there is no submission";
  return ingestion_pb::SubmitRequest::default_instance();
}

ingestion_pb::SetEditionStateRequest Reopening(const std::string& unit, const std::string& id) {
  ingestion_pb::SetEditionStateRequest request;
  request.set_edition("editions/KU2017");
  request.set_state(survey::model::v1::EDITION_STATE_OPEN);
  request.set_unit(unit);
  request.set_reason("a trace");
  request.set_request_id(id);
  return request;
}

TEST_F(Observed, ATraceGoesFromTheRequestToTheRecordAndTheLinesOfTheLog) {
  const auto stub = ingestion_pb::SubmissionService::NewStub(
      transport::MakeChannel(system().all().public_address()));
  // The next revision of a submission that is there, of an edition that was closed since.
  ingestion_pb::SubmitRequest request = SomeSubmission();
  const auto reopened =
      system().connection->Call(system().connection->editions(),
                                &ingestion_pb::EditionService::StubInterface::SetEditionState,
                                Reopening(request.submission().unit(), "reopen"));
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  int64_t revision = request.expected_revision();
  ingestion_pb::SubmitResponse response;
  const int64_t before = system().Head();
  TracedLines lines;
  for (absl::Status status = absl::AbortedError("");
       absl::IsAborted(status) && revision < request.expected_revision() + 9; ++revision) {
    grpc::ClientContext context;
    BeginTraced(context, kTraceParent);
    ingestion_pb::SubmitRequest next = request;
    next.set_expected_revision(revision + 1);
    next.set_request_id("traced-" + std::to_string(revision));
    status = transport::FromRpc(stub->Submit(&context, next, &response));
    ASSERT_TRUE(status.ok() || absl::IsAborted(status)) << status;
  }
  ASSERT_EQ(response.outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) << response.DebugString();
  const std::vector<store_pb::Record> records = RecordsAfter(system(), before);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.front().trace_parent(), kTraceParent);
  EXPECT_THAT(lines.all(), Contains(testing::AllOf(HasSubstr("SubmissionService/Submit"),
                                                   HasSubstr("\"code\":\"OK\""))));
}

TEST_F(Observed, ATraceGoesFromOneServiceToTheNext) {
  const auto channel = transport::MakeChannel(system().all().internal_address());
  const auto stub = aggregation_pb::ReleaseService::NewStub(channel);
  aggregation_pb::BuildReleaseRequest build;
  build.set_parent("editions/KU2015");
  build.set_audience(query_pb::AUDIENCE_INTERNAL);
  aggregation_pb::Candidate candidate;
  {
    grpc::ClientContext context;
    transport::SetTimeout(context, kPatience);
    const absl::Status built = transport::FromRpc(stub->BuildRelease(&context, build, &candidate));
    ASSERT_TRUE(built.ok()) << built;
  }
  const int64_t before = system().Head();
  TracedLines lines;
  aggregation_pb::PublishReleaseRequest publish;
  publish.set_candidate(candidate.name());
  publish.set_reason("a trace");
  aggregation_pb::PublishReleaseResponse published;
  grpc::ClientContext context;
  BeginTraced(context, kTraceParent);
  const absl::Status status =
      transport::FromRpc(stub->PublishRelease(&context, publish, &published));
  ASSERT_TRUE(status.ok()) << status;
  const std::vector<store_pb::Record> records = RecordsAfter(system(), before);
  ASSERT_GE(records.size(), 2u);
  EXPECT_TRUE(records.back().has_release_published());
  for (const store_pb::Record& record : records) EXPECT_EQ(record.trace_parent(), kTraceParent);
  EXPECT_THAT(lines.all(), Contains(HasSubstr("LogService/RecordRelease")));
  EXPECT_THAT(lines.all(), Contains(HasSubstr("ReleaseService/PublishRelease")));
}

TEST_F(Observed, WhatIsNoTraceIsNeitherKeptNorLogged) {
  const auto stub = ingestion_pb::EditionService::NewStub(
      transport::MakeChannel(system().all().internal_address()));
  const int64_t before = system().Head();
  std::vector<std::string> written;
  base::Mutex mutex;
  base::SetLogSink([&](std::string_view line) {
    base::MutexLock lock(mutex);
    written.emplace_back(line);
  });
  grpc::ClientContext context;
  BeginTraced(context, "no trace at all");
  const ingestion_pb::SetEditionStateRequest request = Reopening("0101", "untraced");
  ingestion_pb::SetEditionStateResponse response;
  const absl::Status status =
      transport::FromRpc(stub->SetEditionState(&context, request, &response));
  base::SetLogSink({});
  ASSERT_TRUE(status.ok()) << status;
  const std::vector<store_pb::Record> records = RecordsAfter(system(), before);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records.front().trace_parent(), "");
  EXPECT_THAT(written, Contains(HasSubstr("EditionService/SetEditionState")));
  EXPECT_THAT(written, testing::Each(testing::Not(HasSubstr("no trace at all"))));
}

// The same request with another trace is the same request (P3).
TEST_F(Observed, ATraceIsNoPartOfWhatWasAsked) {
  const auto stub = ingestion_pb::EditionService::NewStub(
      transport::MakeChannel(system().all().internal_address()));
  const ingestion_pb::SetEditionStateRequest request = Reopening("0106", "traced-twice");
  ingestion_pb::SetEditionStateResponse first, second;
  grpc::ClientContext one, two;
  BeginTraced(one, kTraceParent);
  transport::SetTimeout(two, kPatience);
  ASSERT_TRUE(stub->SetEditionState(&one, request, &first).ok());
  ASSERT_TRUE(stub->SetEditionState(&two, request, &second).ok());
  EXPECT_EQ(second.position(), first.position());
}

}  // namespace
}  // namespace imdi
