#pragma once

// StatusService over gRPC, the same in every process. Internal listener only.

#include <functional>

#include "imdi/survey/status/v1/status_service.grpc.pb.h"
#include "services/transport/calls.h"

namespace imdi::process {

namespace status_pb = survey::status::v1;

class StatusRpc final : public status_pb::StatusService::WithRawCallbackMethod_GetStatus<
                            status_pb::StatusService::Service> {
 public:
  // `look` is called for each request, on the executor. `calls` must outlive the service.
  StatusRpc(transport::Calls& calls,
            std::function<status_pb::GetStatusResponse(const base::CallContext&)> look);

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* rpc, const grpc::ByteBuffer* in,
                                      grpc::ByteBuffer* out) override;

 private:
  transport::Calls& calls_;
  const std::function<status_pb::GetStatusResponse(const base::CallContext&)> look_;
};

}  // namespace imdi::process
