#pragma once

// The services as a command line uses them: one call at a time, with a deadline, optionally tried
// again. An error knows which service was asked, and where.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "imdi/survey/aggregation/v1/figures_service.grpc.pb.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "imdi/survey/status/v1/status_service.grpc.pb.h"
#include "services/base/clock.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::cli {

namespace aggregation_api = ::imdi::survey::aggregation::v1;
namespace ingestion_api = ::imdi::survey::ingestion::v1;
namespace query_api = ::imdi::survey::query::v1;
namespace status_api = ::imdi::survey::status::v1;

// True when the same call, unchanged, may still be answered: the server is away or sheds, or the
// answer got lost.
bool WorthRetrying(const absl::Status& status);

// When `patience` is over; a year at most, so that also an infinite one has an end.
base::SteadyTime EndOf(absl::Duration patience);

// Calls `once`, with what is left of `patience`, until it gives an answer or the next try would
// come after it, waiting longer and longer in between (50 ms to 1 s, or what the server asks for).
absl::Status WithRetries(absl::Duration patience,
                         const std::function<absl::Status(absl::Duration left)>& once);
// The same for calls that set their own deadlines.
absl::Status WithRetries(absl::Duration patience, const std::function<absl::Status()>& once);

// Where the services are, host:port each; plaintext, loopback. Those of a system in one process are
// the same.
struct Addresses {
  std::string public_ingestion;  // SubmissionService.
  std::string ingestion;         // The rest of ingestion, on its internal listener.
  std::string aggregation;
  std::string query;
};

// A stub, and what its errors say of where it was asked.
template <typename Stub>
struct Peer {
  std::unique_ptr<Stub> stub;
  std::string asked;  // "query at 127.0.0.1:50052 (--query)"
};

// Which service was asked, and where; empty for an error that no call ended with.
std::string AskedOf(const absl::Status& status);
// `status` with it.
absl::Status WithAsked(absl::Status status, std::string_view asked);

class Connection {
 public:
  // `trace_parent`: a W3C traceparent that every call carries; may be empty.
  Connection(const Addresses& addresses, absl::Duration call_timeout,
             std::string trace_parent = {});
  // To a system in one process.
  Connection(const std::string& public_address, const std::string& internal_address,
             absl::Duration call_timeout)
      : Connection(Addresses{.public_ingestion = public_address,
                             .ingestion = internal_address,
                             .aggregation = internal_address,
                             .query = internal_address},
                   call_timeout) {}

  const Peer<ingestion_api::EditionService::StubInterface>& editions() const { return editions_; }
  const Peer<ingestion_api::SubmissionService::StubInterface>& submissions() const {
    return submissions_;
  }
  const Peer<ingestion_api::LogService::StubInterface>& log() const { return log_; }
  const Peer<aggregation_api::FiguresService::StubInterface>& figures() const { return figures_; }
  const Peer<aggregation_api::ReleaseService::StubInterface>& releases() const { return releases_; }
  const Peer<query_api::QueryService::StubInterface>& query() const { return query_; }

  // A process to be asked how it is doing.
  struct StatusPeer {
    std::string address;
    std::vector<std::string> services;  // That are looked for there.
    Peer<status_api::StatusService::StubInterface> peer;
  };
  // Each address once, ingestion's first.
  const std::vector<StatusPeer>& statuses() const { return statuses_; }

  // One unary call, which has `left` where that is less than the timeout of a call.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
      const Request& request, absl::Duration left = absl::InfiniteDuration()) const {
    grpc::ClientContext context;
    Mark(context);
    transport::SetTimeout(context, std::min(call_timeout_, left));
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return transport::FromRpc(status);
    return response;
  }
  // The same, where an error knows whom it came from.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(const Peer<Stub>& peer,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request,
                                absl::Duration left = absl::InfiniteDuration()) const {
    absl::StatusOr<Response> response = Call(*peer.stub, method, request, left);
    if (!response.ok()) return WithAsked(response.status(), peer.asked);
    return response;
  }

  // One stream. `take` is given each message until it says that it has enough (false), which is an
  // end without an error.
  template <typename Stub, typename Request, typename Response>
  absl::Status Read(const Peer<Stub>& peer,
                    std::unique_ptr<grpc::ClientReaderInterface<Response>> (Stub::*method)(
                        grpc::ClientContext*, const Request&),
                    const Request& request,
                    const std::type_identity_t<std::function<bool(const Response&)>>& take) const {
    grpc::ClientContext context;
    Mark(context);
    const auto reader = ((*peer.stub).*method)(&context, request);
    Response message;
    while (reader->Read(&message)) {
      if (take(message)) continue;
      context.TryCancel();
      while (reader->Read(&message)) continue;
      (void)reader->Finish();
      return absl::OkStatus();
    }
    return WithAsked(transport::FromRpc(reader->Finish()), peer.asked);
  }

 private:
  void Mark(grpc::ClientContext& context) const {
    if (!trace_parent_.empty()) context.AddMetadata("traceparent", trace_parent_);
  }

  absl::Duration call_timeout_;
  std::string trace_parent_;
  Peer<ingestion_api::EditionService::StubInterface> editions_;
  Peer<ingestion_api::SubmissionService::StubInterface> submissions_;
  Peer<ingestion_api::LogService::StubInterface> log_;
  Peer<aggregation_api::FiguresService::StubInterface> figures_;
  Peer<aggregation_api::ReleaseService::StubInterface> releases_;
  Peer<query_api::QueryService::StubInterface> query_;
  std::vector<StatusPeer> statuses_;
};

}  // namespace imdi::cli
