#include "services/process/status_rpc.h"

#include <utility>

namespace imdi::process {

StatusRpc::StatusRpc(transport::Calls& calls,
                     std::function<status_pb::GetStatusResponse(const base::CallContext&)> look)
    : calls_(calls), look_(std::move(look)) {}

grpc::ServerUnaryReactor* StatusRpc::GetStatus(grpc::CallbackServerContext* rpc,
                                               const grpc::ByteBuffer* in, grpc::ByteBuffer* out) {
  return calls_.Run<status_pb::GetStatusRequest, status_pb::GetStatusResponse>(
      {.name = "StatusService/GetStatus", .work = base::Work::kControl}, rpc, in, out,
      [this](const base::CallContext& call, const status_pb::GetStatusRequest&) {
        return look_(call);
      });
}

}  // namespace imdi::process
