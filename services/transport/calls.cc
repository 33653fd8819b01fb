#include "services/transport/calls.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "grpc/slice.h"
#include "grpc/support/time.h"
#include "grpcpp/support/slice.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/base/trace_parent.h"

namespace imdi::transport {
namespace {

// What is no traceparent is left out, as the recommendation has it: it would be stored, logged and
// passed on as it came.
std::string TraceParent(const grpc::CallbackServerContext& rpc) {
  const auto found = rpc.client_metadata().find("traceparent");
  if (found == rpc.client_metadata().end()) return {};
  const std::string_view text(found->second.data(), found->second.size());
  return base::IsTraceParent(text) ? std::string(text.substr(0, base::kTraceParentBytes))
                                   : std::string();
}

// A slice that holds on to `owner` and `until_sent` while gRPC sends `text`.
template <typename Owner>
grpc::Slice Owned(Owner owner, const std::string& (*text)(const Owner&),
                  std::shared_ptr<const void> until_sent) {
  struct Kept {
    Owner owner;
    std::shared_ptr<const void> until_sent;
  };
  auto* kept = new Kept{std::move(owner), std::move(until_sent)};
  const std::string& bytes = text(kept->owner);
  return grpc::Slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* pointer) { delete static_cast<Kept*>(pointer); }, kept);
}

// Gives a place back when it goes.
struct HeldPlace {
  HeldPlace(std::shared_ptr<base::Admission> admission_in, base::Admission::Place place_in)
      : admission(std::move(admission_in)), place(std::move(place_in)) {}
  ~HeldPlace() { admission->Leave(place, base::SteadyClock::now()); }
  HeldPlace(const HeldPlace&) = delete;
  HeldPlace& operator=(const HeldPlace&) = delete;

  const std::shared_ptr<base::Admission> admission;
  const base::Admission::Place place;
};

base::Counter& CallsCounter(base::Metrics& metrics, std::string_view method,
                            std::string_view reason) {
  return metrics.CounterOf("imdi_transport_calls_total", "Finished calls.",
                           {{"method", std::string(method)}, {"reason", std::string(reason)}});
}

// A call that is refused for what it says, or whose caller went while it waited, tells nothing of
// how long those take that are served.
base::Admission::Outcome OutcomeOf(const absl::Status& status) {
  using Outcome = base::Admission::Outcome;
  if (status.ok()) return Outcome::kServed;
  const base::Reason reason = base::ReasonOf(status);
  if (reason == base::Reason::kOverloaded) return Outcome::kRefused;
  return absl::IsInvalidArgument(status) || reason == base::Reason::kCancelled ? Outcome::kNotServed
                                                                               : Outcome::kServed;
}

}  // namespace

grpc::ByteBuffer ToByteBuffer(ReadyBytes bytes, std::shared_ptr<const void> until_sent) {
  if (bytes.size() <= kCopiedBytesMax) {
    grpc_slice raw = grpc_slice_malloc(bytes.size());
    uint8_t* to = GRPC_SLICE_START_PTR(raw);
    if (bytes.shared != nullptr) to = std::copy(bytes.shared->begin(), bytes.shared->end(), to);
    std::copy(bytes.tail.begin(), bytes.tail.end(), to);
    const grpc::Slice slice(raw, grpc::Slice::STEAL_REF);
    return grpc::ByteBuffer(&slice, 1);
  }
  using Shared = std::shared_ptr<const std::string>;
  std::array<grpc::Slice, 2> slices;
  size_t count = 0;
  if (bytes.shared != nullptr && !bytes.shared->empty()) {
    slices[count++] = Owned<Shared>(
        std::move(bytes.shared), [](const Shared& text) -> const std::string& { return *text; },
        until_sent);
  }
  if (!bytes.tail.empty()) {
    slices[count++] = Owned<std::string>(
        std::move(bytes.tail), [](const std::string& text) -> const std::string& { return text; },
        std::move(until_sent));
  }
  return grpc::ByteBuffer(slices.data(), count);
}

Calls::Series Calls::SeriesOf(std::string_view method) {
  base::MutexLock lock(mutex_);
  const auto found = series_.find(method);
  if (found != series_.end()) return found->second;
  const Series series = {.answered = &CallsCounter(metrics_, method, "OK"),
                         .seconds = &metrics_.HistogramOf(
                             "imdi_transport_call_seconds", "Time from first byte to answer.",
                             {{"method", std::string(method)}}, base::LatencyBounds())};
  return series_.emplace(method, series).first->second;
}

base::CallContext Calls::ContextOf(std::string_view method,
                                   grpc::CallbackServerContext* rpc) const {
  base::CallContext context;
  context.actor = options_.actor;
  context.authenticated = false;
  context.method = method;
  context.internal = options_.internal;
  context.trace_parent = TraceParent(*rpc);
  context.cancelled = [rpc] { return rpc->IsCancelled(); };
  context.rpc = rpc;
  return context;
}

Calls::Calls(Options options, base::BoundedExecutor& executor, base::Metrics& metrics)
    : options_(std::move(options)),
      executor_(executor),
      metrics_(metrics),
      exceptions_(metrics.CounterOf("imdi_transport_exceptions_total",
                                    "Exceptions that reached the edge; must stay 0.")),
      streams_(executor, [this](std::string_view what) { Thrown(what); }) {
  for (size_t i = 0; i < base::kWorkKinds; ++i) {
    shed_[i] = &metrics.CounterOf("imdi_transport_shed_total", "Calls refused because of overload.",
                                  {{"work", std::string(base::Name(static_cast<base::Work>(i)))}});
  }
  reading_ = metrics.OnRead(
      [this, &in_flight = metrics.GaugeOf(
                 "imdi_transport_calls_in_flight", "Unary calls that are not answered yet.",
                 {{"listener", options_.internal ? "internal" : "public"}})] {
        in_flight.Set(static_cast<double>(in_flight_.load()));
      });
}

