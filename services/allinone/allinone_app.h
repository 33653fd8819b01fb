#pragma once

// Ingestion, aggregation and query in one process: the same services as apart, joined by in-process
// channels, behind a public, an internal and a health port.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/clock.h"

namespace imdi::allinone {

// What the process does without a configuration file: everything below one folder, on free ports of
// loopback.
survey::config::v1::ServerConfig EmbeddedConfig(const std::string& data);

// All problems of a configuration, each with what to do. Opens nothing.
std::vector<std::string> CheckConfig(const survey::config::v1::ServerConfig& config);

class AllInOne {
 public:
  // Opens and verifies the stores, starts the services, then opens the ports. `config` must have
  // passed CheckConfig; `clock` must outlive the object.
  static absl::StatusOr<std::unique_ptr<AllInOne>> Start(
      const survey::config::v1::ServerConfig& config, const base::Clock& clock);
  // Stops first when that has not been done.
  ~AllInOne();

  const std::string& public_address() const;
  const std::string& internal_address() const;
  const std::string& health_address() const;

  // Not serving → streams end → calls finish (at most kDrainMs) → what waits is committed.
  // Idempotent. Gives the position of the log's last record.
  int64_t Stop();

 private:
  struct Parts;
  explicit AllInOne(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace imdi::allinone
