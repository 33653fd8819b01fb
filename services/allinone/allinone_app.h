#pragma once

// Ingestion, aggregation and query in one process: the same services as apart, joined by in-process
// channels.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/clock.h"
#include "services/process/process_app.h"

namespace imdi::allinone {

// What the process does without a configuration file: everything below one folder, on free ports of
// loopback.
survey::config::v1::ServerConfig EmbeddedConfig(const std::string& data);

// Starts all three within `process`.
absl::Status Compose(process::Process& process);

// The whole process; `clock` must outlive it.
absl::StatusOr<std::unique_ptr<process::Process>> Start(
    const survey::config::v1::ServerConfig& config, const base::Clock& clock);

}  // namespace imdi::allinone
