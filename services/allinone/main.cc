// imdi-allinone: ingestion, aggregation and query in one process, joined by in-process channels.

#include "services/allinone/allinone_app.h"
#include "services/ingestion/restore_command.h"
#include "services/process/program.h"

int main(int argc, char** argv) {
  using namespace imdi;
  const std::string name = "imdi-allinone";
  ingestion::RestoreCommand restore;
  return process::RunProgram(
      argc, argv,
      {.name = name,
       .about = "IMDi's municipal survey: ingestion, aggregation and query in one process",
       .hosts = process::kEverything,
       .compose = allinone::Compose,
       .add_flags = [&](CLI::App& app) { restore.AddFlags(app); },
       .instead = [&](const auto& config) { return restore.Run(name, config); }});
}
