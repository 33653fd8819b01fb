// imdi-bench: what the system does in relation to the bare means it is built from. Every figure is
// a ratio within one run: each side runs in a process of its own, the sides take turns, and the
// median over the rounds is given.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/load.h"
#include "tests/bench/roles.h"
#include "tests/bench/side.h"
#include "tests/bench/survey.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;

constexpr const char* kSubmit = "/imdi.survey.ingestion.v1.SubmissionService/Submit";
constexpr const char* kBatchSubmit = "/imdi.survey.ingestion.v1.SubmissionService/BatchSubmit";
constexpr const char* kGetFigure = "/imdi.survey.query.v1.QueryService/GetFigure";
constexpr int kInFlight = 64;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// One line of the result, with the bound it is held against where there is one.
class Report {
 public:
  void Value(const std::string& name, double value, const std::string& unit) {
    Put(name, value, unit, "", true);
  }
  void AtLeast(const std::string& name, double value, double bound, const std::string& unit) {
    Put(name, value, unit, base::StrCat("at least ", bound), value >= bound);
  }
  void AtMost(const std::string& name, double value, double bound, const std::string& unit) {
    Put(name, value, unit, base::StrCat("at most ", bound), value <= bound);
  }
  bool all_met() const { return all_met_; }
  void WriteJson(const std::string& path) const { std::ofstream(path) << json_.dump(2) << "\n"; }

 private:
  void Put(const std::string& name, double value, const std::string& unit, const std::string& bound,
           bool met) {
    std::printf("  %-58s %12.3f %-10s %-16s %s\n", name.c_str(), value, unit.c_str(), bound.c_str(),
                bound.empty() ? "" : (met ? "met" : "NOT MET"));
    std::fflush(stdout);
    json_.push_back(
        {{"name", name}, {"value", value}, {"unit", unit}, {"bound", bound}, {"met", met}});
    all_met_ = all_met_ && met;
  }
  nlohmann::json json_ = nlohmann::json::array();
  bool all_met_ = true;
};

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// p50 of 4 KiB appended and synced, microseconds.
double MedianSync(const std::string& path) {
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    if (write(file, block.data(), block.size()) < 0 || fdatasync(file) != 0) break;
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
            .count());
  }
  close(file);
  return Median(times);
}

// Requests of many units, one revision of each after the other. Each of the calls in flight has
// units of its own, so that no two of one unit are ever in flight together, however long one of
// them takes: the second would be refused for its revision, and with it all that follow.
class SubmitRequests {
 public:
  explicit SubmitRequests(std::vector<ingestion_pb::SubmitRequest> responses)
      : responses_(std::move(responses)), revisions_(responses_.size(), 0) {}

  std::vector<std::string> Take(size_t count, size_t in_flight) {
    std::vector<std::string> out;
    for (size_t i = 0; i < count; ++i)
      out.push_back(Next(i % in_flight, in_flight).SerializeAsString());
    return out;
  }
  std::vector<std::string> TakeBatches(size_t count, int size, size_t in_flight) {
    std::vector<std::string> out;
    for (size_t i = 0; i < count; ++i) {
      ingestion_pb::BatchSubmitRequest batch;
      for (int k = 0; k < size; ++k) *batch.add_requests() = Next(i % in_flight, in_flight);
      out.push_back(batch.SerializeAsString());
    }
    return out;
  }

 private:
  // Of the units loop, loop + in_flight, loop + 2 · in_flight …, in turn.
  ingestion_pb::SubmitRequest Next(size_t loop, size_t in_flight) {
    const size_t units = (responses_.size() - loop + in_flight - 1) / in_flight;
    const size_t unit = loop + (turns_[{loop, in_flight}]++ % units) * in_flight;
    ingestion_pb::SubmitRequest request = responses_[unit];
    request.set_expected_revision(revisions_[unit]++);
    request.set_request_id(base::StrCat("bench-", unit, "-", revisions_[unit]));
    return request;
  }

  const std::vector<ingestion_pb::SubmitRequest> responses_;
  std::vector<int64_t> revisions_;
  std::map<std::pair<size_t, size_t>, size_t> turns_;
};

bool Accepted(const std::string& bytes) {
  ingestion_pb::SubmitResponse response;
  const bool accepted = response.ParseFromString(bytes) &&
                        response.outcome() == ingestion_pb::SUBMIT_OUTCOME_ACCEPTED &&
                        response.receipt().position() > 0;
  if (!accepted) std::cerr << "imdi-bench: not accepted: " << response.ShortDebugString() << "\n";
  return accepted;
}

