#include "tests/bench/load.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "services/base/mutex.h"
#include "services/transport/callback_queue.h"
#include "services/transport/client.h"

namespace imdi::bench {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

class Loop {
 public:
  Loop(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
       const std::vector<std::string>& requests,
       const std::function<bool(const std::string&)>& check)
      : stub_(channel), method_(method), check_(check) {
    buffers_.reserve(requests.size());
    for (const std::string& request : requests) {
      const grpc::Slice slice(request);
      buffers_.emplace_back(&slice, 1);
    }
    results_.resize(requests.size(), -1);
  }

  LoadResult Run(int in_flight) {
    const SteadyTime begun = std::chrono::steady_clock::now();
    stride_ = std::min(static_cast<size_t>(in_flight), buffers_.size());
    running_ = static_cast<int64_t>(stride_);
    for (size_t i = 0; i < stride_; ++i) Start(i);
    {
      base::MutexLock lock(mutex_);
      while (running_ > 0) done_.Wait(mutex_);
    }
    LoadResult out;
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    for (const double latency : results_) {
      if (latency >= 0) out.latencies_us.push_back(latency);
    }
    std::sort(out.latencies_us.begin(), out.latencies_us.end());
    out.failed = failed_;
    out.first_failure = first_failure_;
    return out;
  }

 private:
  struct Call {
    size_t index;
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    SteadyTime begun;
  };

  // Starts a call on this thread, or ends one of the loops.
  void Start(size_t index) {
    if (index >= buffers_.size()) {
      base::MutexLock lock(mutex_);
      if (--running_ == 0) done_.NotifyAll();
      return;
    }
    auto* call = new Call{
        .index = index, .context = {}, .response = {}, .begun = std::chrono::steady_clock::now()};
    transport::SetTimeout(call->context, absl::Seconds(30));
    stub_.UnaryCall(&call->context, method_, {}, &buffers_[index], &call->response,
                    [this, call](const grpc::Status& status) { Finished(call, status); });
  }

  void Finished(Call* raw, const grpc::Status& status) {
    const std::unique_ptr<Call> call(raw);
    std::string failure;
    if (!status.ok()) {
      failure = status.error_message();
    } else {
      grpc::Slice whole;
      if (!call->response.DumpToSingleSlice(&whole).ok() ||
          !check_(std::string(reinterpret_cast<const char*>(whole.begin()), whole.size()))) {
        failure = "the answer is not what was asked for";
      }
    }
    if (failure.empty()) {
      results_[call->index] =
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - call->begun)
              .count();
    } else {
      base::MutexLock lock(mutex_);
      if (failed_++ == 0) first_failure_ = failure;
    }
    Start(call->index + stride_);
  }

  grpc::GenericStub stub_;
  const std::string method_;
  const std::function<bool(const std::string&)>& check_;
  std::vector<grpc::ByteBuffer> buffers_;
  std::vector<double> results_;
  size_t stride_ = 1;
  base::Mutex mutex_;
  base::CondVar done_;
  int64_t running_ = 0;
  int64_t failed_ = 0;
  std::string first_failure_;
};

}  // namespace

double LoadResult::Quantile(double quantile) const {
  if (latencies_us.empty()) return 0;
  const double at = std::ceil(quantile * static_cast<double>(latencies_us.size())) - 1;
  return latencies_us[static_cast<size_t>(std::max(0.0, at))];
}

LoadResult RunLoad(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const std::vector<std::string>& requests, int in_flight,
                   const std::function<bool(const std::string&)>& check) {
  transport::KeepCallbackQueue();
  Loop loop(channel, method, requests, check);
  return loop.Run(in_flight);
}

}  // namespace imdi::bench
