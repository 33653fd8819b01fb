#include "tests/fault/process/health_watch.h"

#include "absl/time/clock.h"
#include "grpcpp/support/slice.h"
#include "services/transport/client.h"

namespace imdi::process_fault {
namespace {

constexpr absl::Duration kBegin = absl::Seconds(10);

}  // namespace

HealthWatch::HealthWatch(const std::string& address) : stub_(transport::MakeChannel(address)) {
  call_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
  call_->StartCall(this);
  const absl::Time until = absl::Now() + kBegin;
  if (!Await(until).value_or(false)) return;
  const grpc::Slice everything("", 0);  // No service named: the whole listener.
  call_->WriteLast(grpc::ByteBuffer(&everything, 1), grpc::WriteOptions(), this);
  (void)Await(until);
}

HealthWatch::~HealthWatch() {
  context_.TryCancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) continue;
}

std::optional<bool> HealthWatch::Await(absl::Time until) {
  void* tag = nullptr;
  bool ok = false;
  const auto next = queue_.AsyncNext(&tag, &ok, absl::ToChronoTime(until));
  if (next == grpc::CompletionQueue::TIMEOUT) return std::nullopt;
  if (next == grpc::CompletionQueue::SHUTDOWN || !ok) ended_ = true;
  return !ended_;
}

std::optional<HealthWatch::State> HealthWatch::Next(absl::Duration patience) {
  if (ended_) return State::kEnded;
  if (!reading_) call_->Read(&heard_, this);
  reading_ = true;
  const std::optional<bool> came = Await(absl::Now() + patience);
  if (!came.has_value()) return std::nullopt;
  reading_ = false;
  if (!*came) return State::kEnded;
  grpc::Slice bytes;
  if (!heard_.DumpToSingleSlice(&bytes).ok()) return State::kEnded;
  // HealthCheckResponse: field 1, an enum of which 1 is SERVING.
  const bool serving = bytes.size() == 2 && bytes.begin()[0] == 8 && bytes.begin()[1] == 1;
  return serving ? State::kServing : State::kNotServing;
}

}  // namespace imdi::process_fault
