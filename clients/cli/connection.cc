#include "clients/cli/connection.h"

#include <algorithm>
#include <thread>

#include "services/base/clock.h"
#include "services/base/error.h"

namespace imdi::cli {

bool WorthRetrying(const absl::Status& status) {
  // Every mutation carries a request id, so a second try finds what the first one did. Nobody here
  // cancels a call, but gRPC answers CANCELLED to one that reaches a server in the moment in which
  // it shuts down.
  return base::IsRetryable(status) || status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled ||
         base::ReasonOf(status) == base::Reason::kCommitUnknown;
}

absl::Status WithRetries(absl::Duration patience, const std::function<absl::Status()>& once) {
  const auto end = base::SteadyClock::now() + absl::ToChronoNanoseconds(patience);
  absl::Duration pause = absl::Milliseconds(50);
  while (true) {
    const absl::Status status = once();
    if (status.ok() || !WorthRetrying(status) ||
        base::SteadyClock::now() + absl::ToChronoNanoseconds(pause) >= end)
      return status;
    std::this_thread::sleep_for(
        absl::ToChronoNanoseconds(std::max(pause, base::InfoOf(status).retry_delay)));
    pause = std::min(2 * pause, absl::Seconds(1));
  }
}

Connection::Connection(const std::string& public_address, const std::string& internal_address,
                       absl::Duration call_timeout)
    : call_timeout_(call_timeout) {
  const auto open = transport::MakeChannel(public_address);
  const auto internal = transport::MakeChannel(internal_address);
  editions_ = ingestion_api::EditionService::NewStub(internal);
  submissions_ = ingestion_api::SubmissionService::NewStub(open);
  log_ = ingestion_api::LogService::NewStub(internal);
  query_ = query_api::QueryService::NewStub(internal);
  releases_ = aggregation_api::ReleaseService::NewStub(internal);
}

}  // namespace imdi::cli
