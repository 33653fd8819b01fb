#include "clients/cli/connection.h"

#include <algorithm>
#include <thread>

#include "absl/strings/cord.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

constexpr const char* kAskedPayload = "imdictl/asked";

}  // namespace

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

std::string AskedOf(const absl::Status& status) {
  const auto asked = status.GetPayload(kAskedPayload);
  return asked.has_value() ? std::string(*asked) : std::string();
}

absl::Status WithAsked(absl::Status status, std::string_view asked) {
  if (!status.ok()) status.SetPayload(kAskedPayload, absl::Cord(base::ToAbsl(asked)));
  return status;
}

Connection::Connection(const Addresses& addresses, absl::Duration call_timeout)
    : call_timeout_(call_timeout) {
  const auto asked = [](std::string_view what, const std::string& address,
                        std::string_view option) {
    return base::StrCat(what, " at ", address, " (", option, ")");
  };
  const std::string ingestion = asked("ingestion", addresses.ingestion, "--ingestion");
  const std::string aggregation = asked("aggregation", addresses.aggregation, "--aggregation");
  const auto ingestion_channel = transport::MakeChannel(addresses.ingestion);
  const auto aggregation_channel = transport::MakeChannel(addresses.aggregation);
  editions_ = {ingestion_api::EditionService::NewStub(ingestion_channel), ingestion};
  log_ = {ingestion_api::LogService::NewStub(ingestion_channel), ingestion};
  submissions_ = {
      ingestion_api::SubmissionService::NewStub(transport::MakeChannel(addresses.public_ingestion)),
      asked("ingestion", addresses.public_ingestion, "--server")};
  figures_ = {aggregation_api::FiguresService::NewStub(aggregation_channel), aggregation};
  releases_ = {aggregation_api::ReleaseService::NewStub(aggregation_channel), aggregation};
  query_ = {query_api::QueryService::NewStub(transport::MakeChannel(addresses.query)),
            asked("query", addresses.query, "--query")};
  const std::pair<const char*, const std::string*> services[] = {
      {"ingestion", &addresses.ingestion},
      {"aggregation", &addresses.aggregation},
      {"query", &addresses.query}};
  for (const auto& [service, address] : services) {
    const auto known =
        std::find_if(statuses_.begin(), statuses_.end(),
                     [&, of = address](const StatusPeer& one) { return one.address == *of; });
    if (known != statuses_.end()) {
      known->services.emplace_back(service);
      continue;
    }
    statuses_.push_back(
        {.address = *address,
         .services = {service},
         .peer = {status_api::StatusService::NewStub(transport::MakeChannel(*address)),
                  asked(service, *address, base::StrCat("--", service))}});
  }
}

}  // namespace imdi::cli
