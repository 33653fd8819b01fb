#pragma once

// Keeps the aggregator at the end of ingestion's log, over a stream that is opened again whenever
// it ends.

#include <memory>

#include "absl/status/status.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "services/aggregation/aggregator.h"
#include "services/base/metrics.h"
#include "services/transport/follow_loop.h"

namespace imdi::aggregation {

class LogFollower {
 public:
  LogFollower(std::shared_ptr<grpc::Channel> ingestion, std::shared_ptr<Aggregator> aggregator,
              base::Metrics& metrics);
  void Stop() { loop_.Stop(); }
  absl::Duration SinceHeard() const { return loop_.SinceHeard(); }

 private:
  absl::Status Follow(grpc::ClientContext& context);

  const std::unique_ptr<ingestion_pb::LogService::Stub> stub_;
  const std::shared_ptr<Aggregator> aggregator_;
  transport::FollowLoop loop_;  // Last: it runs Follow from the moment it exists.
};

}  // namespace imdi::aggregation
