#pragma once

// LogService over gRPC: the log for followers and operators. Internal listener only.

#include <atomic>
#include <memory>
#include <string>

#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "services/base/progress.h"
#include "services/ingestion/backups.h"
#include "services/ingestion/releases.h"
#include "services/transport/calls.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

namespace ingestion_pb = survey::ingestion::v1;

using RawLogService = ingestion_pb::LogService::WithRawCallbackMethod_FollowLog<
    ingestion_pb::LogService::WithRawCallbackMethod_GetHead<
        ingestion_pb::LogService::WithRawCallbackMethod_VerifyChain<
            ingestion_pb::LogService::WithRawCallbackMethod_CreateBackup<
                ingestion_pb::LogService::WithRawCallbackMethod_RecordRelease<
                    ingestion_pb::LogService::Service>>>>>;

class LogRpc final : public RawLogService {
 public:
  LogRpc(transport::Calls& calls, storage::ResponseLog& log, Releases& releases, Backups& backups,
         base::Progress& verifying)
      : calls_(calls),
        log_(log),
        releases_(releases),
        backups_(backups),
        verifying_(verifying),
        followers_(std::make_shared<std::atomic<int>>(0)) {}

  int followers() const { return *followers_; }

  using Rpc = grpc::CallbackServerContext;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* FollowLog(Rpc* rpc,
                                                        const grpc::ByteBuffer* in) override;
  grpc::ServerUnaryReactor* GetHead(Rpc* rpc, const grpc::ByteBuffer* in,
                                    grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* VerifyChain(Rpc* rpc, const grpc::ByteBuffer* in,
                                        grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* CreateBackup(Rpc* rpc, const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override;
  grpc::ServerUnaryReactor* RecordRelease(Rpc* rpc, const grpc::ByteBuffer* in,
                                          grpc::ByteBuffer* out) override;

 private:
  transport::Calls& calls_;
  storage::ResponseLog& log_;
  Releases& releases_;
  Backups& backups_;
  base::Progress& verifying_;
  std::shared_ptr<std::atomic<int>> followers_;
};

}  // namespace imdi::ingestion
