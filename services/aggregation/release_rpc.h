#pragma once

// ReleaseService over gRPC. Internal listener only.

#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "services/aggregation/releases.h"
#include "services/base/executor.h"
#include "services/transport/calls.h"

namespace imdi::aggregation {

using Rs = survey::aggregation::v1::ReleaseService;
using RawReleaseService =
    Rs::WithRawCallbackMethod_BuildRelease<Rs::WithRawCallbackMethod_GetCandidate<
        Rs::WithRawCallbackMethod_PreviewCandidate<Rs::WithRawCallbackMethod_PublishRelease<
            Rs::WithRawCallbackMethod_VerifyRelease<Rs::Service>>>>>;

class ReleaseRpc final : public RawReleaseService {
 public:
  ReleaseRpc(transport::Calls& calls, Releases& releases);

  using Rpc = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* BuildRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* GetCandidate(Rpc* rpc, const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* PreviewCandidate(Rpc* rpc, const grpc::ByteBuffer* in,
                                             grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* PublishRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                           grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* VerifyRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                          grpc::ByteBuffer* out) override;

  // Finishes what is under way, takes nothing more.
  void Drain() { worker_.Drain(); }

 private:
  // Runs a call that takes long, and itself calls ingestion, which may need the executor of the
  // other calls.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* RunLong(
      std::string_view name, Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
      absl::StatusOr<Response> (Releases::*use_case)(const base::CallContext&, const Request&));

  transport::Calls& calls_;
  Releases& releases_;
  base::BoundedExecutor worker_;
};

}  // namespace imdi::aggregation
