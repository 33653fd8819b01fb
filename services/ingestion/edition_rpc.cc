#include "services/ingestion/edition_rpc.h"

namespace imdi::ingestion {

EditionRpc::Reactor* EditionRpc::ApplyDefinition(Rpc* rpc, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::ApplyDefinitionRequest, ingestion_pb::ApplyDefinitionResponse>(
      {.name = "EditionService/ApplyDefinition", .mutation = true, .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::ApplyDefinitionRequest& request) {
        return definitions_.Apply(call, request);
      });
}

EditionRpc::Reactor* EditionRpc::GetDefinition(Rpc* rpc, const grpc::ByteBuffer* in,
                                               grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::GetDefinitionRequest, ingestion_pb::GetDefinitionResponse>(
      {.name = "EditionService/GetDefinition", .mutation = false, .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::GetDefinitionRequest& request) {
        return definitions_.Get(request);
      });
}

EditionRpc::Reactor* EditionRpc::ListDefinitions(Rpc* rpc, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::ListDefinitionsRequest, ingestion_pb::ListDefinitionsResponse>(
      {.name = "EditionService/ListDefinitions", .mutation = false, .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::ListDefinitionsRequest& request) {
        return definitions_.List(request);
      });
}

EditionRpc::Reactor* EditionRpc::SetEditionState(Rpc* rpc, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::SetEditionStateRequest, ingestion_pb::SetEditionStateResponse>(
      {.name = "EditionService/SetEditionState", .mutation = true, .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::SetEditionStateRequest& request) {
        return definitions_.SetState(call, request);
      });
}

EditionRpc::Reactor* EditionRpc::SetDisposition(Rpc* rpc, const grpc::ByteBuffer* in,
                                                grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::SetDispositionRequest, ingestion_pb::SetDispositionResponse>(
      {.name = "EditionService/SetDisposition", .mutation = true, .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::SetDispositionRequest& request) {
        return definitions_.SetDisposition(call, request);
      });
}

}  // namespace imdi::ingestion
