// imdi-aggregation: follows the log of imdi-ingestion, counts it, builds releases.

#include "services/aggregation/aggregation_app.h"
#include "services/base/status_macros.h"
#include "services/process/program.h"
#include "services/transport/client.h"

int main(int argc, char** argv) {
  using namespace imdi;
  return process::RunProgram(
      argc, argv,
      {.name = "imdi-aggregation",
       .about = "IMDi's municipal survey: counts the log of imdi-ingestion and builds releases",
       .hosts = {.aggregation = true},
       .compose = [](process::Process& process) -> absl::Status {
         const auto& config = process.config().aggregation();
         IMDI_ASSIGN_OR_RETURN(auto service,
                               aggregation::AggregationApp::Start(
                                   config, transport::MakeChannel(config.ingestion_address()),
                                   process.internal_calls(), process.metrics()));
         process.Host(std::move(service));
         return absl::OkStatus();
       }});
}
