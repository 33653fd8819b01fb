#pragma once

// Restoring a backup: what a server that hosts ingestion does instead of serving.

#include <optional>
#include <string>

#include "imdi/survey/config/v1/config.pb.h"

namespace CLI {
class App;
}

namespace imdi::ingestion {

class RestoreCommand {
 public:
  void AddFlags(CLI::App& app);
  // An exit code of process/program.h, with a line for people; none where nothing is to be
  // restored.
  std::optional<int> Run(const std::string& program,
                         const survey::config::v1::ServerConfig& config) const;

 private:
  std::string from_;
  std::string keys_from_;
  bool without_keys_ = false;
};

}  // namespace imdi::ingestion
