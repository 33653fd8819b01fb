#include "services/ingestion/submission_rpc.h"

namespace imdi::ingestion {

SubmissionRpc::Reactor* SubmissionRpc::Submit(Rpc* rpc, const grpc::ByteBuffer* in,
                                              grpc::ByteBuffer* out) {
  return calls_.RunAsync<ingestion_pb::SubmitRequest, ingestion_pb::SubmitResponse>(
      {.name = "SubmissionService/Submit", .mutation = true}, rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::SubmitRequest& request, auto done) {
        submissions_.Submit(call, request, std::move(done));
      },
      [this](const ingestion_pb::SubmitRequest& request) { return submissions_.AtHand(request); });
}

SubmissionRpc::Reactor* SubmissionRpc::BatchSubmit(Rpc* rpc, const grpc::ByteBuffer* in,
                                                   grpc::ByteBuffer* out) {
  return calls_.RunAsync<ingestion_pb::BatchSubmitRequest, ingestion_pb::BatchSubmitResponse>(
      {.name = "SubmissionService/BatchSubmit", .mutation = true}, rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::BatchSubmitRequest& request,
             auto done) { submissions_.BatchSubmit(call, request, std::move(done)); });
}

SubmissionRpc::Reactor* SubmissionRpc::Validate(Rpc* rpc, const grpc::ByteBuffer* in,
                                                grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::ValidateRequest, ingestion_pb::ValidateResponse>(
      {.name = "SubmissionService/Validate", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::ValidateRequest& request) {
        return submissions_.Validate(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::GetSubmission(Rpc* rpc, const grpc::ByteBuffer* in,
                                                     grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::GetSubmissionRequest, ingestion_pb::GetSubmissionResponse>(
      {.name = "SubmissionService/GetSubmission", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::GetSubmissionRequest& request) {
        return submissions_.Get(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::ListSubmissions(Rpc* rpc, const grpc::ByteBuffer* in,
                                                       grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::ListSubmissionsRequest, ingestion_pb::ListSubmissionsResponse>(
      {.name = "SubmissionService/ListSubmissions", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::ListSubmissionsRequest& request) {
        return submissions_.List(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::DiffSubmissions(Rpc* rpc, const grpc::ByteBuffer* in,
                                                       grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::DiffSubmissionsRequest, ingestion_pb::DiffSubmissionsResponse>(
      {.name = "SubmissionService/DiffSubmissions", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::DiffSubmissionsRequest& request) {
        return submissions_.Diff(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::GetReceipt(Rpc* rpc, const grpc::ByteBuffer* in,
                                                  grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::GetReceiptRequest, ingestion_pb::GetReceiptResponse>(
      {.name = "SubmissionService/GetReceipt", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::GetReceiptRequest& request) {
        return submissions_.GetReceipt(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::Withdraw(Rpc* rpc, const grpc::ByteBuffer* in,
                                                grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::WithdrawRequest, ingestion_pb::WithdrawResponse>(
      {.name = "SubmissionService/Withdraw", .mutation = true}, rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::WithdrawRequest& request) {
        return submissions_.Withdraw(call, request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::EraseText(Rpc* rpc, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::EraseTextRequest, ingestion_pb::EraseTextResponse>(
      {.name = "SubmissionService/EraseText", .mutation = true}, rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::EraseTextRequest& request) {
        return submissions_.EraseText(call, request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::SaveDraft(Rpc* rpc, const grpc::ByteBuffer* in,
                                                 grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::SaveDraftRequest, ingestion_pb::SaveDraftResponse>(
      {.name = "SubmissionService/SaveDraft", .mutation = true}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::SaveDraftRequest& request) {
        return submissions_.SaveDraft(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::GetDraft(Rpc* rpc, const grpc::ByteBuffer* in,
                                                grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::GetDraftRequest, ingestion_pb::GetDraftResponse>(
      {.name = "SubmissionService/GetDraft", .mutation = false}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::GetDraftRequest& request) {
        return submissions_.GetDraft(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::DeleteDraft(Rpc* rpc, const grpc::ByteBuffer* in,
                                                   grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::DeleteDraftRequest, ingestion_pb::DeleteDraftResponse>(
      {.name = "SubmissionService/DeleteDraft", .mutation = true}, rpc, in, out,
      [this](const base::CallContext&, const ingestion_pb::DeleteDraftRequest& request) {
        return submissions_.DeleteDraft(request);
      });
}

SubmissionRpc::Reactor* SubmissionRpc::GetCollectionStatus(Rpc* rpc, const grpc::ByteBuffer* in,
                                                           grpc::ByteBuffer* out) {
  return calls_
      .Run<ingestion_pb::GetCollectionStatusRequest, ingestion_pb::GetCollectionStatusResponse>(
          {.name = "SubmissionService/GetCollectionStatus", .mutation = false}, rpc, in, out,
          [this](const base::CallContext& call,
                 const ingestion_pb::GetCollectionStatusRequest& request) {
            return collection_.Status(call, request);
          });
}

}  // namespace imdi::ingestion
