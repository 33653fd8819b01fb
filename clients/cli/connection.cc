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
// Longer than any process, and short enough to be added to a clock.
constexpr absl::Duration kPatienceMax = absl::Hours(24 * 365);

}  // namespace

bool WorthRetrying(const absl::Status& status) {
  // What is tried again reads, or carries a request id, so that a second try finds what the first
  // one did. Nobody here cancels a call, but gRPC answers CANCELLED to one that reaches a server in
  // the moment in which it shuts down.
  return base::IsRetryable(status) || status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled ||
         base::ReasonOf(status) == base::Reason::kCommitUnknown;
}

base::SteadyTime EndOf(absl::Duration patience) {
  return base::SteadyClock::now() + absl::ToChronoNanoseconds(std::min(patience, kPatienceMax));
}

absl::Status WithRetries(absl::Duration patience,
                         const std::function<absl::Status(absl::Duration left)>& once) {
  const base::SteadyTime end = EndOf(patience);
  const auto left = [end] { return absl::FromChrono(end - base::SteadyClock::now()); };
  absl::Duration pause = absl::Milliseconds(50);
  absl::Status waiting;  // What a reader was told that the service waits for, if it was.
  while (true) {
    absl::Status status = once(left());
    if (base::ReasonOf(status) == base::Reason::kNotYetFolded) waiting = status;
    // The last try is cut short, and says nothing but that, here or there.
    const bool cut = absl::IsDeadlineExceeded(status) || absl::IsCancelled(status);
    if (cut && !waiting.ok()) status = waiting;
    if (status.ok() || !WorthRetrying(status)) return status;
    const absl::Duration wait = std::max(pause, base::InfoOf(status).retry_delay);
    if (wait >= left()) return status;  // The next try would come too late.
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(wait));
    pause = std::min(2 * pause, absl::Seconds(1));
  }
}

absl::Status WithRetries(absl::Duration patience, const std::function<absl::Status()>& once) {
  return WithRetries(patience, [&once](absl::Duration) { return once(); });
}

std::string AskedOf(const absl::Status& status) {
  const auto asked = status.GetPayload(kAskedPayload);
  return asked.has_value() ? std::string(*asked) : std::string();
}

absl::Status WithAsked(absl::Status status, std::string_view asked) {
  if (!status.ok()) status.SetPayload(kAskedPayload, absl::Cord(base::ToAbsl(asked)));
  return status;
}

Connection::Connection(const Addresses& addresses, absl::Duration call_timeout,
                       std::string trace_parent)
    : call_timeout_(call_timeout), trace_parent_(std::move(trace_parent)) {
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
