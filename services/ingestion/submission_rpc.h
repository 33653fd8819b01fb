#pragma once

// SubmissionService over gRPC: translates, decides nothing.

#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "services/ingestion/collection.h"
#include "services/ingestion/submissions.h"
#include "services/transport/calls.h"

namespace imdi::ingestion {

using Ss = ingestion_pb::SubmissionService;
using RawSubmissionService = Ss::WithRawCallbackMethod_Submit<Ss::WithRawCallbackMethod_BatchSubmit<
    Ss::WithRawCallbackMethod_Validate<Ss::WithRawCallbackMethod_GetSubmission<
        Ss::WithRawCallbackMethod_ListSubmissions<Ss::WithRawCallbackMethod_DiffSubmissions<
            Ss::WithRawCallbackMethod_GetReceipt<Ss::WithRawCallbackMethod_Withdraw<
                Ss::WithRawCallbackMethod_EraseText<Ss::WithRawCallbackMethod_SaveDraft<
                    Ss::WithRawCallbackMethod_GetDraft<Ss::WithRawCallbackMethod_DeleteDraft<
                        Ss::WithRawCallbackMethod_GetCollectionStatus<Ss::Service>>>>>>>>>>>>>;

class SubmissionRpc final : public RawSubmissionService {
 public:
  SubmissionRpc(transport::Calls& calls, Submissions& submissions, Collection& collection)
      : calls_(calls), submissions_(submissions), collection_(collection) {}

  using Reactor = grpc::ServerUnaryReactor;
  using Rpc = grpc::CallbackServerContext;
  Reactor* Submit(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* BatchSubmit(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* Validate(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* GetSubmission(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* ListSubmissions(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* DiffSubmissions(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* GetReceipt(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* Withdraw(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* EraseText(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* SaveDraft(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* GetDraft(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* DeleteDraft(Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override;
  Reactor* GetCollectionStatus(Rpc* rpc, const grpc::ByteBuffer* in,
                               grpc::ByteBuffer* out) override;

 private:
  transport::Calls& calls_;
  Submissions& submissions_;
  Collection& collection_;
};

}  // namespace imdi::ingestion
