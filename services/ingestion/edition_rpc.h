#pragma once

// EditionService over gRPC: translates, decides nothing.

#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "services/ingestion/definitions.h"
#include "services/transport/calls.h"

namespace imdi::ingestion {

using RawEditionService = ingestion_pb::EditionService::WithRawCallbackMethod_ApplyDefinition<
    ingestion_pb::EditionService::WithRawCallbackMethod_GetDefinition<
        ingestion_pb::EditionService::WithRawCallbackMethod_ListDefinitions<
            ingestion_pb::EditionService::WithRawCallbackMethod_SetEditionState<
                ingestion_pb::EditionService::WithRawCallbackMethod_SetDisposition<
                    ingestion_pb::EditionService::Service>>>>>;

class EditionRpc final : public RawEditionService {
 public:
  EditionRpc(transport::Calls& calls, Definitions& definitions)
      : calls_(calls), definitions_(definitions) {}

  using Reactor = grpc::ServerUnaryReactor;
  using Rpc = grpc::CallbackServerContext;
  Reactor* ApplyDefinition(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* GetDefinition(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* ListDefinitions(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* SetEditionState(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* SetDisposition(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;

 private:
  transport::Calls& calls_;
  Definitions& definitions_;
};

}  // namespace imdi::ingestion
