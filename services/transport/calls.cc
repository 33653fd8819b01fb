#include "services/transport/calls.h"

#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

std::string Metadata(const grpc::CallbackServerContext& rpc, const char* key) {
  const auto found = rpc.client_metadata().find(key);
  return found == rpc.client_metadata().end()
             ? std::string()
             : std::string(found->second.data(), found->second.size());
}

base::Counter& CallsCounter(base::Metrics& metrics, std::string_view method,
                            std::string_view reason) {
  return metrics.CounterOf("imdi_transport_calls_total", "Finished calls.",
                           {{"method", std::string(method)}, {"reason", std::string(reason)}});
}

}  // namespace

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
  context.deadline = absl::FromChrono(rpc->deadline());
  context.trace_parent = Metadata(*rpc, "traceparent").substr(0, 64);
  context.cancelled = [rpc] { return rpc->IsCancelled(); };
  return context;
}

void Calls::Thrown(std::string_view what) {
  metrics_
      .CounterOf("imdi_transport_exceptions_total",
                 "Exceptions that reached the edge; must stay 0.")
      .Increment();
  base::LogEvent(base::Level::kError, "exception", {{"what", what}});
}

void Calls::Begin(const MethodInfo& method, grpc::CallbackServerContext* rpc, State& state) const {
  state.context = ContextOf(method.name, rpc);
  state.method = method.name;
  state.mutation = method.mutation;
  state.started = absl::Now();
}

absl::Status Calls::Admit(const MethodInfo& method, grpc::CallbackServerContext* rpc,
                          State& state) {
  if (in_flight_.fetch_add(1) >= base::kCallsInFlightMax) return Overloaded();
  const absl::Time now = state.started;
  const bool has_deadline = rpc->deadline() != std::chrono::system_clock::time_point::max();
  if (method.mutation && !has_deadline) {
    return base::Error(base::Reason::kDeadlineRequired,
                       "this method needs a deadline; set one of at most 60 s");
  }
  const absl::Duration longest =
      absl::Milliseconds(method.mutation ? base::kMutationDeadlineMaxMs : base::kReadDeadlineMaxMs);
  if (!has_deadline || state.context.deadline > now + longest)
    state.context.deadline = now + longest;
  return absl::OkStatus();
}

absl::Status Calls::Overloaded() {
  return base::WithRetryDelay(
      base::Error(base::Reason::kOverloaded, "the service is overloaded; try again shortly"),
      absl::Milliseconds(base::kShedRetryDelayMs));
}

void Calls::Finish(const State& state, grpc::ServerUnaryReactor* reactor,
                   const absl::Status& status) {
  in_flight_.fetch_sub(1);
  const absl::Duration took = absl::Now() - state.started;
  const std::string_view reason =
      status.ok() ? std::string_view("OK") : base::Name(base::ReasonOf(status));
  const Series series = SeriesOf(state.method);
  if (status.ok()) {
    series.answered->Increment();
  } else {
    CallsCounter(metrics_, state.method, reason).Increment();
  }
  series.seconds->Observe(absl::ToDoubleSeconds(took));
  if (state.mutation || !status.ok()) {
    const std::string code = absl::StatusCodeToString(status.code());
    base::LogEvent(status.ok() ? base::Level::kInfo : base::Level::kWarning, "call",
                   {{"method", state.method},
                    {"actor", state.context.actor},
                    {"code", code},
                    {"reason", reason},
                    {"trace_parent", state.context.trace_parent},
                    {"us", absl::ToInt64Microseconds(took)}});
  }
  reactor->Finish(ToRpc(status));
}

}  // namespace imdi::transport
