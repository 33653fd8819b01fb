#include "services/query/query_rpc.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/query/figures.h"
#include "services/query/ready_message.h"

namespace imdi::query {

template <typename Request, typename Response>
grpc::ServerUnaryReactor* QueryRpc::FromSnapshot(
    std::string_view method, Rpc* rpc, const Bytes* in, Bytes* out,
    std::function<absl::StatusOr<Response>(const Snapshot&, const Request&)> answer) {
  return calls_.RunAsync<Request, Response>(
      {.name = method, .where = transport::Where::kInline}, rpc, in, out,
      [this, answer = std::move(answer)](const base::CallContext& call, const Request& request,
                                         std::function<void(absl::StatusOr<Response>)> done) {
        if (request.at_least_position() < 0) {
          done(
              base::InvalidField("at_least_position", "0 (any snapshot) or a position of the log"));
          return;
        }
        snapshots_.waits().Wait(request.at_least_position(), call.deadline,
                                [answer, &request, done = std::move(done)](
                                    absl::Status status, std::shared_ptr<const Snapshot> snapshot) {
                                  if (!status.ok()) {
                                    done(std::move(status));
                                  } else {
                                    done(answer(*snapshot, request));
                                  }
                                });
      });
}

grpc::ServerUnaryReactor* QueryRpc::GetFigure(Rpc* rpc, const Bytes* in, Bytes* out) {
  return FromSnapshot<query_pb::GetFigureRequest, ReadyMessage>(
      "QueryService/GetFigure", rpc, in, out,
      [](const Snapshot& snapshot,
         const query_pb::GetFigureRequest& request) -> absl::StatusOr<ReadyMessage> {
        IMDI_ASSIGN_OR_RETURN(std::string bytes, FigureBytes(snapshot, request.name()));
        return ReadyMessage(std::move(bytes));
      });
}

grpc::ServerUnaryReactor* QueryRpc::BatchGetFigures(Rpc* rpc, const Bytes* in, Bytes* out) {
  return FromSnapshot<query_pb::BatchGetFiguresRequest, query_pb::BatchGetFiguresResponse>(
      "QueryService/BatchGetFigures", rpc, in, out,
      [](const Snapshot& snapshot, const query_pb::BatchGetFiguresRequest& request) {
        return query::BatchGetFigures(snapshot, request);
      });
}

grpc::ServerUnaryReactor* QueryRpc::ListFigures(Rpc* rpc, const Bytes* in, Bytes* out) {
  return FromSnapshot<query_pb::ListFiguresRequest, query_pb::ListFiguresResponse>(
      "QueryService/ListFigures", rpc, in, out,
      [this](const Snapshot& snapshot, const query_pb::ListFiguresRequest& request) {
        return query::ListFigures(snapshots_, snapshot, request);
      });
}

grpc::ServerUnaryReactor* QueryRpc::ListEditions(Rpc* rpc, const Bytes* in, Bytes* out) {
  return calls_.Run<query_pb::ListEditionsRequest, query_pb::ListEditionsResponse>(
      {.name = "QueryService/ListEditions", .where = transport::Where::kInline}, rpc, in, out,
      [this](const base::CallContext&, const query_pb::ListEditionsRequest& request) {
        return query::ListEditions(snapshots_, request);
      });
}

grpc::ServerUnaryReactor* QueryRpc::ListClaims(Rpc* rpc, const Bytes* in, Bytes* out) {
  return calls_.Run<query_pb::ListClaimsRequest, query_pb::ListClaimsResponse>(
      {.name = "QueryService/ListClaims", .where = transport::Where::kInline}, rpc, in, out,
      [this](const base::CallContext&, const query_pb::ListClaimsRequest& request) {
        return query::ListClaims(snapshots_, request);
      });
}

}  // namespace imdi::query
