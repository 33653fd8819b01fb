#include "services/ingestion/log_rpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "grpcpp/impl/codegen/proto_utils.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/transport/stream.h"
#include "services/transport/undecodable.h"

namespace imdi::ingestion {
namespace {

constexpr int64_t kVerifyPositionsMax = 1'000'000;
constexpr int64_t kVerifyPositionsAtOnce = 4'096;  // Between two looks at the caller.
constexpr int64_t kChunkRecordsMax = 4'096;

// OK when the cursor lies on this log's chain.
absl::Status CheckCursor(const storage::ResponseLog& log, const ingestion_pb::Cursor& cursor) {
  const storage::LogHead head = log.Head();
  const absl::Status diverged = base::Error(
      base::Reason::kLogDiverged,
      base::StrCat("position ", cursor.position(), " of log ", base::Quoted(cursor.log_id()),
                   " epoch ", cursor.epoch(), " is not on this log (", head.log_id, " epoch ",
                   head.epoch, ", head ", head.position, "); start over from position 0"));
  if (cursor.position() < 0) return base::InvalidField("after.position", "must not be negative");
  if (cursor.position() == 0 && cursor.log_id().empty()) return absl::OkStatus();
  if (cursor.log_id() != head.log_id || cursor.epoch() != head.epoch ||
      cursor.position() > head.position)
    return diverged;
  if (cursor.position() == 0) return absl::OkStatus();
  IMDI_ASSIGN_OR_RETURN(const auto entries, log.Read(cursor.position(), 1, base::kRecordBytesMax));
  if (entries.empty() || base::AsText(entries.front().chain) != cursor.chain_hash())
    return diverged;
  return absl::OkStatus();
}

class LogSource final : public transport::StreamSource {
 public:
  LogSource(storage::ResponseLog& log, int64_t after, std::function<void()> wake,
            std::shared_ptr<std::atomic<int>> followers)
      : log_(log), next_(after + 1), followers_(std::move(followers)) {
    listener_ = log_.AddHeadListener([wake = std::move(wake)](const storage::LogHead&) { wake(); });
  }
  ~LogSource() override {
    log_.RemoveHeadListener(listener_);
    followers_->fetch_sub(1);
  }

  transport::StreamStep Next() override {
    const storage::LogHead head = log_.Head();
    if (next_ > head.position && greeted_) return transport::StreamWait{};
    ingestion_pb::FollowLogResponse chunk;
    *chunk.mutable_head() = ToCursor(head);
    greeted_ = true;
    if (next_ <= head.position) {
      absl::StatusOr<std::vector<storage::LogEntry>> entries =
          log_.Read(next_, kChunkRecordsMax, base::kFollowChunkBytesMax);
      if (!entries.ok()) return entries.status();
      size_t bytes = 0;
      for (storage::LogEntry& entry : *entries) {
        // The envelope of small records counts too: a chunk must fit into one message.
        bytes += entry.bytes.size() + 64;
        if (chunk.records_size() > 0 && bytes > base::kFollowChunkBytesMax) break;
        ingestion_pb::LogRecord& record = *chunk.add_records();
        record.set_position(entry.position);
        record.set_time_us(absl::ToUnixMicros(entry.time));
        record.set_chain_hash(std::string(base::AsText(entry.chain)));
        record.set_record(std::move(entry.bytes));
        next_ = entry.position + 1;
      }
    }
    return chunk.SerializeAsString();
  }

