#include "services/query/query_app.h"

#include <string_view>
#include <utility>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/figures_follower.h"
#include "services/query/pulse.h"
#include "services/query/query_metrics.h"
#include "services/query/query_rpc.h"
#include "services/query/release_shelf.h"
#include "services/query/snapshot_keeper.h"
#include "services/query/snapshots.h"
#include "storage/rocks/fold_store.h"
#include "storage/store_metrics.h"

namespace imdi::query {

struct QueryApp::Parts {
  Snapshots snapshots;
  Pulse pulse{absl::Milliseconds(base::kReleaseSignMs), [this] { snapshots.TellListeners(); }};
  std::unique_ptr<SnapshotKeeper> keeper;
  std::unique_ptr<ReleaseShelf> shelf;
  std::unique_ptr<QueryRpc> rpc;
  std::unique_ptr<FiguresFollower> follower;
  std::vector<base::Metrics::Reading> readings;  // First to go: they read what stands above.
};

namespace {

constexpr std::string_view kStoreName = "figures";

// A keeper and its store, which it owns.
struct Opened {
  std::unique_ptr<SnapshotKeeper> keeper;
  const storage::rocks::RocksFoldStore* store = nullptr;
};
absl::StatusOr<Opened> OpenKeeper(const survey::config::v1::QueryConfig& config,
                                  Snapshots& snapshots, const base::Clock& clock,
                                  base::Metrics& metrics) {
  base::Progress::Run warm_start = metrics.ProgressOf("load_figures", "stores").Begin(1);
  IMDI_ASSIGN_OR_RETURN(
      auto store, storage::rocks::OpenDerivedStore(config.data_dir(), config.memory_mib(),
                                                   storage::ObserveSyncs(metrics, kStoreName)));
  Opened opened{.keeper = nullptr, .store = store.get()};
  IMDI_ASSIGN_OR_RETURN(opened.keeper, SnapshotKeeper::Open(std::move(store), snapshots, clock));
  warm_start.Succeed();
  return opened;
}

}  // namespace

absl::StatusOr<std::unique_ptr<QueryApp>> QueryApp::Start(
    const survey::config::v1::QueryConfig& config, const base::Clock& clock,
    std::shared_ptr<grpc::Channel> aggregation_internal, transport::Calls& internal_calls,
    base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  auto opened = OpenKeeper(config, parts->snapshots, clock, metrics);
  if (base::ReasonOf(opened.status()) == base::Reason::kStoreCorrupt) {
    // Met only while reading, and a store that met damage writes nothing more: begin again without
    // it.
    IMDI_RETURN_IF_ERROR(storage::rocks::DiscardDerivedStore(config.data_dir()));
    opened = OpenKeeper(config, parts->snapshots, clock, metrics);
  }
  IMDI_RETURN_IF_ERROR(opened.status());
  parts->keeper = std::move(opened->keeper);
  parts->shelf = std::make_unique<ReleaseShelf>(parts->keeper->store());
  parts->rpc = std::make_unique<QueryRpc>(internal_calls, parts->snapshots, *parts->shelf);
  parts->follower =
      std::make_unique<FiguresFollower>(std::move(aggregation_internal), *parts->keeper, metrics);
  parts->readings.push_back(
      ShowQuery(metrics, parts->snapshots, [&rpc = *parts->rpc] { return rpc.followers(); }));
  parts->readings.push_back(
      storage::ShowStore(metrics, kStoreName, [store = opened->store] { return store->Stats(); }));
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

void QueryApp::Describe(const base::CallContext& /*call*/,
                        survey::status::v1::GetStatusResponse& status) const {
  survey::status::v1::QueryStatus& out = *status.mutable_query();
  const std::shared_ptr<const Snapshot> now = parts_->snapshots.Current();
  out.mutable_served()->set_log_id(now->log_id);
  out.mutable_served()->set_epoch(now->epoch);
  out.mutable_served()->set_position(now->position);
  out.mutable_served()->set_time_us(now->time_us);
  out.set_stale(now->stale);
  out.set_stale_since_us(now->stale_since_us);
  out.set_stale_reason(now->stale_reason);
  out.set_heard_us(status.now_us() - absl::ToInt64Microseconds(parts_->follower->SinceHeard()));
  for (const auto& [id, edition] : now->editions) {
    const query_pb::EditionSummary summary = SummaryOf(id, edition, *now);
    survey::status::v1::EditionFigures& entry = *out.add_editions();
    entry.set_name(summary.name());
    entry.set_state(summary.state());
    if (edition.releases.empty()) continue;
    const query_pb::Release& latest = *edition.releases.back();
    entry.set_latest_release(latest.number());
    entry.set_release_time_us(latest.time_us());
    entry.set_release_position(latest.position());
  }
}

int64_t QueryApp::position() const { return parts_->snapshots.Current()->position; }

void QueryApp::StopFollowing() { parts_->follower->Stop(); }

}  // namespace imdi::query
