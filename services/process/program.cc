#include "services/process/program.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/mutex.h"
#include "services/base/text.h"
#include "services/transport/server_host.h"
#include "services/transport/watchdog.h"

namespace imdi::process {
namespace {

using survey::config::v1::ServerConfig;

// Hears the first signal to stop. All threads have them blocked, so that further ones do nothing.
// Until Started, it ends the process at once.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::thread([this] { Hear(); }).detach();
  }
  void Started() {
    base::MutexLock lock(mutex_);
    started_ = true;
  }
  int Wait() {
    base::MutexLock lock(mutex_);
    while (heard_ == 0) changed_.Wait(mutex_);
    return heard_;
  }

 private:
  void Hear() {
    int signal = 0;
    sigwait(&signals_, &signal);
    base::MutexLock lock(mutex_);
    if (!started_) {
      base::LogEvent(base::Level::kInfo, "stopped_at_start", {{"signal", signal}});
      std::_Exit(kExitOk);
    }
    heard_ = signal;
    changed_.NotifyAll();
  }

  sigset_t signals_{};
  base::Mutex mutex_;
  base::CondVar changed_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  int heard_ ABSL_GUARDED_BY(mutex_) = 0;
};

int Serve(const Program& program, const ServerConfig& config) {
  // Before any other thread, so that all have the mask; never destroyed: a thread waits in it.
  static auto& stop = *new StopSignal();
  transport::RaiseDescriptorLimit();
  transport::SkipDeadlockDetection();
  transport::TameLibraryLogs();
  const base::SystemClock clock;
  const auto process = Process::Start(config, clock, program.compose);
  if (!process.ok()) return Fail(kExitStart, program.name, base::ToStd(process.status().message()));
  stop.Started();
  std::optional<transport::Watchdog> watchdog;
  watchdog.emplace((*process)->listeners(), [](const std::string& address) {
    base::LogEvent(base::Level::kError, "listener_dead", {{"address", address}});
    std::_Exit(kExitListenerDead);  // Everything acknowledged is on disk; only a new process
                                    // listens again.
  });
  std::cout << (*process)->ReadyLine() << std::endl;
  base::LogEvent(base::Level::kInfo, "draining", {{"signal", stop.Wait()}});
  watchdog.reset();  // Listeners that close are not dead.
  base::LogEvent(base::Level::kInfo, "stopped", {{"position", (*process)->Stop()}});
  return kExitOk;
}

}  // namespace

int Fail(int code, std::string_view name, std::string_view what) {
  std::cerr << name << ": " << what << "\n";
  return code;
}

int RunProgram(int argc, char** argv, const Program& program) {
  CLI::App app(program.about);
  std::string data = "data", config_file, listen, internal_listen, health_listen, ingestion_address,
              aggregation_address;
  bool check_config = false;
  app.add_option("--data", data, "folder of all data, made when missing");
  app.add_option("--config", config_file,
                 "YAML configuration (imdi.survey.config.v1.ServerConfig); replaces --data");
  if (program.hosts.ingestion)
    app.add_option("--listen", listen, "public address, port 0 = any free one");
  app.add_option("--internal_listen", internal_listen, "internal address, port 0 = any free one");
  app.add_option("--health_listen", health_listen, "health and metrics address");
  if (program.hosts.aggregation && !program.hosts.ingestion)
    app.add_option("--ingestion_address", ingestion_address, "internal address of imdi-ingestion");
  if (program.hosts.query && !program.hosts.aggregation) {
    app.add_option("--aggregation_address", aggregation_address,
                   "internal address of imdi-aggregation");
  }
  app.add_flag("--check_config", check_config, "check the configuration and end");
  if (program.add_flags) program.add_flags(app);
  CLI11_PARSE(app, argc, argv);

  ConfigFile read;
  if (config_file.empty()) {
    read.config = EmbeddedConfig(data, program.hosts);
  } else {
    read = ReadConfigFile(config_file);
  }
  ServerConfig& config = read.config;
  if (!listen.empty()) config.set_listen(listen);
  if (!internal_listen.empty()) config.set_internal_listen(internal_listen);
  if (!health_listen.empty()) config.set_health_listen(health_listen);
  if (!ingestion_address.empty())
    config.mutable_aggregation()->set_ingestion_address(ingestion_address);
  if (!aggregation_address.empty())
    config.mutable_query()->set_aggregation_address(aggregation_address);
  if (read.problems.empty()) {
    for (const ConfigProblem& problem : CheckConfig(config, program.hosts))
      read.problems.push_back(ToText(problem, read.places));
  }
  for (const std::string& problem : read.problems) std::cerr << problem << "\n";
  if (!read.problems.empty())
    return Fail(kExitConfig, program.name, "the configuration is refused");
  if (check_config) {
    std::cout << "the configuration is fine\n";
    return kExitOk;
  }
  if (program.instead) {
    if (const std::optional<int> code = program.instead(config); code.has_value()) return *code;
  }
  return Serve(program, config);
}

}  // namespace imdi::process
