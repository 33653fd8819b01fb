#include "services/aggregation/release_log_source.h"

#include <utility>

#include "absl/time/time.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/transport/status_bridge.h"

namespace imdi::aggregation {

// The context of one call, known to Stop while it lasts.
class ReleaseLogSource::Running {
 public:
  Running(ReleaseLogSource& source, const base::CallContext& call) : source_(source) {
    if (call.deadline != absl::InfiniteFuture())
      context.set_deadline(absl::ToChronoTime(call.deadline));
    if (!call.trace_parent.empty()) context.AddMetadata("traceparent", call.trace_parent);
    base::MutexLock lock(source_.mutex_);
    source_.running_.insert(&context);
    if (source_.stopping_) context.TryCancel();
  }
  ~Running() {
    base::MutexLock lock(source_.mutex_);
    source_.running_.erase(&context);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  grpc::ClientContext context;

 private:
  ReleaseLogSource& source_;
};

absl::Status ReleaseLogSource::Read(const base::CallContext& call, const Take& take) {
  Running running(*this, call);
  const auto reader = stub_->FollowLog(&running.context, ingestion_pb::FollowLogRequest());
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
  running.context.TryCancel();
  while (reader->Read(&chunk)) continue;
  (void)reader->Finish();
  return more.status();
}

absl::StatusOr<ingestion_pb::RecordReleaseResponse> ReleaseLogSource::Record(
    const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) {
  Running running(*this, call);
  ingestion_pb::RecordReleaseResponse response;
  IMDI_RETURN_IF_ERROR(
      transport::FromRpc(stub_->RecordRelease(&running.context, request, &response)));
  return response;
}

void ReleaseLogSource::Stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

}  // namespace imdi::aggregation
