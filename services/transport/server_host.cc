#include "services/transport/server_host.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/impl/codegen/grpc_types.h"
#include "grpc/support/log.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/impl/server_builder_option.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/transport/callback_queue.h"
#include "services/transport/client.h"
#include "services/transport/loopback.h"

namespace imdi::transport {
namespace {

std::atomic<int64_t> library_lines{0};
std::atomic<int64_t> library_second{0};

// True while this second still has room for a line of a library.
bool MayLogLibraryLine() {
  const int64_t second = absl::ToUnixSeconds(absl::Now());
  if (library_second.exchange(second) != second) library_lines = 0;
  return library_lines.fetch_add(1) < base::kLibraryLogLinesPerSecond;
}

void OnProtobufLine(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  if (MayLogLibraryLine())
    base::LogEvent(base::Level::kWarning, "protobuf", {{"message", message}});
}

void OnGrpcLine(gpr_log_func_args* line) {
  if (line->severity == GPR_LOG_SEVERITY_ERROR && MayLogLibraryLine()) {
    base::LogEvent(base::Level::kWarning, "grpc", {{"message", line->message}});
  }
}

// Reflection for this server or not. The library gives it to every server of a process that links
// it, the public ones too, so it is taken away first.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool wanted) : wanted_(wanted) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto reflection = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    std::erase_if(*plugins,
                  [&](const auto& plugin) { return plugin->name() == reflection->name(); });
    if (wanted_) plugins->push_back(std::move(reflection));
  }

 private:
  const bool wanted_;
};

}  // namespace

std::vector<std::pair<std::string, int>> ServerArguments() {
  return {
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, base::kConcurrentStreamsMax},
      {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, static_cast<int>(base::kMessageBytesMax)},
      {GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(base::kMetadataBytesMax)},
      {GRPC_ARG_HTTP2_MAX_FRAME_SIZE, static_cast<int>(base::kHttp2FrameBytesMax)},
      {GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, static_cast<int>(base::kHttp2LookaheadBytes)},
      {GRPC_ARG_HTTP2_BDP_PROBE, 0},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, base::kHandshakeTimeoutMs},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, base::kConnectionIdleMs},
      {GRPC_ARG_MAX_CONNECTION_AGE_MS, base::kConnectionAgeMs},
      {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, base::kConnectionAgeGraceMs},
      {GRPC_ARG_KEEPALIVE_TIME_MS, base::kKeepaliveTimeMs},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, base::kKeepaliveTimeoutMs},
      {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
      {GRPC_ARG_HTTP2_MAX_PING_STRIKES, base::kPingStrikesMax},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, base::kMinPingIntervalMs},
      {GRPC_ARG_ALLOW_REUSEPORT, 0},
  };
}

absl::Status CheckLoopback(const std::string& address) {
  if (LoopbackPort(address).has_value()) return absl::OkStatus();
  return base::Error(
      base::Reason::kListenRefused,
      base::StrCat("refusing to listen on ", base::Quoted(address),
                   ": until machine login and TLS exist only loopback addresses with a port are "
                   "allowed, for example 127.0.0.1:50051"));
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = static_cast<rlim_t>(base::kFileDescriptorsWanted);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    base::LogEvent(base::Level::kWarning, "few_descriptors",
                   {{"limit", static_cast<uint64_t>(limit.rlim_cur)}});
  }
}

void SkipDeadlockDetection() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void TameLibraryLogs() {
  google::protobuf::SetLogHandler(&OnProtobufLine);
  gpr_set_log_function(&OnGrpcLine);
}

absl::StatusOr<std::unique_ptr<ServerHost>> ServerHost::Listen(
    const std::string& address, const std::vector<grpc::Service*>& services,
    ListenerExtras extras) {
  if (absl::Status loopback = CheckLoopback(address); !loopback.ok()) return loopback;
  return Build(address, services, std::move(extras));
}

absl::StatusOr<std::unique_ptr<ServerHost>> ServerHost::InProcess(
    const std::vector<grpc::Service*>& services) {
  return Build("", services, {});
}

absl::StatusOr<std::unique_ptr<ServerHost>> ServerHost::Build(
    const std::string& address, const std::vector<grpc::Service*>& services,
    ListenerExtras extras) {
  KeepCallbackQueue();
  grpc::ServerBuilder builder;
  for (const auto& [name, value] : ServerArguments()) builder.AddChannelArgument(name, value);
  grpc::ResourceQuota quota("listener");
  quota.Resize(base::kGrpcMemoryQuotaBytes);
  quota.SetMaxThreads(base::kGrpcThreadsMax);
  builder.SetResourceQuota(quota);
  std::unique_ptr<ServerHost> host(new ServerHost);
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  if (!address.empty()) {
    IMDI_ASSIGN_OR_RETURN(host->listener_, Listener::Open(address));
    acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
  }
  for (grpc::Service* service : services) builder.RegisterService(service);
  host->health_ = std::make_unique<Health>(std::move(extras.health_names));
  builder.RegisterService(host->health_.get());
  builder.SetOption(std::make_unique<ReflectionOption>(extras.reflection));
  host->server_ = builder.BuildAndStart();
  if (host->server_ == nullptr)
    return base::Error(base::Reason::kListenRefused, "gRPC could not start a server");
  if (host->listener_ != nullptr) {
    host->address_ = host->listener_->address();
    host->listener_->Start([acceptor = std::shared_ptr(std::move(acceptor))](int descriptor) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
      connection.fd = descriptor;
      acceptor->HandleNewConnection(&connection);
    });
  }
  return host;
}

ServerHost::~ServerHost() {
  if (server_ != nullptr) Drain(absl::ZeroDuration());
}

std::shared_ptr<grpc::Channel> ServerHost::InProcessChannel() {
  return server_->InProcessChannel(ClientArguments());
}

void ServerHost::SetServing(bool serving) { health_->Set(serving); }

void ServerHost::Drain(absl::Duration grace) {
  if (listener_ != nullptr) listener_->Stop();
  health_->End();
  server_->Shutdown(DeadlineIn(grace));
  server_->Wait();
}

}  // namespace imdi::transport
