#include "services/aggregation/release_log_source.h"

#include <utility>

#include "absl/time/time.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::aggregation {

// The context of one call, known to Stop while it lasts.
class ReleaseLogSource::Running {
 public:
  // Made for a call, it ends when that one is cancelled.
  Running(ReleaseLogSource& source, const base::CallContext& call)
      : context_(call.rpc != nullptr ? grpc::ClientContext::FromCallbackServerContext(*call.rpc)
                                     : std::make_unique<grpc::ClientContext>()),
        source_(source) {
    if (call.deadline != base::SteadyTime::max()) {
      transport::SetTimeout(*context_, absl::FromChrono(call.deadline - base::SteadyClock::now()));
    }
    if (!call.trace_parent.empty()) context_->AddMetadata("traceparent", call.trace_parent);
    base::MutexLock lock(source_.mutex_);
    source_.running_.insert(context_.get());
    if (source_.stopping_) context_->TryCancel();
  }
  ~Running() {
    base::MutexLock lock(source_.mutex_);
    source_.running_.erase(context_.get());
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  grpc::ClientContext& context() { return *context_; }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  ReleaseLogSource& source_;
};

absl::Status ReleaseLogSource::Read(const base::CallContext& call, const Take& take) {
  Running running(*this, call);
  const auto reader = stub_->FollowLog(&running.context(), ingestion_pb::FollowLogRequest());
  ingestion_pb::FollowLogResponse chunk;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && reader->Read(&chunk)) more = take(chunk);
  if (more.ok() && *more) {
    // It ends by itself only when it is cut.
    const absl::Status ended = transport::FromRpc(reader->Finish());
    return !ended.ok() ? ended
                       : base::Error(base::Reason::kStoreUnavailable,
                                     "the log's stream ended before the position was reached");
  }
  running.context().TryCancel();
  while (reader->Read(&chunk)) continue;
  (void)reader->Finish();
  return more.status();
}

absl::StatusOr<ingestion_pb::RecordReleaseResponse> ReleaseLogSource::Record(
    const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) {
  Running running(*this, call);
  ingestion_pb::RecordReleaseResponse response;
  IMDI_RETURN_IF_ERROR(
      transport::FromRpc(stub_->RecordRelease(&running.context(), request, &response)));
  return response;
}

void ReleaseLogSource::Stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

}  // namespace imdi::aggregation
