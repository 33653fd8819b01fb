#pragma once

// A listener with the echo service, everything around it as in a real process, and clients for it.

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "echo.grpc.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "grpcpp/support/byte_buffer.h"
#include "services/base/error.h"
#include "services/base/executor.h"
#include "services/base/metrics.h"
#include "services/base/mutex.h"
#include "services/transport/calls.h"
#include "services/transport/client.h"
#include "services/transport/server_host.h"
#include "services/transport/status_bridge.h"
#include "services/transport/stream.h"

namespace imdi::transport {

using test::v1::EchoService;
using test::v1::Node;

// Long enough for the slowest machine; a test that waits so long has failed.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

using RawEchoService = EchoService::WithRawCallbackMethod_Read<
    EchoService::WithRawCallbackMethod_Write<EchoService::WithRawCallbackMethod_Hold<
        EchoService::WithRawCallbackMethod_Follow<EchoService::Service>>>>;

// Read and Write answer what their handler says, Hold answers when Release is called, Follow
// streams `make_source`.
class Echo final : public RawEchoService {
 public:
  using Handler = std::function<absl::StatusOr<Node>(const base::CallContext&, const Node&)>;
  using Rpc = grpc::CallbackServerContext;

  explicit Echo(Calls& calls) : calls_(calls) {}

  Handler read = [](const base::CallContext&, const Node& request) { return request; };
  Handler write = read;
  Where read_where = Where::kExecutor;
  bool read_lasts = false;  // Control that takes long.
  MakeSource make_source;

  grpc::ServerUnaryReactor* Read(Rpc* rpc, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    return calls_.Run<Node, Node>({.name = "EchoService/Read",
                                   .where = read_where,
                                   .work = read_lasts ? base::Work::kControl : base::Work::kRead,
                                   .lasting = read_lasts},
                                  rpc, in, out, read);
  }
  grpc::ServerUnaryReactor* Write(Rpc* rpc, const grpc::ByteBuffer* in,
                                  grpc::ByteBuffer* out) override {
    return calls_.Run<Node, Node>({.name = "EchoService/Write", .mutation = true}, rpc, in, out,
                                  write);
  }
  grpc::ServerUnaryReactor* Hold(Rpc* rpc, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    return calls_.RunAsync<Node, Node>(
        {.name = "EchoService/Hold", .where = Where::kInline}, rpc, in, out,
        [this](const base::CallContext&, const Node& request, auto done) {
          base::MutexLock lock(mutex_);
          held_.push_back([request, done = std::move(done)] { done(request); });
          changed_.NotifyAll();
        });
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Follow(Rpc*, const grpc::ByteBuffer*) override {
    return calls_.streams().Start(make_source);
  }

  size_t held() {
    base::MutexLock lock(mutex_);
    return held_.size();
  }
  // False when patience ran out first.
  bool WaitForHeld(size_t count) {
    base::MutexLock lock(mutex_);
    const absl::Time until = absl::Now() + kPatience;
    while (held_.size() < count && absl::Now() < until)
      changed_.WaitFor(mutex_, until - absl::Now());
    return held_.size() >= count;
  }
  // Answers every held call; returns how many.
  size_t Release() {
    std::vector<std::function<void()>> held;
    {
      base::MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (const auto& answer : held) answer();
    return held.size();
  }

 private:
  Calls& calls_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
};

struct EchoListener {
  explicit EchoListener(int threads = 2, size_t queue_max = 64)
      : executor("calls", threads, queue_max) {}
  ~EchoListener() {
    calls.streams().EndAll();
    if (host != nullptr) host->Drain(absl::ZeroDuration());
    executor.Drain();  // What comes behind an answer is over too.
  }
  // On any free port unless told otherwise.
  void Listen(const std::string& address = "127.0.0.1:0", ListenerExtras extras = {}) {
    auto listening = ServerHost::Listen(address, {&echo}, std::move(extras));
    if (!listening.ok()) throw std::runtime_error(listening.status().ToString());
    host = std::move(*listening);
    channel = MakeChannel(host->address());
    if (!channel->WaitForConnected(DeadlineIn(kPatience)))
      throw std::runtime_error("no connection");
    stub = EchoService::NewStub(channel);
  }

  base::Metrics metrics;
  base::BoundedExecutor executor;
  Calls calls{{.actor = "tester", .internal = true}, executor, metrics};
  Echo echo{calls};
  std::unique_ptr<ServerHost> host;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<EchoService::Stub> stub;
};

using Method = grpc::Status (EchoService::Stub::*)(grpc::ClientContext*, const Node&, Node*);

// One call with a generous deadline; the answer as the caller sees it.
inline absl::StatusOr<Node> Call(EchoService::Stub& stub, Method method, const Node& request = {}) {
  grpc::ClientContext context;
  SetTimeout(context, kPatience);
  Node response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromRpc(status);
  return response;
}

inline grpc::ByteBuffer Buffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}
inline std::string Text(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// The same with any bytes and any method ("/imdi.test.v1.EchoService/Read").
inline grpc::Status CallRaw(grpc::Channel& channel, const char* method, std::string_view bytes,
                            std::string* answer = nullptr, grpc::ClientContext* given = nullptr) {
  grpc::ClientContext own;
  grpc::ClientContext& context = given == nullptr ? own : *given;
  SetTimeout(context, kPatience);
  grpc::ByteBuffer response;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      &channel, grpc::internal::RpcMethod(method, grpc::internal::RpcMethod::NORMAL_RPC), &context,
      Buffer(bytes), &response);
  if (answer != nullptr && status.ok()) *answer = Text(response);
  return status;
}

inline constexpr const char* kRead = "/imdi.test.v1.EchoService/Read";

// A call whose answer is waited for later.
class Pending {
 public:
  explicit Pending(EchoService::Stub& stub, Node request = {}) : request_(std::move(request)) {
    SetTimeout(context_, kPatience);
    stub.async()->Hold(&context_, &request_, &response_,
                       [this](const grpc::Status& status) { done_.set_value(status); });
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { Wait(); }
  const grpc::Status& Wait() { return status_.get(); }
  bool Answered() const {
    return status_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

 private:
  Node request_;
  Node response_;
  grpc::ClientContext context_;
  std::promise<grpc::Status> done_;
  const std::shared_future<grpc::Status> status_ = done_.get_future().share();
};

}  // namespace imdi::transport