// What happened on one side in one round.
struct Round {
  LoadResult load;
  double cpu_us_a_call = 0;
  double records_a_batch = 0;
};

Round Measure(const Side& side, const std::shared_ptr<grpc::Channel>& channel,
              const std::string& method, const std::vector<std::string>& requests, int in_flight,
              const std::function<bool(const std::string&)>& check) {
  const Usage before = side.Read();
  Round round;
  round.load = RunLoad(channel, method, requests, in_flight, check);
  const Usage after = side.Read();
  if (round.load.failed > 0) {
    std::cerr << "imdi-bench: " << round.load.failed
              << " calls failed: " << round.load.first_failure << "\n";
    std::exit(1);
  }
  round.cpu_us_a_call =
      static_cast<double>(after.cpu_us - before.cpu_us) / static_cast<double>(requests.size());
  const int64_t batches = after.batches - before.batches;
  round.records_a_batch = batches == 0 ? 0
                                       : static_cast<double>(after.records - before.records) /
                                             static_cast<double>(batches);
  return round;
}

// The values of all rounds under their names.
class Rounds {
 public:
  void Add(const std::string& name, double value) { values_[name].push_back(value); }
  double Of(const std::string& name) const { return Median(values_.at(name)); }

 private:
  std::map<std::string, std::vector<double>> values_;
};

struct Setting {
  std::string program;
  std::string folder;
  int rounds = 5;
  int submits = 3'000;
  int reads = 20'000;
};

// The stored record of the first submission to an edition that has no texts, or has them: as most
// do.
std::string RecordOf(const std::string& address, const std::string& edition, bool* has_key) {
  const auto stub = ingestion_pb::LogService::NewStub(transport::MakeChannel(address));
  grpc::ClientContext context;
  const auto reader = stub->FollowLog(&context, ingestion_pb::FollowLogRequest());
  ingestion_pb::FollowLogResponse chunk;
  std::vector<std::pair<std::string, bool>> records;
  bool done = false;
  while (!done && reader->Read(&chunk)) {
    for (const ingestion_pb::LogRecord& one : chunk.records()) {
      survey::store::v1::Record record;
      if (!record.ParseFromString(one.record()) || !record.has_submission_accepted()) continue;
      if (record.submission_accepted().edition() != edition) continue;
      records.emplace_back(one.record(), record.submission_accepted().has_text());
    }
    done = !chunk.records().empty() &&
           chunk.records(chunk.records_size() - 1).position() >= chunk.head().position();
  }
  context.TryCancel();
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.first.size() < b.first.size(); });
  if (records.empty()) std::cerr << "imdi-bench: no submission in the log\n", std::exit(1);
  size_t with_keys = 0;
  for (const auto& [bytes, key] : records) with_keys += key ? 1 : 0;
  *has_key = 2 * with_keys > records.size();
  return records[records.size() / 2].first;
}

