#pragma once

// QueryService over gRPC. Every call is answered on gRPC's own thread from memory, or waits in the
// wait list.

#include <functional>
#include <memory>

#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/query/snapshots.h"
#include "services/transport/calls.h"

namespace imdi::query {

using Qs = survey::query::v1::QueryService;
using RawQueryService =
    Qs::WithRawCallbackMethod_GetFigure<Qs::WithRawCallbackMethod_BatchGetFigures<
        Qs::WithRawCallbackMethod_ListFigures<Qs::WithRawCallbackMethod_ListEditions<
            Qs::WithRawCallbackMethod_ListClaims<Qs::Service>>>>>;

class QueryRpc final : public RawQueryService {
 public:
  // Both must outlive the service.
  QueryRpc(transport::Calls& calls, Snapshots& snapshots) : calls_(calls), snapshots_(snapshots) {}

  using Rpc = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  grpc::ServerUnaryReactor* GetFigure(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* BatchGetFigures(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListFigures(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListEditions(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListClaims(Rpc* rpc, const Bytes* in, Bytes* out) override;

 private:
  // Answers from the first snapshot that has the request's at_least_position.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* FromSnapshot(
      std::string_view method, Rpc* rpc, const Bytes* in, Bytes* out,
      std::function<absl::StatusOr<Response>(const Snapshot&, const Request&)> answer);

  transport::Calls& calls_;
  Snapshots& snapshots_;
};

}  // namespace imdi::query
