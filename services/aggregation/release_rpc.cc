#include "services/aggregation/release_rpc.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"

namespace imdi::aggregation {
namespace {

// One that works, one that says OVERLOADED meanwhile.
constexpr int kThreads = 2;
constexpr size_t kQueueMax = 16;

}  // namespace

ReleaseRpc::ReleaseRpc(transport::Calls& calls, Releases& releases)
    : calls_(calls), releases_(releases), worker_("releases", kThreads, kQueueMax) {}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* ReleaseRpc::RunLong(
    std::string_view name, Rpc* rpc, const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
    absl::StatusOr<Response> (Releases::*use_case)(const base::CallContext&, const Request&)) {
  return calls_.RunAsync<Request, Response>(
      {.name = name,
       .where = transport::Where::kInline,
       .mutation = true,
       .work = base::Work::kControl},
      rpc, in, out,
      [this, use_case](const base::CallContext& call, const Request& request, auto done) {
        // Call and request live until `done`.
        const bool taken = worker_.TrySubmit([this, use_case, &call, &request, done] {
          const absl::Status wanted = call.CheckWanted();
          done(wanted.ok() ? (releases_.*use_case)(call, request) : wanted);
        });
        if (taken) return;
        done(base::WithRetryDelay(base::Error(base::Reason::kOverloaded,
                                              "too many calls about releases; try again shortly"),
                                  absl::Milliseconds(base::kShedRetryDelayMs)));
      });
}

grpc::ServerUnaryReactor* ReleaseRpc::BuildRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                                   grpc::ByteBuffer* out) {
  return RunLong("ReleaseService/BuildRelease", rpc, in, out, &Releases::Build);
}

grpc::ServerUnaryReactor* ReleaseRpc::PublishRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                                     grpc::ByteBuffer* out) {
  return RunLong("ReleaseService/PublishRelease", rpc, in, out, &Releases::Publish);
}

grpc::ServerUnaryReactor* ReleaseRpc::VerifyRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                                    grpc::ByteBuffer* out) {
  return RunLong("ReleaseService/VerifyRelease", rpc, in, out, &Releases::Verify);
}

grpc::ServerUnaryReactor* ReleaseRpc::GetCandidate(Rpc* rpc, const grpc::ByteBuffer* in,
                                                   grpc::ByteBuffer* out) {
  return calls_.Run<aggregation_pb::GetCandidateRequest, aggregation_pb::Candidate>(
      {.name = "ReleaseService/GetCandidate",
       .where = transport::Where::kInline,
       .work = base::Work::kControl},
      rpc, in, out,
      [this](const base::CallContext&, const aggregation_pb::GetCandidateRequest& request) {
        return releases_.GetCandidate(request);
      });
}

grpc::ServerUnaryReactor* ReleaseRpc::PreviewCandidate(Rpc* rpc, const grpc::ByteBuffer* in,
                                                       grpc::ByteBuffer* out) {
  return calls_
      .Run<aggregation_pb::PreviewCandidateRequest, aggregation_pb::PreviewCandidateResponse>(
          {.name = "ReleaseService/PreviewCandidate", .work = base::Work::kControl}, rpc, in, out,
          [this](const base::CallContext&, const aggregation_pb::PreviewCandidateRequest& request) {
            return releases_.Preview(request);
          });
}

}  // namespace imdi::aggregation
