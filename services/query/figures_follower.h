#pragma once

// Keeps a FollowFigures stream open and feeds it to the snapshot keeper.

#include <memory>

#include "grpcpp/channel.h"
#include "imdi/survey/aggregation/v1/figures_service.grpc.pb.h"
#include "services/base/metrics.h"
#include "services/base/mutex.h"
#include "services/query/pulse.h"
#include "services/query/snapshot_keeper.h"
#include "services/transport/follow_loop.h"

namespace imdi::query {

class FiguresFollower {
 public:
  // What is given by reference must outlive the loop.
  FiguresFollower(std::shared_ptr<grpc::Channel> aggregation, SnapshotKeeper& keeper,
                  base::Metrics& metrics);

  // Ends the stream and keeps the last snapshot. Idempotent.
  void Stop();
  absl::Duration SinceHeard() const { return loop_.SinceHeard(); }

 private:
  absl::Status Follow(grpc::ClientContext& context);
  // What came last is kept soon, also where nothing comes behind it.
  void Keep();

  const std::unique_ptr<survey::aggregation::v1::FiguresService::Stub> stub_;
  SnapshotKeeper& keeper_;
  base::Mutex mutex_;  // Held while the keeper is used.
  transport::FollowLoop loop_;
  Pulse keeping_;  // Last, as the loop before it: their threads use all of the above.
};

}  // namespace imdi::query
