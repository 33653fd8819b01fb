#include "services/aggregation/aggregation_app.h"

#include <utility>

#include "services/aggregation/aggregator.h"
#include "services/aggregation/figures_rpc.h"
#include "services/aggregation/log_follower.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "storage/rocks/fold_store.h"

namespace imdi::aggregation {
namespace {

constexpr size_t kMemoryMibDefault = 64;

absl::StatusOr<std::unique_ptr<storage::rocks::RocksFoldStore>> OpenStore(
    const survey::config::v1::AggregationConfig& config) {
  storage::rocks::RocksOptions options;
  options.path = config.data_dir();
  const size_t bytes =
      (config.memory_mib() > 0 ? static_cast<size_t>(config.memory_mib()) : kMemoryMibDefault) * base::kMiB;
  options.block_cache_bytes = bytes / 2;
  options.write_buffer_bytes = bytes / 2;
  auto store = storage::rocks::RocksFoldStore::Open(options);
  if (store.ok() || base::ReasonOf(store.status()) != base::Reason::kStoreCorrupt) return store;
  base::LogEvent(base::Level::kWarning, "fold_store_discarded", {{"status", store.status().ToString()}});
  IMDI_RETURN_IF_ERROR(storage::rocks::RocksFoldStore::Discard(options));
  return storage::rocks::RocksFoldStore::Open(options);
}

}  // namespace

struct AggregationApp::Parts {
  std::shared_ptr<Aggregator> aggregator;
  std::unique_ptr<FiguresRpc> figures_rpc;
  std::unique_ptr<LogFollower> follower;
};

absl::StatusOr<std::unique_ptr<AggregationApp>> AggregationApp::Start(
    const survey::config::v1::AggregationConfig& config, std::shared_ptr<grpc::Channel> ingestion_internal,
    transport::Calls& internal_calls, base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  IMDI_ASSIGN_OR_RETURN(auto store, OpenStore(config));
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
