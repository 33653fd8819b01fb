// imdi-allinone: ingestion, aggregation and query in one process, joined by in-process channels.

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/allinone/allinone_app.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/config/yaml_message.h"
#include "services/ingestion/ingestion_app.h"
#include "services/transport/server_host.h"
#include "services/transport/watchdog.h"

namespace imdi::allinone {
namespace {

using survey::config::v1::ServerConfig;

constexpr int kExitConfig = 2;
constexpr int kExitStart = 1;
constexpr int kExitListenerDead = 3;
constexpr int kExitDamaged = 8;  // The backup does not verify.

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
  auto system = AllInOne::Start(config, clock);
  if (!system.ok()) return Fail(kExitStart, std::string(system.status().message()));
  const transport::Watchdog watchdog(
      {(*system)->public_address(), (*system)->internal_address()}, [](const std::string& address) {
        base::LogEvent(base::Level::kError, "listener_dead", {{"address", address}});
        std::_Exit(kExitListenerDead);  // Everything acknowledged is on disk; only a new process
                                        // listens again.
      });
  std::cout << "ready public=" << (*system)->public_address()
            << " internal=" << (*system)->internal_address()
            << " health=" << (*system)->health_address() << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  base::LogEvent(base::Level::kInfo, "draining", {{"signal", signal}});
  base::LogEvent(base::Level::kInfo, "stopped", {{"position", (*system)->Stop()}});
  return 0;
}

int FailRestore(const absl::Status& status) {
  return Fail(absl::IsDataLoss(status) ? kExitDamaged : kExitStart, std::string(status.message()));
}

int Restore(const ServerConfig& config, const std::string& from, const std::string& keys_from,
            bool without_keys) {
  if (from.empty()) {
    const absl::Status restored = ingestion::RestoreKeys(config.ingestion(), keys_from);
    if (!restored.ok()) return FailRestore(restored);
    std::cout << "restored the keys; start the server\n";
    return 0;
  }
  if (keys_from.empty() != without_keys) {
    return Fail(kExitConfig,
                "--restore_from needs --restore_keys_from, or --without_keys to leave the texts "
                "sealed for ever");
  }
  const auto restored = ingestion::RestoreBackup(config.ingestion(), from, keys_from);
  if (!restored.ok()) return FailRestore(restored.status());
  std::cout << "restored up to position " << restored->head.position << ", epoch "
            << restored->head.epoch << ", chain " << base::Hex(restored->head.chain) << "; "
            << restored->texts - restored->texts_without_key << " of " << restored->texts
            << " texts have their key. Put the master key in its place and start the server\n";
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("IMDi's municipal survey: ingestion, aggregation and query in one process");
  std::string data = "data", config_file, listen, internal_listen, health_listen, restore_from,
              restore_keys_from;
  bool check_config = false, without_keys = false;
  app.add_option("--data", data, "folder of all data, made when missing");
  app.add_option("--config", config_file,
                 "YAML configuration (imdi.survey.config.v1.ServerConfig); replaces --data");
  app.add_option("--listen", listen, "public address, port 0 = any free one");
  app.add_option("--internal_listen", internal_listen, "internal address");
  app.add_option("--health_listen", health_listen, "health and metrics address");
  app.add_option("--restore_from", restore_from,
                 "restore this backup into the (empty) data folder as a new epoch, then end");
  app.add_option("--restore_keys_from", restore_keys_from,
                 "the backup of the keys; without --restore_from the keys alone");
  app.add_flag("--without_keys", without_keys, "restore without keys: texts stay sealed for ever");
  app.add_flag("--check_config", check_config, "check the configuration and end");
  CLI11_PARSE(app, argc, argv);

  ServerConfig config = EmbeddedConfig(data);
  if (!config_file.empty()) {
    std::string text;
    config::Problem problem;
    if (!config::ReadTextFile(config_file, &text, &problem))
      return Fail(kExitConfig, config::ToText(problem));
    const config::LoadedText loaded =
        config::LoadYaml(config_file, text, ServerConfig::default_instance());
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
  if (!restore_from.empty() || !restore_keys_from.empty()) {
    return Restore(config, restore_from, restore_keys_from, without_keys);
  }
  return Serve(config);
}

}  // namespace
}  // namespace imdi::allinone

int main(int argc, char** argv) { return imdi::allinone::Main(argc, argv); }
