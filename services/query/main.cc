// imdi-query: follows the figures of imdi-aggregation and answers from them.

#include "services/base/status_macros.h"
#include "services/process/program.h"
#include "services/query/query_app.h"
#include "services/transport/client.h"

int main(int argc, char** argv) {
  using namespace imdi;
  return process::RunProgram(
      argc, argv,
      {.name = "imdi-query",
       .about = "IMDi's municipal survey: answers from the figures of imdi-aggregation",
       .hosts = {.query = true},
       .compose = [](process::Process& process) -> absl::Status {
         const auto& config = process.config().query();
         IMDI_ASSIGN_OR_RETURN(
             auto service,
             query::QueryApp::Start(config, process.clock(),
                                    transport::MakeChannel(config.aggregation_address()),
                                    process.internal_calls(), process.metrics()));
         process.Host(std::move(service));
         return absl::OkStatus();
       }});
}
