#pragma once

// What the mains of all servers do: flags, configuration, signals, the ready line, the watchdog,
// the stop.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "imdi/survey/config/v1/config.pb.h"
#include "services/process/process_app.h"
#include "services/process/server_config.h"

namespace CLI {
class App;
}

namespace imdi::process {

// Exit codes of the servers.
inline constexpr int kExitOk = 0;  // Stopped as asked, or what was asked for instead is done.
inline constexpr int kExitStart = 1;
inline constexpr int kExitConfig = 2;  // The configuration is refused, all problems at once.
inline constexpr int kExitListenerDead = 3;
inline constexpr int kExitDamaged = 8;  // The backup to restore does not verify.

struct Program {
  std::string name;   // As people call it: imdi-query.
  std::string about;  // One line of its help.
  Hosts hosts;
  Process::Compose compose;
  // Flags of its own, and what it does instead of serving; it answers with an exit code, or not at
  // all.
  std::function<void(CLI::App&)> add_flags = nullptr;
  std::function<std::optional<int>(const survey::config::v1::ServerConfig&)> instead = nullptr;
};

// Gives the exit code. SIGTERM and SIGINT stop it: while it starts, at once (what it finds on the
// disk the next time is what a kill leaves); later, as Process::Stop says. Further ones are not
// heard.
int RunProgram(int argc, char** argv, const Program& program);
// "NAME: WHAT" on standard error; gives `code`.
int Fail(int code, std::string_view name, std::string_view what);

}  // namespace imdi::process
