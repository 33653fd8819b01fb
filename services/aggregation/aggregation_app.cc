#include "services/aggregation/aggregation_app.h"

#include <utility>

#include "services/aggregation/aggregator.h"
#include "services/aggregation/figures_rpc.h"
#include "services/aggregation/log_follower.h"
#include "services/base/status_macros.h"
#include "storage/rocks/fold_store.h"

namespace imdi::aggregation {

struct AggregationApp::Parts {
  std::shared_ptr<Aggregator> aggregator;
  std::unique_ptr<FiguresRpc> figures_rpc;
  std::unique_ptr<LogFollower> follower;
};

absl::StatusOr<std::unique_ptr<AggregationApp>> AggregationApp::Start(
    const survey::config::v1::AggregationConfig& config, std::shared_ptr<grpc::Channel> ingestion_internal,
    transport::Calls& internal_calls, base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  IMDI_ASSIGN_OR_RETURN(auto store, storage::rocks::OpenDerivedStore(config.data_dir(), config.memory_mib()));
  IMDI_ASSIGN_OR_RETURN(parts->aggregator, Aggregator::Open(std::move(store)));
  parts->figures_rpc = std::make_unique<FiguresRpc>(internal_calls, parts->aggregator);
  parts->follower = std::make_unique<LogFollower>(std::move(ingestion_internal), parts->aggregator, metrics);
  return std::unique_ptr<AggregationApp>(new AggregationApp(std::move(parts)));
}

AggregationApp::AggregationApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AggregationApp::~AggregationApp() { Stop(); }

grpc::Service& AggregationApp::figures_service() { return *parts_->figures_rpc; }
void AggregationApp::Stop() { parts_->follower->Stop(); }

}  // namespace imdi::aggregation
