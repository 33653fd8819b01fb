#pragma once

// FiguresService over gRPC. Internal listener only.

#include <atomic>
#include <memory>
#include <utility>

#include "imdi/survey/aggregation/v1/figures_service.grpc.pb.h"
#include "services/aggregation/aggregator.h"
#include "services/transport/calls.h"

namespace imdi::aggregation {

using Fs = survey::aggregation::v1::FiguresService;
using RawFiguresService =
    Fs::WithRawCallbackMethod_FollowFigures<Fs::WithRawCallbackMethod_GetFoldState<Fs::Service>>;

class FiguresRpc final : public RawFiguresService {
 public:
  FiguresRpc(transport::Calls& calls, std::shared_ptr<Aggregator> aggregator)
      : calls_(calls),
        aggregator_(std::move(aggregator)),
        followers_(std::make_shared<std::atomic<int>>(0)) {}

  int followers() const { return *followers_; }

  using Rpc = grpc::CallbackServerContext;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* FollowFigures(Rpc* rpc,
                                                            const grpc::ByteBuffer* in) override;
  grpc::ServerUnaryReactor* GetFoldState(Rpc* rpc, const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override;

 private:
  transport::Calls& calls_;
  const std::shared_ptr<Aggregator> aggregator_;
  const std::shared_ptr<std::atomic<int>> followers_;
};

}  // namespace imdi::aggregation
