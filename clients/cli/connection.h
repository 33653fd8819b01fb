#pragma once

// The services as a command line uses them: one call at a time, with a deadline, optionally tried
// again.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::cli {

namespace aggregation_api = ::imdi::survey::aggregation::v1;
namespace ingestion_api = ::imdi::survey::ingestion::v1;
namespace query_api = ::imdi::survey::query::v1;

// True when the same call, unchanged, may still be answered: the server is away or sheds, or the
// answer got lost.
bool WorthRetrying(const absl::Status& status);

// Calls `once` until it gives an answer or `patience` is over, waiting longer and longer in between
// (50 ms to 1 s).
absl::Status WithRetries(absl::Duration patience, const std::function<absl::Status()>& once);

class Connection {
 public:
  // Addresses are host:port; plaintext, loopback.
  Connection(const std::string& public_address, const std::string& internal_address,
             absl::Duration call_timeout);

  ingestion_api::EditionService::StubInterface& editions() const { return *editions_; }
  ingestion_api::SubmissionService::StubInterface& submissions() const { return *submissions_; }
  ingestion_api::LogService::StubInterface& log() const { return *log_; }
  query_api::QueryService::StubInterface& query() const { return *query_; }
  aggregation_api::ReleaseService::StubInterface& releases() const { return *releases_; }

  // One unary call.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const {
    grpc::ClientContext context;
    transport::SetTimeout(context, call_timeout_);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) return transport::FromRpc(status);
    return response;
  }

 private:
  absl::Duration call_timeout_;
  std::unique_ptr<ingestion_api::EditionService::StubInterface> editions_;
  std::unique_ptr<ingestion_api::SubmissionService::StubInterface> submissions_;
  std::unique_ptr<ingestion_api::LogService::StubInterface> log_;
  std::unique_ptr<query_api::QueryService::StubInterface> query_;
  std::unique_ptr<aggregation_api::ReleaseService::StubInterface> releases_;
};

}  // namespace imdi::cli
