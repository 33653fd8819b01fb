#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"

namespace imdi::bench {
namespace {

namespace aggregation_pb = survey::aggregation::v1;
namespace query_pb = survey::query::v1;

constexpr const char* kQuery = "/imdi.survey.query.v1.QueryService/";
constexpr size_t kBatchFigures = 50;
constexpr size_t kSmallTableBytes = 3'000;
constexpr size_t kLargeTableBytes = 32'000;

[[noreturn]] void Give(const grpc::Status& status) {
  std::cerr << "imdi-bench: " << status.error_message() << "\n";
  std::exit(1);
}

template <typename Stub, typename Request, typename Response>
Response Ask(Stub& stub,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
             const Request& request) {
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(60));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) Give(status);
  return response;
}

// Names of all figures of a release, and their bytes.
std::vector<std::string> FigureNames(query_pb::QueryService::Stub& stub, const std::string& release,
                                     int64_t position, double* bytes) {
  std::vector<std::string> out;
  query_pb::ListFiguresRequest request;
  request.set_parent(release);
  request.set_page_size(1'000);
  request.set_at_least_position(position);
  do {
    const auto page = Ask(stub, &query_pb::QueryService::Stub::ListFigures, request);
    for (const query_pb::Figure& figure : page.figures()) {
      out.push_back(figure.name());
      *bytes += static_cast<double>(figure.ByteSizeLong());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return out;
}

std::string Publish(const std::string& internal, const std::string& edition) {
  const auto stub = aggregation_pb::ReleaseService::NewStub(transport::MakeChannel(internal));
  aggregation_pb::BuildReleaseRequest build;
  build.set_parent("editions/" + edition);
  build.set_audience(query_pb::AUDIENCE_INTERNAL);
  const auto candidate = Ask(*stub, &aggregation_pb::ReleaseService::Stub::BuildRelease, build);
  aggregation_pb::PublishReleaseRequest publish;
  publish.set_candidate(candidate.name());
  return Ask(*stub, &aggregation_pb::ReleaseService::Stub::PublishRelease, publish)
      .release()
      .name();
}

// A request and what answers it.
struct Exchange {
  std::string title;
  std::string method;
  std::string request;
  std::string answer;
};

template <typename Stub, typename Request, typename Response>
Exchange MakeExchange(std::string title, const std::string& method, Stub& stub,
                      grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request) {
  return {std::move(title), kQuery + method, request.SerializeAsString(),
          Ask(stub, call, request).SerializeAsString()};
}

// A table of so many bytes at most: rows are cut until it fits.
query_pb::GetTableRequest TableOf(query_pb::QueryService::Stub& stub, const std::string& release,
                                  size_t bytes) {
  query_pb::GetTableRequest request;
  request.set_parent(release);
  request.add_attributes("imdi_region");
  int low = 1;
  int high = 2'000;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    request.set_page_size(middle);
    if (Ask(stub, &query_pb::QueryService::Stub::GetTable, request).ByteSizeLong() <= bytes) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  request.set_page_size(low);
  return request;
}

struct Ratios {
  double throughput = 0;
  double cpu = 0;
  double cpu_us = 0;
};

// Ours against raw echoes of the same bytes, in turns.
Ratios AgainstEcho(const Setting& setting, const Side& ours, const std::string& internal,
                   const Exchange& exchange, int reads, Report& report) {
  std::printf("\n%s, %d in flight\n", exchange.title.c_str(), kInFlight);
  report.Value("answer", static_cast<double>(exchange.answer.size()), "bytes");
  const std::string file = setting.folder + "/answer-bytes";
  WriteFile(file, exchange.answer);
  Side echo(setting.program, {"--role", "echo", file});
  Side queue(setting.program, {"--role", "queue-echo", file});
  const auto ours_channel = transport::MakeChannel(internal);
  const auto echo_channel = transport::MakeChannel(echo.addresses().at(0));
  const auto queue_channel = transport::MakeChannel(queue.addresses().at(0));
  const std::vector<std::string> requests(static_cast<size_t>(reads), exchange.request);
  // The position may have grown by a byte; nothing else may differ in length.
  const auto check = [&](const std::string& got) {
    return got.size() + 2 >= exchange.answer.size() && got.size() <= exchange.answer.size() + 2;
  };
  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    std::map<std::string, Round> by_side;
    std::vector<std::function<void()>> turns = {
        [&] {
          by_side["ours"] =
              Measure(ours, ours_channel, exchange.method, requests, kInFlight, check);
        },
        [&] {
          by_side["echo"] =
              Measure(echo, echo_channel, exchange.method, requests, kInFlight, check);
        },
        [&] {
          by_side["queue"] =
              Measure(queue, queue_channel, exchange.method, requests, kInFlight, check);
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
  return {rounds.Of("throughput"), rounds.Of("cpu"), rounds.Of("ours cpu")};
}

// Bytes of the log's files.
double LogBytes(const std::string& folder) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() &&
        (entry.path().extension() == ".log" || entry.path().extension() == ".sst")) {
      bytes += static_cast<double>(entry.file_size());
    }
  }
  return bytes;
}

}  // namespace

void BenchQuery(const Setting& setting, const Survey& survey, Report& report) {
  Side ours(setting.program, {"--role", "system", setting.folder + "/system"});
  const Usage empty = ours.Read();
  const std::string open = ours.addresses().at(0);
  const std::string internal = ours.addresses().at(1);
  Apply(internal, survey.documents.documents);
  Send(open, internal, survey.actions);
  std::string release;
  for (const char* edition : {"KU2014", "KU2015", "KU2016", "KU2017"})
    release = Publish(internal, edition);
  const int64_t head = HeadOf(internal);
  const auto stub = query_pb::QueryService::NewStub(transport::MakeChannel(internal));
  using Stub = query_pb::QueryService::Stub;
  double figure_bytes = 0;
  std::vector<std::string> names;
  for (const char* edition : {"KU2014", "KU2015", "KU2016", "KU2017"}) {
    names = FigureNames(*stub, base::StrCat("editions/", edition, "/releases/latest"), head,
                        &figure_bytes);
  }
  std::printf("\nFigures of the 2017 release: %zu\n", names.size());

  query_pb::GetFigureRequest figure;
  figure.set_name(names[names.size() / 2]);
  const Ratios one =
      AgainstEcho(setting, ours, internal,
                  MakeExchange("GetFigure", "GetFigure", *stub, &Stub::GetFigure, figure),
                  setting.reads, report);
  report.AtLeast("throughput, ours / callback echo", one.throughput, 0.85, "");
  report.AtMost("server CPU a call, ours / callback echo", one.cpu, 1.25, "");

  query_pb::BatchGetFiguresRequest batch;
  for (size_t i = 0; i < kBatchFigures; ++i)
    batch.add_names(names[i * names.size() / kBatchFigures]);
  const Ratios fifty = AgainstEcho(setting, ours, internal,
                                   MakeExchange("BatchGetFigures of 50 figures", "BatchGetFigures",
                                                *stub, &Stub::BatchGetFigures, batch),
                                   setting.reads / 4, report);
  report.AtMost("server CPU a call, ours / callback echo", fifty.cpu, 1.25, "");

  const Ratios small =
      AgainstEcho(setting, ours, internal,
                  MakeExchange("GetTable of about 3 KB", "GetTable", *stub, &Stub::GetTable,
                               TableOf(*stub, release, kSmallTableBytes)),
                  setting.reads / 2, report);
  report.AtMost("server CPU a call, ours / callback echo", small.cpu, 1.25, "");
  const Ratios large =
      AgainstEcho(setting, ours, internal,
                  MakeExchange("GetTable of about 32 KB", "GetTable", *stub, &Stub::GetTable,
                               TableOf(*stub, release, kLargeTableBytes)),
                  setting.reads / 4, report);
  report.AtMost("server CPU a call, ours / callback echo", large.cpu, 1.25, "");
  report.AtMost("server CPU a call, 32 KB / 3 KB", large.cpu_us / small.cpu_us, 1.2, "");

  std::printf("\nMemory of the embedded system with four editions and their releases\n");
  // Each record is held in the write buffers of the log and, unpacked, in the fold; each figure of
  // a release in the parts that the log, aggregation and query keep, and in query as ready bytes
  // with its name.
  const double log_bytes = LogBytes(setting.folder + "/system/ingestion/log/db");
  constexpr double kMib = 1024.0 * 1024.0;
  const double predicted =
      static_cast<double>(empty.rss_kib) / 1024 + (4 * log_bytes + 4 * figure_bytes) / kMib;
  const double measured = static_cast<double>(ours.Read().rss_kib) / 1024;
  report.Value("empty system", static_cast<double>(empty.rss_kib) / 1024, "MiB");
  report.Value("log on disk", log_bytes / kMib, "MiB");
  report.Value("figures", figure_bytes / kMib, "MiB");
  report.Value("predicted: empty + 4 log + 4 figures", predicted, "MiB");
  report.Value("measured", measured, "MiB");
  report.AtMost("measured / predicted", measured / predicted, 2, "");
}

}  // namespace imdi::bench
