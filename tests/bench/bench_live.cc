#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "tests/bench/benches.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;

}  // namespace

void BenchLive(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nFrom an acknowledged Submit to a live figure that counts it, one at a time\n");
  Side ours(setting.program, {"--role", "system", setting.folder + "/live"});
  const std::string open = ours.addresses().at(0);
  const std::string internal = ours.addresses().at(1);
  Apply(internal, survey.documents.documents);
  Open(internal, "KU2017");
  const auto submissions = ingestion_pb::SubmissionService::NewStub(transport::MakeChannel(open));
  const auto query = query_pb::QueryService::NewStub(transport::MakeChannel(internal));
  query_pb::GetFigureRequest figure;
  figure.set_name("editions/KU2017/releases/live/figures/IND_RR.FRAME");
  std::vector<double> waits;
  for (const ingestion_pb::SubmitRequest& request : Responses2017(survey)) {
    ingestion_pb::SubmitResponse accepted;
    {
      grpc::ClientContext context;
      transport::SetTimeout(context, absl::Seconds(30));
      const grpc::Status status = submissions->Submit(&context, request, &accepted);
      if (!status.ok() || accepted.receipt().position() == 0) {
        std::cerr << "imdi-bench: not accepted: " << status.error_message() << "\n";
        std::exit(1);
      }
    }
    const auto begun = std::chrono::steady_clock::now();
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(30));
    figure.set_at_least_position(accepted.receipt().position());
    query_pb::Figure answer;
    const grpc::Status status = query->GetFigure(&context, figure, &answer);
    if (!status.ok() || answer.position() < accepted.receipt().position()) {
      std::cerr << "imdi-bench: no figure at position " << accepted.receipt().position() << ": "
                << status.error_message() << "\n";
      std::exit(1);
    }
    waits.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
            .count());
  }
  std::sort(waits.begin(), waits.end());
  report.Value("submissions", static_cast<double>(waits.size()), "");
  report.Value("acknowledged to live, p50", Median(waits), "ms");
  report.AtMost("acknowledged to live, p99", waits[waits.size() * 99 / 100], 10, "ms");
}

}  // namespace imdi::bench
