#include "services/query/query_rpc.h"

#include <optional>
#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/association.h"
#include "services/query/claims.h"
#include "services/query/figures.h"
#include "services/query/lists.h"
#include "services/query/notes.h"
#include "services/query/reading.h"
#include "services/query/release_source.h"
#include "services/query/series.h"
#include "services/query/table.h"
#include "services/transport/undecodable.h"

namespace imdi::query {
namespace {

using MaybeReady = std::optional<absl::StatusOr<ReadyBytes>>;

// A use case whose answer is a message, as one whose answer is bytes.
template <typename Request, typename Response>
auto Bytes(absl::StatusOr<Response> (*use_case)(Reading&, const Request&)) {
  return [use_case](Reading& reading, const Request& request) -> absl::StatusOr<ReadyBytes> {
    IMDI_ASSIGN_OR_RETURN(const Response response, use_case(reading, request));
    return ReadyBytes{.shared = nullptr, .tail = response.SerializeAsString()};
  };
}

// Answered at once, unless the disk is needed.
template <typename UseCase>
auto InMemory(UseCase use_case) {
  return [use_case](Reading& reading, const auto& request) -> MaybeReady {
    absl::StatusOr<ReadyBytes> answer = use_case(reading, request);
    if (!answer.ok() && reading.needs_disk()) return std::nullopt;
    return answer;
  };
}

constexpr auto kOnExecutor = [](Reading&, const auto&) -> MaybeReady { return std::nullopt; };

// The bytes in an answer of either kind; null where there are none.
const ReadyBytes* ReadyIn(const absl::StatusOr<ReadyBytes>& answer) {
  return answer.ok() ? &*answer : nullptr;
}
const ReadyBytes* ReadyIn(const MaybeReady& answer) {
  return answer.has_value() ? ReadyIn(*answer) : nullptr;
}

template <typename Request>
int64_t PositionIn(const Request& request) {
  if constexpr (requires { request.at_least_position(); }) {
    return request.at_least_position();
  } else {
    return 0;
  }
}

}  // namespace

QueryRpc::QueryRpc(transport::Calls& calls, Snapshots& snapshots, ReleaseShelf& shelf)
    : calls_(calls),
      snapshots_(snapshots),
      shelf_(shelf),
      get_figure_(calls, "QueryService/GetFigure"),
      batch_get_figures_(calls, "QueryService/BatchGetFigures"),
      list_figures_(calls, "QueryService/ListFigures"),
      get_table_(calls, "QueryService/GetTable"),
      get_series_(calls, "QueryService/GetSeries"),
      explain_figure_(calls, "QueryService/ExplainFigure"),
      test_association_(calls, "QueryService/TestAssociation"),
      list_editions_(calls, "QueryService/ListEditions"),
      list_indicators_(calls, "QueryService/ListIndicators"),
      list_claims_(calls, "QueryService/ListClaims"),
      list_changes_(calls, "QueryService/ListChanges"),
      get_method_note_(calls, "QueryService/GetMethodNote"),
      get_release_(calls, "QueryService/GetRelease"),
      list_releases_(calls, "QueryService/ListReleases"),
      followers_(std::make_shared<std::atomic<int>>(0)) {}

template <typename Call, typename Quick, typename Full>
void QueryRpc::AnswerFrom(const Call& call, std::shared_ptr<const Snapshot> snapshot, Quick quick,
                          Full full) {
  Reading reading(snapshots_, shelf_, snapshot, /*may_read_disk=*/false);
  if (MaybeReady answer = quick(reading, call->request()); answer.has_value()) {
    call->Answer(*std::move(answer));
    return;
  }
  call->OnExecutor([this, call, snapshot = std::move(snapshot), full] {
    Reading again(snapshots_, shelf_, snapshot, /*may_read_disk=*/true,
                  [call] { return call->Cancelled(); });
    call->Answer(full(again, call->request()));
  });
}

template <typename Call, typename Quick, typename Full>
void QueryRpc::AnswerWhenThere(const Call& call, Quick quick, Full full) {
  const int64_t wanted = PositionIn(call->request());
  if (wanted < 0) {
    call->Answer(
        base::InvalidField("at_least_position", "0 (any snapshot) or a position of the log"));
    return;
  }
  if (wanted > 0 && !call->internal()) {
    call->Answer(
        base::Error(base::Reason::kPermissionDenied, "at_least_position is for callers inside"));
    return;
  }
  std::shared_ptr<const Snapshot> current = snapshots_.Current();
  if (current->position >= wanted) {
    AnswerFrom(call, std::move(current), quick, full);
    return;
  }
  snapshots_.waits().Wait(
      wanted, call->deadline(), [call] { return call->Cancelled(); },
      [this, call, quick, full](absl::Status status, std::shared_ptr<const Snapshot> snapshot) {
        if (!status.ok()) {
          call->Answer(std::move(status));
        } else {
          AnswerFrom(call, std::move(snapshot), quick, full);
        }
      });
}

template <typename Request, typename Quick, typename Full>
grpc::ServerUnaryReactor* QueryRpc::Answer(const Method& method, Rpc* rpc, const Bytes* in,
                                           Bytes* out, Quick quick, Full full) {
  return calls_.RunReady<Request>(method, rpc, in, out, [this, quick, full](const auto& call) {
    this->AnswerWhenThere(call, quick, full);  // clang 14 does not see the use without "this".
  });
}

template <typename Request, typename Quick, typename Full>
grpc::ServerUnaryReactor* QueryRpc::AnswerKept(AnswerCache KeptAnswers::*kept, const Method& method,
                                               Rpc* rpc, const Bytes* in, Bytes* out, Quick quick,
                                               Full full) {
  // What was answered from this snapshot to these bytes: its position was enough then, and is now.
  const auto find = [this, kept](std::string_view raw) {
    return (snapshots_.Current()->answers.get()->*kept).Find(raw);
  };
  return calls_.RunReady<Request>(
      method, rpc, in, out, find, [this, kept, quick, full](const auto& call) {
        // Keeps what it answers, unless a page token took it to another snapshot.
        const auto keeping = [kept, call](const auto& use_case) {
          return [kept, call, use_case](Reading& reading, const Request& request) {
            const Snapshot* snapshot = &reading.snapshot();
            auto answer = use_case(reading, request);
            if (const ReadyBytes* bytes = ReadyIn(answer);
                bytes != nullptr && snapshot == &reading.snapshot()) {
              (snapshot->answers.get()->*kept).Keep(std::string(call->raw()), *bytes);
            }
            return answer;
          };
        };
        this->AnswerWhenThere(call, keeping(quick), keeping(full));
      });
}

grpc::ServerUnaryReactor* QueryRpc::GetFigure(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::GetFigureRequest>(get_figure_, rpc, in, out, InMemory(&query::GetFigure),
                                            &query::GetFigure);
}

grpc::ServerUnaryReactor* QueryRpc::BatchGetFigures(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::BatchGetFiguresRequest>(
      batch_get_figures_, rpc, in, out, InMemory(&query::BatchGetFigures), &query::BatchGetFigures);
}

grpc::ServerUnaryReactor* QueryRpc::ListFigures(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::ListFiguresRequest>(list_figures_, rpc, in, out, kOnExecutor,
                                              &query::ListFigures);
}

grpc::ServerUnaryReactor* QueryRpc::GetTable(Rpc* rpc, const Bytes* in, Bytes* out) {
  const auto kept = [](Reading& reading, const query_pb::GetTableRequest& request) -> MaybeReady {
    std::optional<ReadyBytes> found = FindTable(reading, request);
    if (!found.has_value()) return std::nullopt;
    return *std::move(found);
  };
  return AnswerKept<query_pb::GetTableRequest>(&KeptAnswers::tables, get_table_, rpc, in, out, kept,
                                               &query::GetTable);
}

grpc::ServerUnaryReactor* QueryRpc::GetSeries(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::GetSeriesRequest>(get_series_, rpc, in, out, kOnExecutor,
                                            query::Bytes(&query::GetSeries));
}

grpc::ServerUnaryReactor* QueryRpc::ExplainFigure(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::ExplainFigureRequest>(explain_figure_, rpc, in, out, kOnExecutor,
                                                query::Bytes(&query::ExplainFigure));
}

grpc::ServerUnaryReactor* QueryRpc::TestAssociation(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::TestAssociationRequest>(test_association_, rpc, in, out, kOnExecutor,
                                                  query::Bytes(&query::TestAssociation));
}

grpc::ServerUnaryReactor* QueryRpc::ListEditions(Rpc* rpc, const Bytes* in, Bytes* out) {
  const auto list = query::Bytes(&query::ListEditions);
  return Answer<query_pb::ListEditionsRequest>(list_editions_, rpc, in, out, InMemory(list), list);
}

grpc::ServerUnaryReactor* QueryRpc::ListIndicators(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::ListIndicatorsRequest>(list_indicators_, rpc, in, out, kOnExecutor,
                                                 query::Bytes(&query::ListIndicators));
}

grpc::ServerUnaryReactor* QueryRpc::ListClaims(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::ListClaimsRequest>(list_claims_, rpc, in, out, kOnExecutor,
                                             query::Bytes(&query::ListClaims));
}

grpc::ServerUnaryReactor* QueryRpc::ListChanges(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::ListChangesRequest>(list_changes_, rpc, in, out, kOnExecutor,
                                              query::Bytes(&query::ListChanges));
}

grpc::ServerUnaryReactor* QueryRpc::GetMethodNote(Rpc* rpc, const Bytes* in, Bytes* out) {
  return Answer<query_pb::GetMethodNoteRequest>(get_method_note_, rpc, in, out, kOnExecutor,
                                                query::Bytes(&query::GetMethodNote));
}

grpc::ServerUnaryReactor* QueryRpc::GetRelease(Rpc* rpc, const Bytes* in, Bytes* out) {
  const auto get = query::Bytes(&query::GetRelease);
  return Answer<query_pb::GetReleaseRequest>(get_release_, rpc, in, out, InMemory(get), get);
}

grpc::ServerUnaryReactor* QueryRpc::ListReleases(Rpc* rpc, const Bytes* in, Bytes* out) {
  const auto list = query::Bytes(&query::ListReleases);
  return Answer<query_pb::ListReleasesRequest>(list_releases_, rpc, in, out, InMemory(list), list);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* QueryRpc::FollowReleases(Rpc*, const Bytes* in) {
  query_pb::FollowReleasesRequest request;
  grpc::ByteBuffer bytes(*in);
  if (!grpc::GenericDeserialize<grpc::ProtoBufferReader, query_pb::FollowReleasesRequest>(&bytes,
                                                                                          &request)
           .ok()) {
    return transport::FailStream(
        transport::WhyUndecodable(*query_pb::FollowReleasesRequest::descriptor(), *in));
  }
  return calls_.streams().Start(
      [&](std::function<void()> wake) -> absl::StatusOr<std::unique_ptr<transport::StreamSource>> {
        IMDI_ASSIGN_OR_RETURN(ReleaseFollower follower, ReleaseFollower::Make(snapshots_, request));
        if (followers_->fetch_add(1) >= base::kReleaseFollowersMax) {
          followers_->fetch_sub(1);
          return base::Error(
              base::Reason::kTooManyFollowers,
              base::StrCat("the releases have ", base::kReleaseFollowersMax, " followers already"));
        }
        return std::make_unique<ReleaseSource>(std::move(follower), snapshots_, std::move(wake),
                                               followers_);
      });
}

}  // namespace imdi::query
