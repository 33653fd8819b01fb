#pragma once

// QueryService over gRPC. What lies in memory is answered on gRPC's own thread; what has to be read
// from the disk, or takes more than looking up, goes on on the bounded executor; who wants a
// position that is not there waits in the wait list.

#include <atomic>
#include <memory>

#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/query/release_shelf.h"
#include "services/query/snapshots.h"
#include "services/transport/calls.h"

namespace imdi::query {

using Qs = survey::query::v1::QueryService;
template <typename Base>
using RawFigures = Qs::WithRawCallbackMethod_GetFigure<Qs::WithRawCallbackMethod_BatchGetFigures<
    Qs::WithRawCallbackMethod_ListFigures<Qs::WithRawCallbackMethod_GetTable<
        Qs::WithRawCallbackMethod_GetSeries<Qs::WithRawCallbackMethod_ExplainFigure<
            Qs::WithRawCallbackMethod_TestAssociation<Base>>>>>>>;
template <typename Base>
using RawLists = Qs::WithRawCallbackMethod_ListEditions<
    Qs::WithRawCallbackMethod_ListIndicators<Qs::WithRawCallbackMethod_ListClaims<
        Qs::WithRawCallbackMethod_ListChanges<Qs::WithRawCallbackMethod_GetMethodNote<Base>>>>>;
template <typename Base>
using RawReleases = Qs::WithRawCallbackMethod_GetRelease<
    Qs::WithRawCallbackMethod_ListReleases<Qs::WithRawCallbackMethod_FollowReleases<Base>>>;
using RawQueryService = RawFigures<RawLists<RawReleases<Qs::Service>>>;

class QueryRpc final : public RawQueryService {
 public:
  // All must outlive the service.
  QueryRpc(transport::Calls& calls, Snapshots& snapshots, ReleaseShelf& shelf);

  int followers() const { return *followers_; }

  using Rpc = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  grpc::ServerUnaryReactor* GetFigure(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* BatchGetFigures(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListFigures(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* GetTable(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* GetSeries(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ExplainFigure(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* TestAssociation(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListEditions(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListIndicators(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListClaims(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListChanges(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* GetMethodNote(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* GetRelease(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerUnaryReactor* ListReleases(Rpc* rpc, const Bytes* in, Bytes* out) override;
  grpc::ServerWriteReactor<Bytes>* FollowReleases(Rpc* rpc, const Bytes* in) override;

 private:
  // Answers from the first snapshot that has the request's at_least_position: with what `quick`
  // says on this thread, or, where it says nothing, with what `full` says on the executor.
  using Method = transport::Calls::ReadyMethod;
  template <typename Request, typename Quick, typename Full>
  grpc::ServerUnaryReactor* Answer(const Method& method, Rpc* rpc, const Bytes* in, Bytes* out,
                                   Quick quick, Full full);
  // The same for answers that the snapshot keeps by the bytes of their requests.
  template <typename Request, typename Quick, typename Full>
  grpc::ServerUnaryReactor* AnswerKept(AnswerCache KeptAnswers::*kept, const Method& method,
                                       Rpc* rpc, const Bytes* in, Bytes* out, Quick quick,
                                       Full full);
  template <typename Call, typename Quick, typename Full>
  void AnswerWhenThere(const Call& call, Quick quick, Full full);
  template <typename Call, typename Quick, typename Full>
  void AnswerFrom(const Call& call, std::shared_ptr<const Snapshot> snapshot, Quick quick,
                  Full full);

  transport::Calls& calls_;
  Snapshots& snapshots_;
  ReleaseShelf& shelf_;
  const Method get_figure_;
  const Method batch_get_figures_;
  const Method list_figures_;
  const Method get_table_;
  const Method get_series_;
  const Method explain_figure_;
  const Method test_association_;
  const Method list_editions_;
  const Method list_indicators_;
  const Method list_claims_;
  const Method list_changes_;
  const Method get_method_note_;
  const Method get_release_;
  const Method list_releases_;
  const std::shared_ptr<std::atomic<int>> followers_;
};

}  // namespace imdi::query
