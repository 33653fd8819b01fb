#pragma once

// The figures of the survey, from another system. One SurveyClient for a process is enough: it is
// used by any number of threads at once, and its copies share one connection.
//
// Every call has a deadline. Calls that fail with UNAVAILABLE are tried again by gRPC itself, as
// ServiceConfigJson says; a server that restarts is found again within a second. What a call failed
// of: error.h. Shapes, units and errors of every message: the .proto files, which are installed
// with the library.

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "imdi/survey/client/listing.h"
#include "imdi/survey/query/v1/query_service.pb.h"

namespace grpc {
class ChannelCredentials;
}

namespace imdi::survey::client {

struct ConnectOptions {
  // Of a call that names none; 0: 10 s. At most 60 s, which is as long as a server works on it.
  absl::Duration deadline = absl::ZeroDuration();
  // None: plaintext, which is for loopback alone.
  std::shared_ptr<grpc::ChannelCredentials> credentials = {};
};

struct CallOptions {
  absl::Duration deadline = absl::ZeroDuration();  // 0: that of the connection.
  std::stop_token stop = {};                       // Asked to stop, the call ends with CANCELLED.
  // W3C traceparent of the caller, sent along; what is none is not.
  std::string trace_parent = {};
};

// Which calls are tried again, when and how often: what is shipped as
// imdi/survey/service_config.json beside the .proto files.
std::string_view ServiceConfigJson();

class SurveyClient {
 public:
  // "127.0.0.1:50052". Nothing is sent yet, and the server may be away. INVALID_ARGUMENT for an
  // address beyond loopback without credentials, or a deadline out of its bounds.
  static absl::StatusOr<SurveyClient> Connect(const std::string& address,
                                              const ConnectOptions& options = {});

  absl::StatusOr<query::v1::Figure> GetFigure(const query::v1::GetFigureRequest& request,
                                              const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::BatchGetFiguresResponse> BatchGetFigures(
      const query::v1::BatchGetFiguresRequest& request, const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::Table> GetTable(const query::v1::GetTableRequest& request,
                                            const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::Series> GetSeries(const query::v1::GetSeriesRequest& request,
                                              const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::Explanation> ExplainFigure(
      const query::v1::ExplainFigureRequest& request, const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::Association> TestAssociation(
      const query::v1::TestAssociationRequest& request, const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::MethodNote> GetMethodNote(
      const query::v1::GetMethodNoteRequest& request, const CallOptions& options = {}) const;
  absl::StatusOr<query::v1::Release> GetRelease(const query::v1::GetReleaseRequest& request,
                                                const CallOptions& options = {}) const;

  // Lists: nothing is asked before the first entry is, and `options` are of each page.
  Listing<query::v1::Figure> ListFigures(query::v1::ListFiguresRequest request,
                                         const CallOptions& options = {}) const;
  Listing<query::v1::EditionSummary> ListEditions(query::v1::ListEditionsRequest request,
                                                  const CallOptions& options = {}) const;
  Listing<query::v1::ClaimResult> ListClaims(query::v1::ListClaimsRequest request,
                                             const CallOptions& options = {}) const;
  Listing<query::v1::IndicatorInfo> ListIndicators(query::v1::ListIndicatorsRequest request,
                                                   const CallOptions& options = {}) const;
  Listing<query::v1::Release> ListReleases(query::v1::ListReleasesRequest request,
                                           const CallOptions& options = {}) const;
  Listing<query::v1::ReleaseChange> ListChanges(query::v1::ListChangesRequest request,
                                                const CallOptions& options = {}) const;

  // Calls `each` with every release and sign of life, until it returns false, or the stream ends:
  // OK where the server or the deadline (10 minutes where none is given) ended it, to be resumed
  // with the position of the last message. A HeldSet does all of this by itself.
  absl::Status FollowReleases(
      const query::v1::FollowReleasesRequest& request,
      const std::function<bool(const query::v1::FollowReleasesResponse&)>& each,
      const CallOptions& options = {}) const;

  // What the calls go through; see stub.h.
  struct Link;
  explicit SurveyClient(std::shared_ptr<const Link> link);

 private:
  std::shared_ptr<const Link> link_;
};

}  // namespace imdi::survey::client
