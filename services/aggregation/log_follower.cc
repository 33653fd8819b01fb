#include "services/aggregation/log_follower.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/transport/status_bridge.h"

namespace imdi::aggregation {

LogFollower::LogFollower(std::shared_ptr<grpc::Channel> ingestion,
                         std::shared_ptr<Aggregator> aggregator, base::Metrics& metrics)
    : stub_(ingestion_pb::LogService::NewStub(ingestion)),
      aggregator_(std::move(aggregator)),
      loop_("follow_log", metrics,
            [this](grpc::ClientContext& context) { return Follow(context); }) {}

absl::Status LogFollower::Follow(grpc::ClientContext& context) {
  ingestion_pb::FollowLogRequest request;
  *request.mutable_after() = aggregator_->cursor();
  const auto reader = stub_->FollowLog(&context, request);
  ingestion_pb::FollowLogResponse chunk;
  absl::Status status;
  while (status.ok() && reader->Read(&chunk)) {
    aggregator_->SetUnheard("");
    status = aggregator_->Consume(chunk);
    if (status.ok()) loop_.Heard();  // What it cannot count it asks for again, and not at once.
  }
  if (!status.ok()) {
    context.TryCancel();
    while (reader->Read(&chunk)) continue;
    (void)reader->Finish();
  } else {
    status = transport::FromRpc(reader->Finish());
    if (!status.ok())
      aggregator_->SetUnheard(base::StrCat("ingestion is not heard: ", status.ToString()));
  }
  if (base::ReasonOf(status) == base::Reason::kLogDiverged) {
    base::LogEvent(base::Level::kWarning, "fold_started_over", {{"status", status.ToString()}});
    if (absl::Status again = aggregator_->StartOver(); !again.ok()) return again;
  }
  return status;
}

}  // namespace imdi::aggregation
