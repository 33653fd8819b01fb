#include "services/allinone/allinone_app.h"

#include <utility>

#include "services/aggregation/aggregation_app.h"
#include "services/base/status_macros.h"
#include "services/ingestion/ingestion_app.h"
#include "services/process/server_config.h"
#include "services/query/query_app.h"

namespace imdi::allinone {

using survey::config::v1::ServerConfig;

ServerConfig EmbeddedConfig(const std::string& data) {
  return process::EmbeddedConfig(data, process::kEverything);
}

absl::Status Compose(process::Process& process) {
  const ServerConfig& config = process.config();
  IMDI_ASSIGN_OR_RETURN(
      auto ingestion,
      ingestion::IngestionApp::Start(config.ingestion(), process.clock(), process.public_calls(),
                                     process.internal_calls(), process.metrics()));
  process.Host(std::move(ingestion));
  IMDI_ASSIGN_OR_RETURN(auto to_ingestion, process.ChannelToLast());
  IMDI_ASSIGN_OR_RETURN(auto aggregation, aggregation::AggregationApp::Start(
                                              config.aggregation(), std::move(to_ingestion),
                                              process.internal_calls(), process.metrics()));
  process.Host(std::move(aggregation));
  IMDI_ASSIGN_OR_RETURN(auto to_aggregation, process.ChannelToLast());
  IMDI_ASSIGN_OR_RETURN(
      auto query, query::QueryApp::Start(config.query(), process.clock(), std::move(to_aggregation),
                                         process.internal_calls(), process.metrics()));
  process.Host(std::move(query));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<process::Process>> Start(const ServerConfig& config,
                                                        const base::Clock& clock) {
  return process::Process::Start(config, clock, Compose);
}

}  // namespace imdi::allinone