void Calls::Stop() {
  stopping_ = true;
  streams_.EndAll();
}

void Calls::Thrown(std::string_view what) {
  exceptions_.Increment();
  base::LogEvent(base::Level::kError, "exception", {{"what", what}});
}

void Calls::Begin(const MethodInfo& method, grpc::CallbackServerContext* rpc, State& state) const {
  state.rpc = rpc;
  state.method = method.name;
  state.mutation = method.mutation;
  state.started = base::SteadyClock::now();
}

absl::Status Calls::Admit(const MethodInfo& method, State& state) {
  if (in_flight_.fetch_add(1) >= base::kCallsInFlightMax) return Overloaded(method.work);
  const gpr_timespec deadline = state.rpc->raw_deadline();  // Of the monotonic clock.
  const bool has_deadline = gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) != 0;
  if (method.mutation && !has_deadline) {
    return base::Error(base::Reason::kDeadlineRequired,
                       "this method needs a deadline; set one of at most 60 s");
  }
  gpr_timespec left = gpr_time_from_millis(
      method.mutation ? base::kMutationDeadlineMaxMs : base::kReadDeadlineMaxMs, GPR_TIMESPAN);
  if (has_deadline) left = gpr_time_min(left, gpr_time_sub(deadline, gpr_now(deadline.clock_type)));
  state.deadline =
      state.started + std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
  return absl::OkStatus();
}

absl::Status Calls::TakePlace(base::Work work, size_t bytes, State& state) {
  if (state.place.has_value()) return absl::OkStatus();
  // Until login exists a caller is a connection.
  state.place =
      executor_.admission().Enter(work, work == base::Work::kControl ? "" : state.rpc->peer(),
                                  bytes, std::chrono::steady_clock::now());
  return state.place.has_value() ? absl::OkStatus() : Overloaded(work);
}

absl::Status Calls::Put(ReadyBytes answer, State& state, grpc::ByteBuffer* out) {
  std::shared_ptr<const void> until_sent;
  if (answer.size() > kCopiedBytesMax) {
    if (absl::Status taken = TakePlace(base::Work::kRead, 0, state); !taken.ok()) return taken;
    until_sent = std::make_shared<const HeldPlace>(executor_.shared_admission(),
                                                   *std::exchange(state.place, std::nullopt));
  }
  *out = ToByteBuffer(std::move(answer), std::move(until_sent));
  return absl::OkStatus();
}

absl::Status Calls::Overloaded(base::Work work) {
  shed_[static_cast<size_t>(work)]->Increment();
  const absl::Duration delay = absl::FromChrono(executor_.admission().RetryDelay(work));
  return base::WithRetryDelay(
      base::Error(base::Reason::kOverloaded,
                  "the service is overloaded; try again after the retry delay"),
      delay);
}

void Calls::LogShed(std::string_view method) {
  shed_unlogged_.fetch_add(1);
  const int64_t second = std::chrono::duration_cast<std::chrono::seconds>(
                             std::chrono::steady_clock::now().time_since_epoch())
                             .count();
  if (shed_logged_s_.exchange(second) == second) return;
  base::LogEvent(base::Level::kWarning, "shed",
                 {{"calls", shed_unlogged_.exchange(0)}, {"last_method", method}});
}

void Calls::Finish(const State& state, grpc::ServerUnaryReactor* reactor,
                   const absl::Status& status) {
  in_flight_.fetch_sub(1);
  if (state.place.has_value()) {
    executor_.admission().Leave(*state.place, base::SteadyClock::now(), OutcomeOf(status));
  }
  const absl::Duration took = absl::FromChrono(base::SteadyClock::now() - state.started);
  const std::string_view reason =
      status.ok() ? std::string_view("OK") : base::Name(base::ReasonOf(status));
  const Series series = state.series.answered == nullptr ? SeriesOf(state.method) : state.series;
  if (status.ok()) {
    series.answered->Increment();
  } else {
    CallsCounter(metrics_, state.method, reason).Increment();
  }
  series.seconds->Observe(absl::ToDoubleSeconds(took));
  if (base::ReasonOf(status) == base::Reason::kOverloaded) {
    LogShed(state.method);
  } else if (state.mutation || !status.ok()) {
    const std::string code = absl::StatusCodeToString(status.code());
    const std::string trace_parent = TraceParent(*state.rpc);
    base::LogEvent(status.ok() ? base::Level::kInfo : base::Level::kWarning, "call",
                   {{"method", state.method},
                    {"actor", options_.actor},
                    {"code", code},
                    {"reason", reason},
                    {"trace_id", base::TraceIdOf(trace_parent)},
                    {"us", absl::ToInt64Microseconds(took)}});
  }
  if (!status.ok()) {
    // What gRPC's own retries obey; RetryInfo says the same to people's programs.
    const absl::Duration delay = base::InfoOf(status).retry_delay;
    if (delay > absl::ZeroDuration()) {
      state.rpc->AddTrailingMetadata("grpc-retry-pushback-ms",
                                     base::StrCat(absl::ToInt64Milliseconds(delay)));
    }
  }
  reactor->Finish(ToRpc(status));
}

}  // namespace imdi::transport
