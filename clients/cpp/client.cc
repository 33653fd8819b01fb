#include "imdi/survey/client/client.h"

#include <utility>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "imdi/survey/client/stub.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/base/trace_parent.h"
#include "services/transport/client.h"
#include "services/transport/loopback.h"
#include "services/transport/status_bridge.h"

namespace imdi::survey::client {

namespace query_pb = query::v1;
using Stub = query_pb::QueryService::StubInterface;

struct SurveyClient::Link {
  std::shared_ptr<Stub> stub;
  absl::Duration deadline;

  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, const CallOptions& options) const {
    grpc::ClientContext context;
    Prepare(context, options, deadline);
    const std::stop_callback cancel(options.stop, [&context] { context.TryCancel(); });
    Response response;
    const grpc::Status status = ((*stub).*method)(&context, request, &response);
    if (!status.ok()) return transport::FromRpc(status);
    return response;
  }

  static void Prepare(grpc::ClientContext& context, const CallOptions& options,
                      absl::Duration otherwise) {
    transport::SetTimeout(context,
                          options.deadline > absl::ZeroDuration() ? options.deadline : otherwise);
    if (base::IsTraceParent(options.trace_parent))
      context.AddMetadata("traceparent", options.trace_parent.substr(0, base::kTraceParentBytes));
  }
};

