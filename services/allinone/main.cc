// imdi-allinone: ingestion, aggregation and query in one process, joined by in-process channels.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/aggregation/aggregation_app.h"
#include "services/base/clock.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/metrics.h"
#include "services/base/text.h"
#include "services/config/yaml_message.h"
#include "services/ingestion/ingestion_app.h"
#include "services/query/query_app.h"
#include "services/transport/calls.h"
#include "services/transport/health_port.h"
#include "services/transport/server_host.h"
#include "services/transport/stream.h"
#include "storage/rocks/response_log.h"

namespace imdi {
namespace {

using survey::config::v1::ServerConfig;

constexpr int kExitConfig = 2;
constexpr int kExitStart = 1;

// What the process does without a configuration file: everything below one folder, on loopback.
ServerConfig EmbeddedConfig(const std::string& data) {
  ServerConfig config;
  config.set_listen("127.0.0.1:0");
  config.set_internal_listen("127.0.0.1:0");
  config.set_health_listen("127.0.0.1:0");
  config.set_insecure_loopback(true);
  config.set_actor("embedded");
  config.mutable_ingestion()->set_data_dir(data + "/ingestion");
  config.mutable_ingestion()->set_master_key_file(data + "/master.key");
  config.mutable_ingestion()->set_create_master_key(true);
  config.mutable_ingestion()->set_backup_dir(data + "/backups");
  config.mutable_aggregation()->set_data_dir(data + "/aggregation");
  config.mutable_query()->set_data_dir(data + "/query");
  return config;
}

// All problems of a configuration, each with what to do.
std::vector<std::string> CheckConfig(const ServerConfig& config) {
  std::vector<std::string> problems;
  const auto require = [&](bool ok, std::string problem) {
    if (!ok) problems.push_back(std::move(problem));
  };
  require(config.insecure_loopback(), "insecure_loopback: must be true: plaintext is the only mode until TLS exists");
  for (const auto& [field, address] : {std::pair{"listen", &config.listen()},
                                       {"internal_listen", &config.internal_listen()},
                                       {"health_listen", &config.health_listen()}}) {
    if (absl::Status status = transport::CheckLoopback(*address); !status.ok()) {
      problems.push_back(base::StrCat(field, ": ", status.message()));
    }
  }
  require(!config.actor().empty(), "actor: an opaque id is required");
  require(!config.ingestion().data_dir().empty(), "ingestion.data_dir: is required");
  require(!config.ingestion().master_key_file().empty(), "ingestion.master_key_file: is required");
  require(!config.aggregation().data_dir().empty(), "aggregation.data_dir: is required");
  require(!config.query().data_dir().empty(), "query.data_dir: is required");
  require(config.executor_threads() >= 0 && config.executor_threads() <= 64, "executor_threads: 1 to 64, or 0 for the default");
  require(config.executor_queue() >= 0 && config.executor_queue() <= 10'000, "executor_queue: 1 to 10 000, or 0 for the default");
  return problems;
}

int Fail(int code, const std::string& what) {
  std::cerr << "imdi-allinone: " << what << "\n";
  return code;
}

int Serve(const ServerConfig& config) {
  // Signals are taken by this thread alone; every thread started later inherits the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  transport::RaiseDescriptorLimit();
  transport::TameLibraryLogs();

  const base::SystemClock clock;
  base::Metrics metrics;
  base::BoundedExecutor executor("calls", config.executor_threads() == 0 ? base::kExecutorThreads : config.executor_threads(),
                                 config.executor_queue() == 0 ? base::kExecutorQueueMax
                                                              : static_cast<size_t>(config.executor_queue()));
  transport::Calls public_calls({.actor = config.actor(), .internal = false}, executor, metrics);
  transport::Calls internal_calls({.actor = config.actor(), .internal = true}, executor, metrics);

  auto ingestion = ingestion::IngestionApp::Start(config.ingestion(), clock, public_calls, internal_calls);
  if (!ingestion.ok()) return Fail(kExitStart, std::string(ingestion.status().message()));
  auto log_host = transport::ServerHost::InProcess({&(*ingestion)->log_service()});
  if (!log_host.ok()) return Fail(kExitStart, std::string(log_host.status().message()));
  auto aggregation =
      aggregation::AggregationApp::Start(config.aggregation(), (*log_host)->InProcessChannel(), internal_calls, metrics);
  if (!aggregation.ok()) return Fail(kExitStart, std::string(aggregation.status().message()));
  auto figures_host = transport::ServerHost::InProcess({&(*aggregation)->figures_service()});
  if (!figures_host.ok()) return Fail(kExitStart, std::string(figures_host.status().message()));
  auto query = query::QueryApp::Start(config.query(), (*figures_host)->InProcessChannel(), internal_calls, metrics);
  if (!query.ok()) return Fail(kExitStart, std::string(query.status().message()));

  auto internal_host = transport::ServerHost::Listen(
      config.internal_listen(), {&(*ingestion)->edition_service(), &(*ingestion)->log_service(),
                                 &(*aggregation)->figures_service(), &(*query)->query_service()});
  if (!internal_host.ok()) return Fail(kExitStart, std::string(internal_host.status().message()));
  auto public_host = transport::ServerHost::Listen(config.listen(), {&(*ingestion)->submission_service()});
  if (!public_host.ok()) return Fail(kExitStart, std::string(public_host.status().message()));
  std::atomic<bool> draining = false;
  auto health = transport::HealthPort::Listen(config.health_listen(), metrics, [&]() -> std::string {
    if (draining) return "draining";
    const absl::Status store = (*ingestion)->StoreState();
    return store.ok() ? std::string() : std::string(store.message());
  });
  if (!health.ok()) return Fail(kExitStart, std::string(health.status().message()));
  (*public_host)->SetServing(true);
  (*internal_host)->SetServing(true);

  std::cout << "ready public=" << (*public_host)->address() << " internal=" << (*internal_host)->address()
            << " health=" << (*health)->address() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);

  base::LogEvent(base::Level::kInfo, "draining", {{"signal", signal}});
  draining = true;
  (*public_host)->SetServing(false);
  (*internal_host)->SetServing(false);
  transport::EndAllStreams();
  (*public_host)->Drain(absl::Milliseconds(base::kDrainMs));
  (*query)->Stop();
  (*aggregation)->Stop();
  (*internal_host)->Drain(absl::Milliseconds(base::kDrainMs));
  (*figures_host)->Drain(absl::ZeroDuration());
  (*log_host)->Drain(absl::ZeroDuration());
  executor.Drain();
  (*ingestion)->Stop();
  base::LogEvent(base::Level::kInfo, "stopped", {{"position", (*ingestion)->head().position}});
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("IMDi's municipal survey: ingestion, aggregation and query in one process");
  std::string data = "data", config_file, listen, internal_listen, health_listen, restore_from;
  bool check_config = false;
  app.add_option("--data", data, "folder of all data, made when missing");
  app.add_option("--config", config_file, "YAML configuration (imdi.survey.config.v1.ServerConfig); replaces --data");
  app.add_option("--listen", listen, "public address, port 0 = any free one");
  app.add_option("--internal_listen", internal_listen, "internal address");
  app.add_option("--health_listen", health_listen, "health and metrics address");
  app.add_option("--restore_from", restore_from, "restore this backup into the (empty) data folder as a new epoch, then end");
  app.add_flag("--check_config", check_config, "check the configuration and end");
  CLI11_PARSE(app, argc, argv);

  ServerConfig config = EmbeddedConfig(data);
  if (!config_file.empty()) {
    std::string text;
    config::Problem problem;
    if (!config::ReadTextFile(config_file, &text, &problem)) return Fail(kExitConfig, config::ToText(problem));
    const config::LoadedText loaded = config::LoadYaml(config_file, text, ServerConfig::default_instance());
    if (!loaded.problems.empty() || loaded.documents.size() != 1) {
      for (const config::Problem& one : loaded.problems) std::cerr << config::ToText(one) << "\n";
      return Fail(kExitConfig, base::StrCat(config_file, ": one valid document is required"));
    }
    config.CopyFrom(*loaded.documents.front().message);
  }
  if (!listen.empty()) config.set_listen(listen);
  if (!internal_listen.empty()) config.set_internal_listen(internal_listen);
  if (!health_listen.empty()) config.set_health_listen(health_listen);
  const std::vector<std::string> problems = CheckConfig(config);
  for (const std::string& problem : problems) std::cerr << problem << "\n";
  if (!problems.empty()) return Fail(kExitConfig, "the configuration is refused");
  if (check_config) {
    std::cout << "the configuration is fine\n";
    return 0;
  }
  if (!restore_from.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(config.ingestion().data_dir(), ignored);
    const absl::Status restored =
        storage::rocks::RocksResponseLog::RestoreBackup(restore_from, config.ingestion().data_dir() + "/log");
    if (!restored.ok()) return Fail(kExitStart, std::string(restored.message()));
    std::cout << "restored; start the server on this data folder, with the key folder of its own backup\n";
    return 0;
  }
  return Serve(config);
}

}  // namespace
}  // namespace imdi

int main(int argc, char** argv) { return imdi::Main(argc, argv); }