void BenchSubmit(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nSubmit of a whole 2017 response, durable\n");
  Side ours(setting.program, {"--role", "ingestion", setting.folder + "/ours"});
  const std::string address = ours.addresses().at(0);
  Apply(address, survey.documents.documents);
  std::vector<cli::AnswersAction> earlier;
  for (const cli::AnswersAction& action : survey.actions) {
    if (action.edition == "KU2016") earlier.push_back(action);
  }
  Send(address, address, earlier);
  Open(address, "KU2017");
  const std::vector<ingestion_pb::SubmitRequest> responses = Responses2017(survey);
  double answers = 0;
  double bytes = 0;
  for (const ingestion_pb::SubmitRequest& response : responses) {
    answers += response.submission().answers_size();
    bytes += static_cast<double>(response.ByteSizeLong());
  }
  report.Value("answers in a response", answers / static_cast<double>(responses.size()), "");
  report.Value("request", bytes / static_cast<double>(responses.size()), "bytes");
  SubmitRequests requests(responses);
  const auto channel = transport::MakeChannel(address);
  std::string sample;
  RunLoad(channel, kSubmit, requests.Take(responses.size(), kInFlight), kInFlight,
          [&](const std::string& answer) { return Accepted(answer); });
  RunLoad(channel, kSubmit, requests.Take(1, 1), 1, [&](const std::string& answer) {
    sample = answer;
    return Accepted(answer);
  });
  bool with_key = false;
  WriteFile(setting.folder + "/record", RecordOf(address, "KU2017", &with_key));
  WriteFile(setting.folder + "/answer", sample);
  report.Value("record in the log",
               static_cast<double>(std::filesystem::file_size(setting.folder + "/record")),
               "bytes");
  report.Value("records with texts, and so a key of their own", with_key ? 1 : 0, "");
  Side raw(setting.program,
           {"--role", "raw-submit", setting.folder + "/raw", setting.folder + "/record",
            setting.folder + "/answer", with_key ? "1" : "0"});
  const auto raw_channel = transport::MakeChannel(raw.addresses().at(0));
  const auto any = [](const std::string& answer) { return !answer.empty(); };

  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    const auto ours_round = [&] {
      const Round round = Measure(ours, channel, kSubmit,
                                  requests.Take(static_cast<size_t>(setting.submits), kInFlight),
                                  kInFlight, Accepted);
      rounds.Add("ours", round.load.PerSecond());
      rounds.Add("ours p99", round.load.Quantile(0.99));
      rounds.Add("ours cpu", round.cpu_us_a_call);
      rounds.Add("batch", round.records_a_batch);
      return round.load.PerSecond();
    };
    const auto raw_round = [&] {
      const Round round = Measure(raw, raw_channel, kSubmit,
                                  std::vector<std::string>(static_cast<size_t>(setting.submits),
                                                           responses[0].SerializeAsString()),
                                  kInFlight, any);
      rounds.Add("raw", round.load.PerSecond());
      rounds.Add("raw p99", round.load.Quantile(0.99));
      rounds.Add("raw cpu", round.cpu_us_a_call);
      rounds.Add("raw batch", round.records_a_batch);
      return round.load.PerSecond();
    };
    const double one = i % 2 == 0 ? ours_round() : raw_round();
    const double other = i % 2 == 0 ? raw_round() : ours_round();
    rounds.Add("ratio", i % 2 == 0 ? one / other : other / one);

    const Round batch = Measure(
        ours, channel, kBatchSubmit,
        requests.TakeBatches(static_cast<size_t>(std::max(1, setting.submits / 100)), 100, 2), 2,
        [](const std::string& answer) {
          ingestion_pb::BatchSubmitResponse response;
          if (!response.ParseFromString(answer) || response.results_size() != 100) return false;
          return std::all_of(
              response.results().begin(), response.results().end(), [](const auto& one) {
                return one.response().outcome() == ingestion_pb::SUBMIT_OUTCOME_ACCEPTED;
              });
        });
    rounds.Add("batch submit", batch.load.PerSecond() * 100);
    rounds.Add("batch submit cpu", batch.cpu_us_a_call / 100);
    rounds.Add("batch ratio", batch.load.PerSecond() * 100 / (i % 2 == 0 ? one : other));

    const double sync = MedianSync(setting.folder + "/sync");
    const Round lone = Measure(ours, channel, kSubmit, requests.Take(300, 1), 1, Accepted);
    rounds.Add("sync", sync);
    rounds.Add("lone", lone.load.Quantile(0.5));
    rounds.Add("lone ratio", lone.load.Quantile(0.5) / sync);
  }
  report.Value("ours, 64 in flight", rounds.Of("ours"), "a second");
  report.Value("ours, p99", rounds.Of("ours p99") / 1000, "ms");
  report.Value("ours, server CPU a call", rounds.Of("ours cpu"), "us");
  report.Value("raw handler, same committer and bytes", rounds.Of("raw"), "a second");
  report.Value("raw handler, p99", rounds.Of("raw p99") / 1000, "ms");
  report.Value("raw handler, server CPU a call", rounds.Of("raw cpu"), "us");
  report.AtLeast("throughput, ours / raw handler", rounds.Of("ratio"), 0.7, "");
  report.AtLeast("responses in a pair of syncs", rounds.Of("batch"), 10, "");
  report.Value("responses in a pair of syncs, raw handler", rounds.Of("raw batch"), "");
  report.Value("BatchSubmit of 100, 2 in flight", rounds.Of("batch submit"), "a second");
  report.Value("BatchSubmit, server CPU a response", rounds.Of("batch submit cpu"), "us");
  report.AtLeast("responses a second, BatchSubmit / Submit", rounds.Of("batch ratio"), 5, "");
  report.Value("fdatasync of 4 KiB, p50", rounds.Of("sync"), "us");
  report.Value("a lone Submit, p50", rounds.Of("lone"), "us");
  report.AtMost("a lone Submit, p50 / fdatasync p50", rounds.Of("lone ratio"), 5, "");
}