 private:
  storage::ResponseLog& log_;
  int64_t next_;
  bool greeted_ = false;  // The head is sent once even when there is nothing to follow yet.
  std::shared_ptr<std::atomic<int>> followers_;
  int64_t listener_ = 0;
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* LogRpc::FollowLog(Rpc*, const grpc::ByteBuffer* in) {
  ingestion_pb::FollowLogRequest request;
  grpc::ByteBuffer bytes(*in);
  if (!grpc::GenericDeserialize<grpc::ProtoBufferReader, ingestion_pb::FollowLogRequest>(&bytes,
                                                                                         &request)
           .ok()) {
    return transport::FailStream(
        transport::WhyUndecodable(*ingestion_pb::FollowLogRequest::descriptor(), *in));
  }
  return calls_.streams().Start([&, this](std::function<void()> wake)
                                    -> absl::StatusOr<std::unique_ptr<transport::StreamSource>> {
    IMDI_RETURN_IF_ERROR(CheckCursor(log_, request.after()));
    if (followers_->fetch_add(1) >= base::kFollowersMax) {
      followers_->fetch_sub(1);
      return base::Error(base::Reason::kTooManyFollowers,
                         base::StrCat("the log has ", base::kFollowersMax, " followers already"));
    }
    return std::make_unique<LogSource>(log_, request.after().position(), std::move(wake),
                                       followers_);
  });
}

grpc::ServerUnaryReactor* LogRpc::GetHead(Rpc* rpc, const grpc::ByteBuffer* in,
                                          grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::GetHeadRequest, ingestion_pb::GetHeadResponse>(
      {.name = "LogService/GetHead",
       .where = transport::Where::kInline,
       .work = base::Work::kControl},
      rpc, in, out, [this](const base::CallContext&, const ingestion_pb::GetHeadRequest&) {
        const storage::LogHead head = log_.Head();
        ingestion_pb::GetHeadResponse response;
        *response.mutable_head() = ToCursor(head);
        response.set_time_us(absl::ToUnixMicros(head.time));
        return response;
      });
}

grpc::ServerUnaryReactor* LogRpc::VerifyChain(Rpc* rpc, const grpc::ByteBuffer* in,
                                              grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::VerifyChainRequest, ingestion_pb::VerifyChainResponse>(
      {.name = "LogService/VerifyChain", .work = base::Work::kControl, .lasting = true}, rpc, in,
      out,
      [this](const base::CallContext& call, const ingestion_pb::VerifyChainRequest& request)
          -> absl::StatusOr<ingestion_pb::VerifyChainResponse> {
        const storage::LogHead head = log_.Head();
        const int64_t from = request.from() == 0 ? 1 : request.from();
        if (from < 1 || from > head.position + 1) {
          return base::InvalidField(
              "from", base::StrCat("a position, from 1 to the head (", head.position, ")"));
        }
        const int64_t to = request.to() == 0
                               ? std::min(head.position, from + kVerifyPositionsMax - 1)
                               : request.to();
        if (to < 0 || to > head.position || to - from >= kVerifyPositionsMax) {
          return base::InvalidField(
              "to", base::StrCat("at most the head (", head.position, ") and ", kVerifyPositionsMax,
                                 " positions a call"));
        }
        ingestion_pb::VerifyChainResponse response;
        // How far in the log it is: who verifies all of it asks for one piece after the other.
        base::Progress::Run run = verifying_.Begin(head.position);
        for (int64_t next = from; next <= to; next += kVerifyPositionsAtOnce) {
          run.To(next - 1);
          IMDI_RETURN_IF_ERROR(call.CheckWanted());
          IMDI_RETURN_IF_ERROR(
              log_.VerifyChain(next, std::min(to, next + kVerifyPositionsAtOnce - 1)));
        }
        run.Plan(to);
        run.Succeed();
        response.set_verified(std::max<int64_t>(0, to - from + 1));
        *response.mutable_head() = ToCursor(head);
        return response;
      });
}

grpc::ServerUnaryReactor* LogRpc::CreateBackup(Rpc* rpc, const grpc::ByteBuffer* in,
                                               grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::CreateBackupRequest, ingestion_pb::CreateBackupResponse>(
      {.name = "LogService/CreateBackup",
       .mutation = true,
       .work = base::Work::kControl,
       .lasting = true},
      rpc, in, out,
      [this](const base::CallContext& call, const ingestion_pb::CreateBackupRequest& request) {
        return backups_.Create(call, request);
      });
}

grpc::ServerUnaryReactor* LogRpc::RecordRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                                grpc::ByteBuffer* out) {
  return calls_.Run<ingestion_pb::RecordReleaseRequest, ingestion_pb::RecordReleaseResponse>(
      {.name = "LogService/RecordRelease", .mutation = true, .work = base::Work::kControl}, rpc, in,
      out,
      [this](const base::CallContext& call, const ingestion_pb::RecordReleaseRequest& request) {
        return releases_.Record(call, request);
      });
}

}  // namespace imdi::ingestion
