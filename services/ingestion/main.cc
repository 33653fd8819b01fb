// imdi-ingestion: takes answers in and keeps the log.

#include "services/base/status_macros.h"
#include "services/ingestion/ingestion_app.h"
#include "services/ingestion/restore_command.h"
#include "services/process/program.h"

int main(int argc, char** argv) {
  using namespace imdi;
  const std::string name = "imdi-ingestion";
  ingestion::RestoreCommand restore;
  return process::RunProgram(
      argc, argv,
      {.name = name,
       .about = "IMDi's municipal survey: takes answers in and keeps the log",
       .hosts = {.ingestion = true},
       .compose = [](process::Process& process) -> absl::Status {
         IMDI_ASSIGN_OR_RETURN(auto service, ingestion::IngestionApp::Start(
                                                 process.config().ingestion(), process.clock(),
                                                 process.public_calls(), process.internal_calls(),
                                                 process.metrics()));
         process.Host(std::move(service));
         return absl::OkStatus();
       },
       .add_flags = [&](CLI::App& app) { restore.AddFlags(app); },
       .instead = [&](const auto& config) { return restore.Run(name, config); }});
}
