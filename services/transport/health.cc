#include "services/transport/health.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "google/protobuf/wrappers.pb.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/slice.h"
#include "services/base/call_context.h"
#include "services/base/error.h"
#include "services/base/mutex.h"
#include "services/base/text.h"
#include "services/transport/status_bridge.h"

namespace imdi::transport {
namespace {

using grpc::internal::RpcMethod;

// grpc.health.v1.HealthCheckResponse.ServingStatus.
enum class Serving : int32_t { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

// HealthCheckRequest has the shape of a StringValue, HealthCheckResponse on the wire that of an
// Int32Value; the library has classes for these and none for those.
std::optional<std::string> ServiceIn(const grpc::ByteBuffer& request) {
  grpc::Slice slice;
  google::protobuf::StringValue service;
  // A buffer of no slices cannot be dumped into one.
  if (request.Length() == 0) return std::string();
  if (!request.DumpToSingleSlice(&slice).ok() ||
      !service.ParseFromArray(slice.begin(), static_cast<int>(slice.size())))
    return std::nullopt;
  return std::move(*service.mutable_value());
}

grpc::ByteBuffer Response(Serving serving) {
  google::protobuf::Int32Value response;
  response.set_value(static_cast<int32_t>(serving));
  const grpc::Slice slice(response.SerializeAsString());
  return {&slice, 1};
}

grpc::Status Undecodable() {
  return ToRpc(base::Error(base::Reason::kUndecodableRequest,
                           "the bytes are no grpc.health.v1.HealthCheckRequest"));
}

}  // namespace

struct Health::Board {
  explicit Board(std::vector<std::string> names_in) : names(names_in.begin(), names_in.end()) {
    names.insert("");
  }
  Serving Of(const std::string& name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (!names.contains(name)) return Serving::kServiceUnknown;
    return serving && !ended ? Serving::kServing : Serving::kNotServing;
  }
  void TellAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  std::set<std::string> names;
  base::Mutex mutex;
  bool serving ABSL_GUARDED_BY(mutex) = false;
  bool ended ABSL_GUARDED_BY(mutex) = false;
  std::set<Watcher*> watchers ABSL_GUARDED_BY(mutex);
};

// Deletes itself when gRPC says that the stream is over.
class Health::Watcher final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Watcher(std::shared_ptr<Board> board, const grpc::ByteBuffer& request)
      : board_(std::move(board)), name_(ServiceIn(request)) {
    base::MutexLock lock(board_->mutex);
    if (!name_.has_value()) {
      FinishOnce(Undecodable());
      return;
    }
    board_->watchers.insert(this);
    Tell();
  }

  // Says what has changed, one message at a time; after the last one the stream ends. Under the
  // board's mutex, which is this one's too; the analysis cannot know.
  void Tell() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (finished_ || writing_) return;
    const Serving now = board_->Of(*name_);
    if (now != told_) {
      told_ = now;
      writing_ = true;
      message_ = Response(now);
      StartWrite(&message_);
    } else if (board_->ended) {
      FinishOnce(ToRpc(base::ShuttingDown()));
    }
  }

  void OnWriteDone(bool ok) override {
    base::MutexLock lock(board_->mutex);
    writing_ = false;
    if (ok) {
      Tell();
    } else {
      FinishOnce(grpc::Status::CANCELLED);
    }
  }
  void OnCancel() override {
    base::MutexLock lock(board_->mutex);
    FinishOnce(grpc::Status::CANCELLED);
  }
  void OnDone() override {
    {
      base::MutexLock lock(board_->mutex);
      board_->watchers.erase(this);
    }
    delete this;
  }

 private:
  void FinishOnce(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(board_->mutex) {
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  const std::shared_ptr<Board> board_;
  const std::optional<std::string> name_;
  std::optional<Serving> told_ ABSL_GUARDED_BY(board_->mutex);
  bool writing_ ABSL_GUARDED_BY(board_->mutex) = false;
  bool finished_ ABSL_GUARDED_BY(board_->mutex) = false;
  grpc::ByteBuffer message_;
};

void Health::Board::TellAll() {
  for (Watcher* watcher : watchers) watcher->Tell();
}

Health::Health(std::vector<std::string> names) : board_(std::make_shared<Board>(std::move(names))) {
  using grpc::ByteBuffer;
  AddMethod(new grpc::internal::RpcServiceMethod("/grpc.health.v1.Health/Check",
                                                 RpcMethod::NORMAL_RPC, nullptr));
  MarkMethodCallback(0, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
                            [board = board_](grpc::CallbackServerContext* rpc, const ByteBuffer* in,
                                             ByteBuffer* out) {
                              grpc::ServerUnaryReactor* reactor = rpc->DefaultReactor();
                              const std::optional<std::string> name = ServiceIn(*in);
                              if (!name.has_value()) {
                                reactor->Finish(Undecodable());
                                return reactor;
                              }
                              base::MutexLock lock(board->mutex);
                              const Serving serving = board->Of(*name);
                              if (serving == Serving::kServiceUnknown) {
                                reactor->Finish(ToRpc(base::Error(
                                    base::Reason::kUnknownResource,
                                    base::StrCat("no service ", base::Quoted(*name), " here"))));
                              } else {
                                *out = Response(serving);
                                reactor->Finish(grpc::Status::OK);
                              }
                              return reactor;
                            }));
  AddMethod(new grpc::internal::RpcServiceMethod("/grpc.health.v1.Health/Watch",
                                                 RpcMethod::SERVER_STREAMING, nullptr));
  MarkMethodCallback(1, new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
                            [board = board_](grpc::CallbackServerContext*, const ByteBuffer* in) {
                              return new Watcher(board, *in);
                            }));
}

Health::~Health() = default;

void Health::Set(bool serving) {
  base::MutexLock lock(board_->mutex);
  board_->serving = serving;
  board_->TellAll();
}

void Health::End() {
  base::MutexLock lock(board_->mutex);
  board_->ended = true;
  board_->TellAll();
}

}  // namespace imdi::transport
