#include "services/query/figures_follower.h"

#include <utility>

#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/transport/status_bridge.h"

namespace imdi::query {

FiguresFollower::FiguresFollower(std::shared_ptr<grpc::Channel> aggregation, SnapshotKeeper& keeper,
                                 Snapshots& snapshots, base::Metrics& metrics)
    : stub_(survey::aggregation::v1::FiguresService::NewStub(std::move(aggregation))),
      keeper_(keeper),
      snapshots_(snapshots),
      position_(metrics.GaugeOf("imdi_query_position",
                                "Position of the log that the served snapshot includes.")),
      stale_(metrics.GaugeOf("imdi_query_stale",
                             "1 while aggregation is not heard and figures may be old.")),
      loop_("follow_figures", [this](grpc::ClientContext& context) { return Follow(context); }),
      keeping_(absl::Milliseconds(base::kFiguresKeepMs), [this] { Keep(); }) {}

void FiguresFollower::Stop() {
  loop_.Stop();
  Keep();
}

// A warm start only needs figures that are not very old, so they are written seldom, not at every
// swap.
void FiguresFollower::Keep() {
  base::MutexLock lock(mutex_);
  if (absl::Status status = keeper_.Keep(); !status.ok()) {
    base::LogEvent(base::Level::kWarning, "figures_not_kept", {{"status", status.ToString()}});
  }
}

void FiguresFollower::Measure() {
  const auto current = snapshots_.Current();
  position_.Set(static_cast<double>(current->position));
  stale_.Set(current->stale ? 1 : 0);
}

absl::Status FiguresFollower::Follow(grpc::ClientContext& context) {
  survey::aggregation::v1::FollowFiguresRequest request;
  {
    base::MutexLock lock(mutex_);
    request = keeper_.Request();
  }
  const auto reader = stub_->FollowFigures(&context, request);
  survey::aggregation::v1::FollowFiguresResponse chunk;
  absl::Status status;
  while (status.ok() && reader->Read(&chunk)) {
    {
      base::MutexLock lock(mutex_);
      status = keeper_.Consume(chunk);
    }
    Measure();
  }
  if (!status.ok()) {
    context.TryCancel();
    while (reader->Read(&chunk)) continue;
    (void)reader->Finish();
  } else {
    status = transport::FromRpc(reader->Finish());
  }
  {
    base::MutexLock lock(mutex_);
    keeper_.StreamEnded(status);
  }
  Measure();
  return status;
}

}  // namespace imdi::query
