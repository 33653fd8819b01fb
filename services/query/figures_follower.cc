#include "services/query/figures_follower.h"

#include <utility>

#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/transport/status_bridge.h"

namespace imdi::query {

FiguresFollower::FiguresFollower(std::shared_ptr<grpc::Channel> aggregation, SnapshotKeeper& keeper,
                                 base::Metrics& metrics)
    : stub_(survey::aggregation::v1::FiguresService::NewStub(std::move(aggregation))),
      keeper_(keeper),
      loop_("follow_figures", metrics,
            [this](grpc::ClientContext& context) { return Follow(context); }),
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
    loop_.Heard();
    base::MutexLock lock(mutex_);
    status = keeper_.Consume(chunk);
  }
  if (!status.ok()) {
    context.TryCancel();
    while (reader->Read(&chunk)) continue;
    (void)reader->Finish();
  } else {
    status = transport::FromRpc(reader->Finish());
  }
  base::MutexLock lock(mutex_);
  keeper_.StreamEnded(status);
  return status;
}

}  // namespace imdi::query
