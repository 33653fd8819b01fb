#include "services/process/process_app.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "services/base/build_info.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/base/process_metrics.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/process/status_rpc.h"
#include "services/transport/health_port.h"
#include "services/transport/server_host.h"

namespace imdi::process {

using survey::config::v1::ServerConfig;

namespace {

struct Hosting {
  std::unique_ptr<Hosted> service;
  std::unique_ptr<transport::ServerHost> in_process;  // Null where nobody here calls it.
};

absl::StatusOr<std::unique_ptr<transport::ServerHost>> Listen(const std::string& address,
                                                              const std::vector<Face>& faces,
                                                              bool reflection) {
  std::vector<grpc::Service*> services;
  transport::ListenerExtras extras = {.health_names = {}, .reflection = reflection};
  for (const Face& face : faces) {
    services.push_back(face.service);
    extras.health_names.push_back(face.name);
  }
  return transport::ServerHost::Listen(address, services, std::move(extras));
}

}  // namespace

// Destroyed in reverse order: ports first.
struct Process::Parts {
  Parts(const ServerConfig& config_in, const base::Clock& clock_in)
      : config(config_in),
        clock(clock_in),
        started(clock.Now()),
        executor(
            "calls",
            config.executor_threads() == 0 ? base::kExecutorThreads : config.executor_threads(),
            config.executor_queue() == 0 ? base::kExecutorQueueMax
                                         : static_cast<size_t>(config.executor_queue())),
        public_calls({.actor = config.actor(), .internal = false}, executor, metrics),
        internal_calls({.actor = config.actor(), .internal = true}, executor, metrics) {}
  // The last service first: it calls those before it.
  ~Parts() {
    health.reset();
    readiness.End();
    public_host.reset();
    internal_host.reset();
    while (!hosted.empty()) hosted.pop_back();
  }

  const ServerConfig config;
  const base::Clock& clock;
  const absl::Time started;
  base::Metrics metrics;
  const base::ProcessMetrics own_metrics{metrics, base::ThisBuild()};
  base::BoundedExecutor executor;
  transport::Calls public_calls;
  transport::Calls internal_calls;
  std::vector<Hosting> hosted;
  std::unique_ptr<StatusRpc> status_rpc;
  std::unique_ptr<transport::ServerHost> internal_host;
  std::unique_ptr<transport::ServerHost> public_host;  // Null where nothing is public.
  std::atomic<bool> draining = false;
  bool stopped = false;
  base::Metrics::Reading readiness;
  std::unique_ptr<transport::HealthPort> health;
};

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const ServerConfig& config,
                                                        const base::Clock& clock,
                                                        const Compose& compose) {
  std::unique_ptr<Process> process(new Process(std::make_unique<Parts>(config, clock)));
  IMDI_RETURN_IF_ERROR(compose(*process));
  IMDI_RETURN_IF_ERROR(process->OpenPorts());
  return process;
}

