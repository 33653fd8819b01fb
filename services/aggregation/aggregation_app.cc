#include "services/aggregation/aggregation_app.h"

#include <string_view>
#include <utility>
#include <vector>

#include "services/aggregation/aggregation_metrics.h"
#include "services/aggregation/aggregator.h"
#include "services/aggregation/figures_rpc.h"
#include "services/aggregation/log_follower.h"
#include "services/aggregation/release_log_source.h"
#include "services/aggregation/release_rpc.h"
#include "services/aggregation/releases.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/rocks/fold_store.h"
#include "storage/store_metrics.h"

namespace imdi::aggregation {

struct AggregationApp::Parts {
  std::shared_ptr<Aggregator> aggregator;
  std::unique_ptr<FiguresRpc> figures_rpc;
  std::unique_ptr<ReleaseLogSource> release_log;
  std::unique_ptr<Releases> releases;
  std::unique_ptr<ReleaseRpc> release_rpc;
  std::unique_ptr<LogFollower> follower;
  std::vector<base::Metrics::Reading> readings;  // First to go: they read what stands above.
};

namespace {

constexpr std::string_view kStoreName = "fold";

// An aggregator and its store, which it owns.
struct Opened {
  std::shared_ptr<Aggregator> aggregator;
  const storage::rocks::RocksFoldStore* store = nullptr;
};
absl::StatusOr<Opened> OpenAggregator(const survey::config::v1::AggregationConfig& config,
                                      base::Metrics& metrics) {
  base::Progress::Run warm_start = metrics.ProgressOf("load_fold", "stores").Begin(1);
  IMDI_ASSIGN_OR_RETURN(
      auto store, storage::rocks::OpenDerivedStore(config.data_dir(), config.memory_mib(),
                                                   storage::ObserveSyncs(metrics, kStoreName)));
  Opened opened{.aggregator = nullptr, .store = store.get()};
  IMDI_ASSIGN_OR_RETURN(opened.aggregator,
                        Aggregator::Open(std::move(store), absl::Milliseconds(base::kLiveSwapMs),
                                         &metrics.ProgressOf("refold", "records")));
  warm_start.Succeed();
  return opened;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AggregationApp>> AggregationApp::Start(
    const survey::config::v1::AggregationConfig& config,
    std::shared_ptr<grpc::Channel> ingestion_internal, transport::Calls& internal_calls,
    base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  auto opened = OpenAggregator(config, metrics);
  if (base::ReasonOf(opened.status()) == base::Reason::kStoreCorrupt) {
    // Met only while reading, and a store that met damage writes nothing more: begin again without
    // it.
    IMDI_RETURN_IF_ERROR(storage::rocks::DiscardDerivedStore(config.data_dir()));
    opened = OpenAggregator(config, metrics);
  }
  IMDI_RETURN_IF_ERROR(opened.status());
  parts->aggregator = opened->aggregator;
  parts->figures_rpc = std::make_unique<FiguresRpc>(internal_calls, parts->aggregator);
  parts->release_log = std::make_unique<ReleaseLogSource>(ingestion_internal);
  parts->releases = std::make_unique<Releases>(*parts->release_log, parts->aggregator, metrics);
  parts->release_rpc = std::make_unique<ReleaseRpc>(internal_calls, *parts->releases);
  parts->follower =
      std::make_unique<LogFollower>(std::move(ingestion_internal), parts->aggregator, metrics);
  parts->readings.push_back(ShowAggregation(
      metrics, *parts->aggregator, [&rpc = *parts->figures_rpc] { return rpc.followers(); }));
  parts->readings.push_back(
      storage::ShowStore(metrics, kStoreName, [store = opened->store] { return store->Stats(); }));
  return std::unique_ptr<AggregationApp>(new AggregationApp(std::move(parts)));
}

AggregationApp::AggregationApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AggregationApp::~AggregationApp() { StopFollowing(); }

grpc::Service& AggregationApp::figures_service() { return *parts_->figures_rpc; }
grpc::Service& AggregationApp::release_service() { return *parts_->release_rpc; }

std::vector<process::Face> AggregationApp::internal_faces() {
  return {{&figures_service(), aggregation_pb::FiguresService::service_full_name()},
          {&release_service(), aggregation_pb::ReleaseService::service_full_name()}};
}

transport::Readiness AggregationApp::Ready() const {
  const std::string stopped = parts_->aggregator->stopped();
  if (!stopped.empty())
    return {.not_ready = base::StrCat("folding has stopped: ", stopped), .remark = {}};
  if (parts_->aggregator->Current()->log_id.empty())
    return {.not_ready = "nothing is counted yet: ingestion has not been heard", .remark = {}};
  const Aggregator::Silence silence = parts_->aggregator->silence();
  return process::ReadyByLag(absl::FromChrono(silence.length), silence.why);
}

void AggregationApp::Describe(const base::CallContext& /*call*/,
                              survey::status::v1::GetStatusResponse& status) const {
  survey::status::v1::AggregationStatus& out = *status.mutable_aggregation();
  const std::shared_ptr<const Snapshot> now = parts_->aggregator->Current();
  out.mutable_folded()->set_log_id(now->log_id);
  out.mutable_folded()->set_epoch(now->epoch);
  out.mutable_folded()->set_position(now->position);
  out.mutable_folded()->set_time_us(now->time_us);
  out.set_log_head(parts_->aggregator->log_head());
  out.set_stopped(parts_->aggregator->stopped());
  out.set_unheard(parts_->aggregator->silence().why);
  out.set_heard_us(status.now_us() - absl::ToInt64Microseconds(parts_->follower->SinceHeard()));
  for (std::string& name : parts_->releases->CandidateNames()) out.add_candidates(std::move(name));
}

int64_t AggregationApp::position() const { return parts_->aggregator->Current()->position; }

void AggregationApp::StopFollowing() {
  parts_->follower->Stop();
  parts_->release_log->Stop();
  parts_->release_rpc->Drain();
}

}  // namespace imdi::aggregation