namespace {

// A listing that takes its entries out of `entries` of each response.
template <typename Item, typename Request, typename Response>
Listing<Item> MakeListing(std::shared_ptr<const SurveyClient::Link> link,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          google::protobuf::RepeatedPtrField<Item>* (Response::*entries)(),
                          Request request, const CallOptions& options) {
  using Page = typename Listing<Item>::Page;
  return Listing<Item>([link = std::move(link), method, entries, request = std::move(request),
                        options](const std::string& token) -> absl::StatusOr<Page> {
    // The first page of what was asked for, which need not be the first of all.
    Request page_request = request;
    if (!token.empty()) page_request.set_page_token(token);
    absl::StatusOr<Response> response = link->Call(method, page_request, options);
    if (!response.ok()) return response.status();
    Page page;
    auto& items = *((*response).*entries)();
    page.items.assign(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    page.next_page_token = response->next_page_token();
    return page;
  });
}

}  // namespace

SurveyClient::SurveyClient(std::shared_ptr<const Link> link) : link_(std::move(link)) {}

SurveyClient OverStub(std::shared_ptr<Stub> stub, const ConnectOptions& options) {
  const absl::Duration deadline = options.deadline > absl::ZeroDuration()
                                      ? options.deadline
                                      : absl::Milliseconds(base::kClientDeadlineMs);
  return SurveyClient(std::make_shared<SurveyClient::Link>(
      SurveyClient::Link{.stub = std::move(stub), .deadline = deadline}));
}

absl::StatusOr<SurveyClient> SurveyClient::Connect(const std::string& address,
                                                   const ConnectOptions& options) {
  if (options.credentials == nullptr && !transport::LoopbackPort(address).has_value()) {
    return base::InvalidField(
        "address", base::StrCat(base::Quoted(address),
                                " is beyond loopback: give credentials, or an address such as "
                                "127.0.0.1:50052"));
  }
  if (options.deadline < absl::ZeroDuration() ||
      options.deadline > absl::Milliseconds(base::kReadDeadlineMaxMs)) {
    return base::InvalidField(
        "deadline", base::StrCat("above 0 and at most ", base::kReadDeadlineMaxMs, " ms"));
  }
  grpc::ChannelArguments arguments = transport::ClientArguments();
  arguments.SetServiceConfigJSON(std::string(ServiceConfigJson()));
  const auto channel = grpc::CreateCustomChannel(
      address,
      options.credentials == nullptr ? grpc::InsecureChannelCredentials() : options.credentials,
      arguments);
  return OverStub(query_pb::QueryService::NewStub(channel), options);
}

absl::StatusOr<query_pb::Figure> SurveyClient::GetFigure(const query_pb::GetFigureRequest& request,
                                                         const CallOptions& options) const {
  return link_->Call(&Stub::GetFigure, request, options);
}

absl::StatusOr<query_pb::BatchGetFiguresResponse> SurveyClient::BatchGetFigures(
    const query_pb::BatchGetFiguresRequest& request, const CallOptions& options) const {
  return link_->Call(&Stub::BatchGetFigures, request, options);
}

absl::StatusOr<query_pb::Table> SurveyClient::GetTable(const query_pb::GetTableRequest& request,
                                                       const CallOptions& options) const {
  return link_->Call(&Stub::GetTable, request, options);
}

absl::StatusOr<query_pb::Series> SurveyClient::GetSeries(const query_pb::GetSeriesRequest& request,
                                                         const CallOptions& options) const {
  return link_->Call(&Stub::GetSeries, request, options);
}

absl::StatusOr<query_pb::Explanation> SurveyClient::ExplainFigure(
    const query_pb::ExplainFigureRequest& request, const CallOptions& options) const {
  return link_->Call(&Stub::ExplainFigure, request, options);
}

absl::StatusOr<query_pb::Association> SurveyClient::TestAssociation(
    const query_pb::TestAssociationRequest& request, const CallOptions& options) const {
  return link_->Call(&Stub::TestAssociation, request, options);
}

absl::StatusOr<query_pb::MethodNote> SurveyClient::GetMethodNote(
    const query_pb::GetMethodNoteRequest& request, const CallOptions& options) const {
  return link_->Call(&Stub::GetMethodNote, request, options);
}

absl::StatusOr<query_pb::Release> SurveyClient::GetRelease(
    const query_pb::GetReleaseRequest& request, const CallOptions& options) const {
  return link_->Call(&Stub::GetRelease, request, options);
}

Listing<query_pb::Figure> SurveyClient::ListFigures(query_pb::ListFiguresRequest request,
                                                    const CallOptions& options) const {
  return MakeListing<query_pb::Figure>(link_, &Stub::ListFigures,
                                       &query_pb::ListFiguresResponse::mutable_figures,
                                       std::move(request), options);
}

Listing<query_pb::EditionSummary> SurveyClient::ListEditions(query_pb::ListEditionsRequest request,
                                                             const CallOptions& options) const {
  return MakeListing<query_pb::EditionSummary>(link_, &Stub::ListEditions,
                                               &query_pb::ListEditionsResponse::mutable_editions,
                                               std::move(request), options);
}

Listing<query_pb::ClaimResult> SurveyClient::ListClaims(query_pb::ListClaimsRequest request,
                                                        const CallOptions& options) const {
  return MakeListing<query_pb::ClaimResult>(link_, &Stub::ListClaims,
                                            &query_pb::ListClaimsResponse::mutable_claims,
                                            std::move(request), options);
}

Listing<query_pb::IndicatorInfo> SurveyClient::ListIndicators(
    query_pb::ListIndicatorsRequest request, const CallOptions& options) const {
  return MakeListing<query_pb::IndicatorInfo>(link_, &Stub::ListIndicators,
                                              &query_pb::ListIndicatorsResponse::mutable_indicators,
                                              std::move(request), options);
}

Listing<query_pb::Release> SurveyClient::ListReleases(query_pb::ListReleasesRequest request,
                                                      const CallOptions& options) const {
  return MakeListing<query_pb::Release>(link_, &Stub::ListReleases,
                                        &query_pb::ListReleasesResponse::mutable_releases,
                                        std::move(request), options);
}

Listing<query_pb::ReleaseChange> SurveyClient::ListChanges(query_pb::ListChangesRequest request,
                                                           const CallOptions& options) const {
  return MakeListing<query_pb::ReleaseChange>(link_, &Stub::ListChanges,
                                              &query_pb::ListChangesResponse::mutable_changes,
                                              std::move(request), options);
}

absl::Status SurveyClient::FollowReleases(
    const query_pb::FollowReleasesRequest& request,
    const std::function<bool(const query_pb::FollowReleasesResponse&)>& each,
    const CallOptions& options) const {
  grpc::ClientContext context;
  Link::Prepare(context, options, absl::Milliseconds(base::kFollowReleasesMs));
  const auto stream = link_->stub->FollowReleases(&context, request);
  const std::stop_callback cancel(options.stop, [&context] { context.TryCancel(); });
  query_pb::FollowReleasesResponse message;
  bool enough = false;
  while (!enough && stream->Read(&message)) enough = !each(message);
  if (enough) context.TryCancel();
  const absl::Status status = transport::FromRpc(stream->Finish());
  if (enough || status.code() == absl::StatusCode::kDeadlineExceeded) return absl::OkStatus();
  return status;
}

}  // namespace imdi::survey::client
