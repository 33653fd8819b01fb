#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "imdi/survey/status/v1/status_service.grpc.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"
#include "tests/bench/first_time.h"
#include "tests/fault/process/three_servers.h"

namespace imdi::bench {
namespace {

namespace query_pb = survey::query::v1;
namespace status_pb = survey::status::v1;
using process_fault::kParts;
using process_fault::Part;
using process_fault::ProgramOf;

constexpr absl::Duration kPatience = absl::Seconds(30);

[[noreturn]] void EndWith(const std::string& what) {
  std::cerr << "imdi-bench: " << what << "\n";
  std::exit(1);
}

// One unit's answers; gives the position of their record.
int64_t SubmitOne(survey::ingestion::v1::SubmissionService::Stub& stub,
                  const survey::ingestion::v1::SubmitRequest& request) {
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  survey::ingestion::v1::SubmitResponse response;
  const grpc::Status status = stub.Submit(&context, request, &response);
  if (!status.ok() || response.receipt().position() == 0)
    EndWith("not accepted: " + status.error_message());
  return response.receipt().position();
}

// Processes that are killed and started again: how long after the ready line callers are answered,
// and figures count what came meanwhile.
class SeparateRound {
 public:
  SeparateRound(process_fault::ThreeServers& servers,
                std::vector<survey::ingestion::v1::SubmitRequest> requests)
      : servers_(servers),
        requests_(std::move(requests)),
        submissions_(survey::ingestion::v1::SubmissionService::NewStub(
            transport::MakeChannel(servers.public_address()))),
        query_(query_pb::QueryService::NewStub(
            transport::MakeChannel(servers.internal_address(Part::kQuery)))),
        figures_([this] { return FigureCounts(); }) {
    for (const Part part : kParts) {
      callers_[part] =
          std::make_unique<Asker>([stub = std::shared_ptr(status_pb::StatusService::NewStub(
                                       transport::MakeChannel(servers.internal_address(part))))] {
            grpc::ClientContext context;
            transport::SetTimeout(context, absl::Seconds(1));
            status_pb::GetStatusResponse response;
            return stub->GetStatus(&context, status_pb::GetStatusRequest(), &response).ok();
          });
    }
    Count(SubmitOne(*submissions_, Next()));
  }

  void Run(Part part, absl::Duration away, const std::string& name, Rounds* rounds) {
    for (const Part other : kParts) callers_[other]->answered().Wait();
    figures_.answered().Wait();
    servers_.Kill(part);
    // What comes while it is away must be counted once it is back; without ingestion nothing comes,
    // and the first that comes afterwards must be.
    const auto killed = SteadyClock::now();
    if (part != Part::kIngestion) Count(SubmitOne(*submissions_, Next()));
    std::this_thread::sleep_until(killed + absl::ToChronoMilliseconds(away));
    callers_[part]->answered().Expect();
    servers_.Begin(part);
    if (!servers_.WaitReady(kPatience)) EndWith(ProgramOf(part) + " did not start again");
    const auto ready = SteadyClock::now();
    const double answered = MillisecondsSince(ready, callers_[part]->answered().Wait());
    if (part == Part::kIngestion) Count(SubmitOne(*submissions_, Next()));
    rounds->Add(name + ": answer", answered);
    rounds->Add(name + ": figure", MillisecondsSince(ready, figures_.answered().Wait()));
  }

 private:
  const survey::ingestion::v1::SubmitRequest& Next() {
    if (submitted_ == requests_.size()) EndWith("no more units to submit; ask for fewer rounds");
    return requests_[submitted_++];
  }
  void Count(int64_t position) {
    wanted_ = position;
    figures_.answered().Expect();
  }
  bool FigureCounts() const {
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(1));
    query_pb::GetFigureRequest request;
    request.set_name("editions/KU2017/releases/live/figures/IND_RR.FRAME");
    query_pb::Figure figure;
    return query_->GetFigure(&context, request, &figure).ok() && figure.position() >= wanted_;
  }

  process_fault::ThreeServers& servers_;
  const std::vector<survey::ingestion::v1::SubmitRequest> requests_;
  size_t submitted_ = 0;
  const std::unique_ptr<survey::ingestion::v1::SubmissionService::Stub> submissions_;
  const std::unique_ptr<query_pb::QueryService::Stub> query_;
  std::atomic<int64_t> wanted_ = 1;
  std::map<Part, std::unique_ptr<Asker>> callers_;
  Asker figures_;  // Last: it asks through the others.
};

}  // namespace

void BenchSeparate(const Setting& setting, const Survey& survey, Report& report) {
  std::printf(
      "\nReconnecting, three processes: from the ready line of the one that was killed, same "
      "addresses\n");
  process_fault::ThreeServers servers(setting.folder + "/separate");
  std::filesystem::create_directories(setting.folder + "/separate");
  const std::string programs = std::filesystem::path(setting.program).parent_path().string();
  if (setenv("IMDI_BIN", programs.c_str(), 1) != 0) EndWith("no environment");
  for (const Part part : kParts) servers.Begin(part);
  if (!servers.WaitReady(kPatience)) EndWith("the three servers did not start");
  const std::string& internal = servers.internal_address(Part::kIngestion);
  Apply(internal, survey.documents.documents);
  Open(internal, "KU2017");

  struct Case {
    Part part;
    const char* away;
    absl::Duration duration;
  };
  std::vector<Case> cases;
  for (const Part part : kParts) {
    cases.push_back({part, "0.2 s", absl::Milliseconds(200)});
    cases.push_back({part, "3 s", absl::Seconds(3)});
  }
  const auto name_of = [](const Case& one) {
    return base::StrCat(ProgramOf(one.part), " away ", one.away);
  };
  Rounds rounds;
  {
    SeparateRound round(servers, Responses2017(survey));
    for (int i = 0; i < setting.rounds; ++i) {
      for (const Case& one : cases) round.Run(one.part, one.duration, name_of(one), &rounds);
    }
  }
  for (const Case& one : cases) {
    for (const auto& [key, what] :
         {std::pair{": answer", ": first answer"}, {": figure", ": figures have all"}}) {
      const std::string name = name_of(one);
      report.Value(name + what, rounds.Of(name + key), "ms");
      report.AtMost(name + what + ", worst", rounds.WorstOf(name + key), 1'000, "ms");
    }
  }
}

}  // namespace imdi::bench
