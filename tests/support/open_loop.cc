#include "tests/support/open_loop.h"

#include <memory>
#include <random>
#include <thread>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "services/base/mutex.h"
#include "services/transport/callback_queue.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::testing_support {
namespace {

using Clock = std::chrono::steady_clock;

struct Call {
  size_t index = 0;
  double began_s = 0;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

class Flight {
 public:
  void Add() {
    base::MutexLock lock(mutex_);
    ++running_;
  }
  void Remove() {
    base::MutexLock lock(mutex_);
    if (--running_ == 0) changed_.NotifyAll();
  }
  void WaitForAll() {
    base::MutexLock lock(mutex_);
    while (running_ > 0) changed_.Wait(mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  int64_t running_ ABSL_GUARDED_BY(mutex_) = 0;
};

// A connection that it shares with no other.
std::unique_ptr<grpc::GenericStub> Connect(const std::string& address) {
  grpc::ChannelArguments arguments = transport::ClientArguments();
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return std::make_unique<grpc::GenericStub>(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

}  // namespace

void OpenLoop::Run() const {
  transport::KeepCallbackQueue();
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs;
  for (size_t i = 0; i < callers; ++i) stubs.push_back(Connect(address));
  Flight flight;
  const Clock::time_point start = Clock::now();
  for (size_t i = 0; i < times_s.size(); ++i) {
    std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(times_s[i])));
    std::optional<OpenCall> next = make(i);
    if (!next.has_value()) continue;
    auto* call =
        new Call{.index = i, .began_s = times_s[i], .context = {}, .request = {}, .response = {}};
    const grpc::Slice slice(next->request);
    call->request = grpc::ByteBuffer(&slice, 1);
    transport::SetTimeout(call->context, absl::Seconds(deadline_s));
    flight.Add();
    stubs[next->caller]->UnaryCall(
        &call->context, next->method, {}, &call->request, &call->response,
        [this, call, start, &flight](const grpc::Status& status) {
          const std::unique_ptr<Call> owned(call);
          OpenAnswer answer{.index = call->index,
                            .status = transport::FromRpc(status),
                            .response = {},
                            .response_bytes = call->response.Length(),
                            .began_s = call->began_s,
                            .took_s = std::chrono::duration<double>(Clock::now() - start).count() -
                                      call->began_s};
          grpc::Slice whole;
          if (keep_responses && status.ok() && call->response.DumpToSingleSlice(&whole).ok()) {
            answer.response.assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
          }
          answered(answer);
          flight.Remove();
        });
  }
  flight.WaitForAll();
}

std::vector<double> PoissonTimes(double per_second, double seconds, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(per_second);
  std::vector<double> times;
  for (double at = gap(random); at < seconds; at += gap(random)) times.push_back(at);
  return times;
}

}  // namespace imdi::testing_support
