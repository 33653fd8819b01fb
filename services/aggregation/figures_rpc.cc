#include "services/aggregation/figures_rpc.h"

#include "grpcpp/impl/codegen/proto_utils.h"
#include "services/aggregation/figures_source.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/transport/stream.h"
#include "services/transport/undecodable.h"

namespace imdi::aggregation {

using survey::aggregation::v1::FollowFiguresRequest;
using survey::aggregation::v1::GetFoldStateRequest;
using survey::aggregation::v1::GetFoldStateResponse;

grpc::ServerWriteReactor<grpc::ByteBuffer>* FiguresRpc::FollowFigures(Rpc*,
                                                                      const grpc::ByteBuffer* in) {
  FollowFiguresRequest request;
  grpc::ByteBuffer bytes(*in);
  if (!grpc::GenericDeserialize<grpc::ProtoBufferReader, FollowFiguresRequest>(&bytes, &request)
           .ok()) {
    return transport::FailStream(
        transport::WhyUndecodable(*FollowFiguresRequest::descriptor(), *in));
  }
  return calls_.streams().Start([&, this](std::function<void()> wake)
                                    -> absl::StatusOr<std::unique_ptr<transport::StreamSource>> {
    if (followers_->fetch_add(1) >= base::kFigureFollowersMax) {
      followers_->fetch_sub(1);
      return base::Error(
          base::Reason::kTooManyFollowers,
          base::StrCat("the figures have ", base::kFigureFollowersMax, " followers already"));
    }
    return std::make_unique<FiguresSource>(aggregator_, std::move(request), std::move(wake),
                                           followers_);
  });
}

grpc::ServerUnaryReactor* FiguresRpc::GetFoldState(Rpc* rpc, const grpc::ByteBuffer* in,
                                                   grpc::ByteBuffer* out) {
  return calls_.Run<GetFoldStateRequest, GetFoldStateResponse>(
      {.name = "FiguresService/GetFoldState", .where = transport::Where::kInline}, rpc, in, out,
      [this](const base::CallContext&, const GetFoldStateRequest&) {
        GetFoldStateResponse response;
        response.set_position(aggregator_->Current()->position);
        response.set_log_head(aggregator_->log_head());
        response.set_stopped(aggregator_->stopped());
        response.set_unheard(aggregator_->Current()->unheard);
        return response;
      });
}

}  // namespace imdi::aggregation
