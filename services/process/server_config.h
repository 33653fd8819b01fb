#pragma once

// The configuration of a process: what it is without a file, how a file is read, and everything
// that must hold before anything is opened.

#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/config/v1/config.pb.h"
#include "services/config/yaml_message.h"

namespace imdi::process {

// Which services a process hosts.
struct Hosts {
  bool ingestion = false;
  bool aggregation = false;
  bool query = false;
};
inline constexpr Hosts kEverything = {.ingestion = true, .aggregation = true, .query = true};

// Without a file: everything below one folder, on free ports of loopback. What follows a service
// that another process hosts still lacks its address.
survey::config::v1::ServerConfig EmbeddedConfig(const std::string& data, const Hosts& hosts);

struct ConfigProblem {
  std::string field;    // As in aggregation.ingestion_address.
  std::string message;  // Which rule, and what to do.
};
// All problems at once. Opens nothing.
std::vector<ConfigProblem> CheckConfig(const survey::config::v1::ServerConfig& config,
                                       const Hosts& hosts);

// One document of a file.
struct ConfigFile {
  survey::config::v1::ServerConfig config;  // Not to be used with problems.
  config::PlaceIndex places;
  std::vector<std::string> problems;  // A line each, with its place.
};
ConfigFile ReadConfigFile(const std::string& file);

// A line for people; with the place in its file where it came from one.
std::string ToText(const ConfigProblem& problem, const config::PlaceIndex& places);

}  // namespace imdi::process