Process::Process(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Process::~Process() { Stop(); }

const ServerConfig& Process::config() const { return parts_->config; }
const base::Clock& Process::clock() const { return parts_->clock; }
transport::Calls& Process::public_calls() { return parts_->public_calls; }
transport::Calls& Process::internal_calls() { return parts_->internal_calls; }
base::Metrics& Process::metrics() { return parts_->metrics; }

void Process::Host(std::unique_ptr<Hosted> service) {
  parts_->hosted.push_back({.service = std::move(service), .in_process = nullptr});
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Process::ChannelToLast() {
  Hosting& last = parts_->hosted.back();
  std::vector<grpc::Service*> services;
  for (const Face& face : last.service->internal_faces()) services.push_back(face.service);
  IMDI_ASSIGN_OR_RETURN(last.in_process, transport::ServerHost::InProcess(services));
  return last.in_process->InProcessChannel();
}

absl::Status Process::OpenPorts() {
  Parts& p = *parts_;
  std::vector<Face> public_faces;
  std::vector<Face> internal_faces;
  for (const Hosting& hosting : p.hosted) {
    std::ranges::move(hosting.service->public_faces(), std::back_inserter(public_faces));
    std::ranges::move(hosting.service->internal_faces(), std::back_inserter(internal_faces));
  }
  p.status_rpc = std::make_unique<StatusRpc>(
      p.internal_calls, [this](const base::CallContext& call) { return Status(call); });
  internal_faces.push_back({p.status_rpc.get(), status_pb::StatusService::service_full_name()});
  IMDI_ASSIGN_OR_RETURN(p.internal_host,
                        Listen(p.config.internal_listen(), internal_faces, /*reflection=*/true));
  if (!public_faces.empty()) {
    IMDI_ASSIGN_OR_RETURN(p.public_host,
                          Listen(p.config.listen(), public_faces, /*reflection=*/false));
  }
  IMDI_ASSIGN_OR_RETURN(p.health, transport::HealthPort::Listen(p.config.health_listen(), p.metrics,
                                                                [this] { return Ready(); }));
  p.readiness = p.metrics.OnRead(
      [this, &ready = p.metrics.GaugeOf("imdi_process_ready",
                                        "1 while the process is ready, as /readyz says.")] {
        ready.Set(Ready().not_ready.empty() ? 1 : 0);
      });
  if (p.public_host != nullptr) p.public_host->SetServing(true);
  p.internal_host->SetServing(true);
  return absl::OkStatus();
}

transport::Readiness Process::Ready() const {
  transport::Readiness all;
  if (parts_->draining) {
    all.not_ready = "draining";
    return all;
  }
  const auto join = [](std::string& to, const std::string& more) {
    if (!more.empty()) base::StrAppend(to, to.empty() ? "" : "; ", more);
  };
  for (const Hosting& hosting : parts_->hosted) {
    const transport::Readiness one = hosting.service->Ready();
    join(all.not_ready, one.not_ready);
    join(all.remark, one.remark);
  }
  return all;
}

status_pb::GetStatusResponse Process::Status(const base::CallContext& call) const {
  status_pb::GetStatusResponse status;
  status.set_version(std::string(base::ThisBuild().version));
  status.set_revision(std::string(base::ThisBuild().revision));
  status.set_started_us(absl::ToUnixMicros(parts_->started));
  status.set_now_us(absl::ToUnixMicros(parts_->clock.Now()));
  transport::Readiness ready = Ready();
  status.set_not_ready(std::move(ready.not_ready));
  status.set_remark(std::move(ready.remark));
  for (const base::Progress::View& view : parts_->metrics.AllProgress()) {
    status_pb::Task& task = *status.add_tasks();
    task.set_task(view.task);
    task.set_unit(view.unit);
    task.set_running(view.running);
    task.set_done(view.done);
    task.set_planned(view.planned);
    task.set_took_ms(absl::ToInt64Milliseconds(view.took));
    task.set_succeeded(static_cast<int64_t>(view.succeeded));
    task.set_failed(static_cast<int64_t>(view.failed));
  }
  for (const Hosting& hosting : parts_->hosted) hosting.service->Describe(call, status);
  return status;
}

const std::string& Process::public_address() const {
  static const std::string kNone;
  return parts_->public_host == nullptr ? kNone : parts_->public_host->address();
}
const std::string& Process::internal_address() const { return parts_->internal_host->address(); }
const std::string& Process::health_address() const { return parts_->health->address(); }

std::vector<std::string> Process::listeners() const {
  std::vector<std::string> out = {internal_address()};
  if (!public_address().empty()) out.push_back(public_address());
  return out;
}

std::string Process::ReadyLine() const {
  return base::StrCat("ready",
                      public_address().empty() ? "" : base::StrCat(" public=", public_address()),
                      " internal=", internal_address(), " health=", health_address());
}

int64_t Process::Stop() {
  Parts& p = *parts_;
  if (!p.stopped) {
    p.stopped = true;
    p.draining = true;
    const base::SteadyTime until =
        base::SteadyClock::now() + std::chrono::milliseconds(base::kDrainMs);
    if (p.public_host != nullptr) p.public_host->SetServing(false);
    if (p.internal_host != nullptr) p.internal_host->SetServing(false);
    p.public_calls.Stop();
    p.internal_calls.Stop();
    if (p.public_host != nullptr)
      p.public_host->Drain(absl::FromChrono(until - base::SteadyClock::now()));
    // Answers pass through the first of them first; they stop the other way round.
    const auto last_first = [&p](const auto& stop) {
      std::for_each(p.hosted.rbegin(), p.hosted.rend(), stop);
    };
    last_first([](Hosting& hosting) { hosting.service->StopFollowing(); });
    if (p.internal_host != nullptr)
      p.internal_host->Drain(absl::FromChrono(until - base::SteadyClock::now()));
    last_first([](Hosting& hosting) {
      if (hosting.in_process != nullptr) hosting.in_process->Drain(absl::ZeroDuration());
    });
    p.executor.Drain();
    last_first([](Hosting& hosting) { hosting.service->Finish(); });
  }
  return p.hosted.empty() ? 0 : p.hosted.front().service->position();
}

}  // namespace imdi::process