// Figures of an edition from the query service.
std::vector<query_pb::Figure> Figures(const std::string& internal, const std::string& edition,
                                      int64_t position) {
  const auto stub = query_pb::QueryService::NewStub(transport::MakeChannel(internal));
  std::vector<query_pb::Figure> out;
  query_pb::ListFiguresRequest request;
  request.set_parent("editions/" + edition + "/releases/live");
  request.set_page_size(1'000);
  request.set_at_least_position(position);
  do {
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(30));
    query_pb::ListFiguresResponse response;
    const grpc::Status status = stub->ListFigures(&context, request, &response);
    if (!status.ok()) std::cerr << "imdi-bench: " << status.error_message() << "\n", std::exit(1);
    out.insert(out.end(), response.figures().begin(), response.figures().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return out;
}

int64_t HeadOf(const std::string& internal) {
  const auto stub = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal));
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(30));
  ingestion_pb::GetHeadResponse response;
  if (!stub->GetHead(&context, ingestion_pb::GetHeadRequest(), &response).ok()) std::exit(1);
  return response.head().position();
}

void BenchFigures(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nGetFigure, 64 in flight\n");
  Side ours(setting.program, {"--role", "system", setting.folder + "/system"});
  const Usage empty = ours.Read();
  const std::string open = ours.addresses().at(0);
  const std::string internal = ours.addresses().at(1);
  Apply(internal, survey.documents.documents);
  Send(open, internal, survey.actions);
  const int64_t head = HeadOf(internal);
  std::vector<query_pb::Figure> figures;
  double figure_bytes = 0;
  for (const char* edition : {"KU2014", "KU2015", "KU2016", "KU2017"}) {
    figures = Figures(internal, edition, head);
    for (const query_pb::Figure& figure : figures)
      figure_bytes += static_cast<double>(figure.ByteSizeLong());
  }
  const query_pb::Figure& chosen = figures[figures.size() / 2];
  query_pb::GetFigureRequest request;
  request.set_name(chosen.name());
  const std::string answer = chosen.SerializeAsString();
  report.Value("answer", static_cast<double>(answer.size()), "bytes");
  WriteFile(setting.folder + "/figure", answer);
  Side echo(setting.program, {"--role", "echo", setting.folder + "/figure"});
  Side queue(setting.program, {"--role", "queue-echo", setting.folder + "/figure"});
  const auto ours_channel = transport::MakeChannel(internal);
  const auto echo_channel = transport::MakeChannel(echo.addresses().at(0));
  const auto queue_channel = transport::MakeChannel(queue.addresses().at(0));
  const std::vector<std::string> requests(static_cast<size_t>(setting.reads),
                                          request.SerializeAsString());
  const auto check = [&](const std::string& got) { return got.size() == answer.size(); };

  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    std::map<std::string, Round> by_side;
    std::vector<std::function<void()>> turns = {
        [&] {
          by_side["ours"] = Measure(ours, ours_channel, kGetFigure, requests, kInFlight, check);
        },
        [&] {
          by_side["echo"] = Measure(echo, echo_channel, kGetFigure, requests, kInFlight, check);
        },
        [&] {
          by_side["queue"] = Measure(queue, queue_channel, kGetFigure, requests, kInFlight, check);
        }};
    if (i == 0) {  // One turn that is not counted: connections, caches, clocks.
      for (const auto& turn : turns) turn();
    }
    std::rotate(turns.begin(), turns.begin() + i % 3, turns.end());
    for (const auto& turn : turns) turn();
    for (const auto& [name, round] : by_side) {
      rounds.Add(name, round.load.PerSecond());
      rounds.Add(name + " cpu", round.cpu_us_a_call);
      rounds.Add(name + " p99", round.load.Quantile(0.99));
    }
    rounds.Add("throughput", by_side["ours"].load.PerSecond() / by_side["echo"].load.PerSecond());
    rounds.Add("cpu", by_side["ours"].cpu_us_a_call / by_side["echo"].cpu_us_a_call);
  }
  for (const auto& [name, title] : {std::pair<std::string, std::string>{"ours", "ours"},
                                    {"echo", "raw callback echo of the same bytes"},
                                    {"queue", "raw completion-queue echo"}}) {
    report.Value(title, rounds.Of(name), "a second");
    report.Value(title + ", p99", rounds.Of(name + " p99") / 1000, "ms");
    report.Value(title + ", server CPU a call", rounds.Of(name + " cpu"), "us");
  }
  report.AtLeast("throughput, ours / callback echo", rounds.Of("throughput"), 0.85, "");
  report.AtMost("server CPU a call, ours / callback echo", rounds.Of("cpu"), 1.25, "");

  std::printf("\nMemory of the embedded system with four editions\n");
  // Each record is held in the write buffers of the log and, unpacked, in the fold; each figure in
  // the snapshots of aggregation and of query, in the stream between them, and as ready bytes with
  // its name.
  double log_bytes = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(setting.folder + "/system/ingestion/log/db")) {
    if (entry.is_regular_file() &&
        (entry.path().extension() == ".log" || entry.path().extension() == ".sst")) {
      log_bytes += static_cast<double>(entry.file_size());
    }
  }
  constexpr double kMib = 1024.0 * 1024.0;
  const double predicted =
      static_cast<double>(empty.rss_kib) / 1024 + (4 * log_bytes + 8 * figure_bytes) / kMib;
  const double measured = static_cast<double>(ours.Read().rss_kib) / 1024;
  report.Value("empty system", static_cast<double>(empty.rss_kib) / 1024, "MiB");
  report.Value("log on disk", log_bytes / kMib, "MiB");
  report.Value("figures", figure_bytes / kMib, "MiB");
  report.Value("predicted: empty + 4 log + 8 figures", predicted, "MiB");
  report.Value("measured", measured, "MiB");
  report.AtMost("measured / predicted", measured / predicted, 2, "");
}

