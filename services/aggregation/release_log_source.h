#pragma once

// The log behind ingestion's LogService, over a channel.

#include <memory>
#include <set>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "services/aggregation/release_log.h"
#include "services/base/mutex.h"

namespace imdi::aggregation {

class ReleaseLogSource final : public ReleaseLog {
 public:
  explicit ReleaseLogSource(const std::shared_ptr<grpc::Channel>& ingestion)
      : stub_(ingestion_pb::LogService::NewStub(ingestion)) {}

  absl::Status Read(const base::CallContext& call, const Take& take) override;
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Record(
      const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) override;

  // Ends what is under way, and what begins later, with CANCELLED.
  void Stop();

 private:
  class Running;

  const std::unique_ptr<ingestion_pb::LogService::Stub> stub_;
  base::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::aggregation
