#include <cstdio>
#include <iostream>

#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"

namespace imdi::bench {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;

namespace {

// Returns when a figure counts every record up to the position.
void WaitForFigures(const std::string& internal, int64_t position) {
  const auto stub = query_pb::QueryService::NewStub(transport::MakeChannel(internal));
  query_pb::GetFigureRequest request;
  request.set_name("editions/KUB9/releases/live/figures/IND_RR.FRAME");
  request.set_at_least_position(position);
  for (int tries = 0; tries < 30; ++tries) {  // Each waits up to 2 s.
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(30));
    query_pb::Figure figure;
    if (stub->GetFigure(&context, request, &figure).ok()) return;
  }
  std::cerr << "imdi-bench: the figures never reached position " << position << "\n";
  std::exit(1);
}

}  // namespace

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
          RunLoad(transport::MakeChannel(open), kSubmitMethod, requests, kInFlight, Accepted);
      if (sent.failed > 0) std::cerr << "imdi-bench: " << sent.first_failure << "\n", std::exit(1);
    }
    report.Value("records in the log", static_cast<double>(HeadOf(internal)), "");
    WaitForFigures(internal, HeadOf(internal));
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

}  // namespace imdi::bench
