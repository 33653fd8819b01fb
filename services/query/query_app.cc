#include "services/query/query_app.h"

#include <utility>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/figures_follower.h"
#include "services/query/pulse.h"
#include "services/query/query_rpc.h"
#include "services/query/release_shelf.h"
#include "services/query/snapshot_keeper.h"
#include "services/query/snapshots.h"
#include "storage/rocks/fold_store.h"

namespace imdi::query {

struct QueryApp::Parts {
  base::SystemClock clock;
  Snapshots snapshots;
  Pulse pulse{absl::Milliseconds(base::kReleaseSignMs), [this] { snapshots.TellListeners(); }};
  std::unique_ptr<SnapshotKeeper> keeper;
  std::unique_ptr<ReleaseShelf> shelf;
  std::unique_ptr<QueryRpc> rpc;
  std::unique_ptr<FiguresFollower> follower;
};

namespace {

absl::StatusOr<std::unique_ptr<SnapshotKeeper>> OpenKeeper(
    const survey::config::v1::QueryConfig& config, Snapshots& snapshots, const base::Clock& clock) {
  IMDI_ASSIGN_OR_RETURN(auto store,
                        storage::rocks::OpenDerivedStore(config.data_dir(), config.memory_mib()));
  return SnapshotKeeper::Open(std::move(store), snapshots, clock);
}

}  // namespace

absl::StatusOr<std::unique_ptr<QueryApp>> QueryApp::Start(
    const survey::config::v1::QueryConfig& config,
    std::shared_ptr<grpc::Channel> aggregation_internal, transport::Calls& internal_calls,
    base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  auto keeper = OpenKeeper(config, parts->snapshots, parts->clock);
  if (base::ReasonOf(keeper.status()) == base::Reason::kStoreCorrupt) {
    // Met only while reading, and a store that met damage writes nothing more: begin again without
    // it.
    IMDI_RETURN_IF_ERROR(storage::rocks::DiscardDerivedStore(config.data_dir()));
    keeper = OpenKeeper(config, parts->snapshots, parts->clock);
  }
  IMDI_RETURN_IF_ERROR(keeper.status());
  parts->keeper = *std::move(keeper);
  parts->shelf = std::make_unique<ReleaseShelf>(parts->keeper->store());
  parts->rpc = std::make_unique<QueryRpc>(internal_calls, parts->snapshots, *parts->shelf);
  parts->follower = std::make_unique<FiguresFollower>(std::move(aggregation_internal),
                                                      *parts->keeper, parts->snapshots, metrics);
  return std::unique_ptr<QueryApp>(new QueryApp(std::move(parts)));
}

QueryApp::QueryApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
QueryApp::~QueryApp() { StopFollowing(); }

grpc::Service& QueryApp::query_service() { return *parts_->rpc; }

std::vector<process::Face> QueryApp::internal_faces() {
  return {{&query_service(), query_pb::QueryService::service_full_name()}};
}

transport::Readiness QueryApp::Ready() const {
  const auto snapshot = parts_->snapshots.Current();
  if (!snapshot->loaded())
    return {.not_ready = "no figures yet: aggregation has not been heard", .remark = {}};
  return process::ReadyByLag(absl::FromChrono(parts_->snapshots.StaleFor()),
                             snapshot->stale_reason);
}

int64_t QueryApp::position() const { return parts_->snapshots.Current()->position; }

void QueryApp::StopFollowing() { parts_->follower->Stop(); }

}  // namespace imdi::query