void BenchStart(const Setting& setting, const Survey& survey, Report& report) {
  std::printf(
      "\nStart-up to serving, ten editions with every response of 2017 in each, after kill -9\n");
  constexpr int kEditions = 10;
  const std::string folder = setting.folder + "/ten";
  {
    Side side(setting.program, {"--role", "system", folder});
    const std::string open = side.addresses().at(0);
    const std::string internal = side.addresses().at(1);
    Apply(internal, ClonedEditions(survey, kEditions));
    std::vector<ingestion_pb::SubmitRequest> responses = Responses2017(survey);
    for (int i = 0; i < kEditions; ++i) {
      const std::string edition = base::StrCat("KUB", i);
      Open(internal, edition);
      std::vector<std::string> requests;
      for (ingestion_pb::SubmitRequest request : responses) {
        request.mutable_submission()->set_edition("editions/" + edition);
        request.set_request_id(base::StrCat(edition, "-", request.submission().unit()));
        requests.push_back(request.SerializeAsString());
      }
      const LoadResult sent =
          RunLoad(transport::MakeChannel(open), kSubmit, requests, kInFlight, Accepted);
      if (sent.failed > 0) std::cerr << "imdi-bench: " << sent.first_failure << "\n", std::exit(1);
    }
    report.Value("records in the log", static_cast<double>(HeadOf(internal)), "");
    Figures(internal, "KUB9", HeadOf(internal));
    side.Kill();
  }
  std::vector<double> times;
  for (int i = 0; i < setting.rounds; ++i) {
    Side side(setting.program, {"--role", "system", folder});
    times.push_back(side.start_seconds());
    side.Kill();
  }
  report.AtMost("start to serving", Median(times), 1, "s");
}

int Main(int argc, char** argv) {
  CLI::App app("Measures the system against the bare means it is built from", "imdi-bench");
  std::string json;
  std::string root = ".";
  std::vector<std::string> role;
  std::vector<std::string> only;
  Setting setting;
  app.add_option("--json", json, "also write the figures to this file");
  app.add_option("--root", root, "folder that holds deploy/")->capture_default_str();
  app.add_option("--rounds", setting.rounds, "rounds")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--submits", setting.submits, "Submit calls a round")
      ->check(CLI::Range(100, 100'000))
      ->capture_default_str();
  app.add_option("--reads", setting.reads, "GetFigure calls a round")
      ->check(CLI::Range(100, 1'000'000))
      ->capture_default_str();
  app.add_option("--only", only, "submit, figures, start")->delimiter(',');
  app.add_option("--role", role, "run one side (used by the program itself)")->expected(1, 8);
  CLI11_PARSE(app, argc, argv);
  if (!role.empty()) return RunRole(role);

  setting.program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string pattern = (std::filesystem::temp_directory_path() / "imdi-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return 1;
  setting.folder = pattern;
  const Survey survey = LoadSurvey(
      root, (std::filesystem::path(setting.program).parent_path() / "imdi-demo-answers").string(),
      setting.folder);
  Report report;
  const auto wanted = [&](const char* name) {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  };
  std::printf("%d rounds; medians\n", setting.rounds);
  if (wanted("submit")) BenchSubmit(setting, survey, report);
  if (wanted("figures")) BenchFigures(setting, survey, report);
  if (wanted("start")) BenchStart(setting, survey, report);
  if (!json.empty()) report.WriteJson(json);
  std::error_code ignored;
  std::filesystem::remove_all(setting.folder, ignored);
  std::printf("\n%s\n", report.all_met() ? "Every bound is met." : "Not every bound is met.");
  return report.all_met() ? 0 : 1;
}

}  // namespace
}  // namespace imdi::bench

int main(int argc, char** argv) { return imdi::bench::Main(argc, argv); }
