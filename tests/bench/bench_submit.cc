#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>

#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;

constexpr const char* kBatchSubmit = "/imdi.survey.ingestion.v1.SubmissionService/BatchSubmit";

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

}  // namespace

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
  RunLoad(channel, kSubmitMethod, requests.Take(responses.size(), kInFlight), kInFlight,
          [&](const std::string& answer) { return Accepted(answer); });
  RunLoad(channel, kSubmitMethod, requests.Take(1, 1), 1, [&](const std::string& answer) {
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
      const Round round = Measure(ours, channel, kSubmitMethod,
                                  requests.Take(static_cast<size_t>(setting.submits), kInFlight),
                                  kInFlight, Accepted);
      rounds.Add("ours", round.load.PerSecond());
      rounds.Add("ours p99", round.load.Quantile(0.99));
      rounds.Add("ours cpu", round.cpu_us_a_call);
      rounds.Add("batch", round.records_a_batch);
      return round.load.PerSecond();
    };
    const auto raw_round = [&] {
      const Round round = Measure(raw, raw_channel, kSubmitMethod,
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
    const Round lone = Measure(ours, channel, kSubmitMethod, requests.Take(300, 1), 1, Accepted);
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

}  // namespace imdi::bench
