#include "tests/bench/roles.h"

#include <atomic>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <thread>

#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/allinone/allinone_app.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/ingestion_app.h"
#include "services/transport/server_host.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/response_log.h"
#include "tests/bench/side.h"

namespace imdi::bench {
namespace {

int Fail(const absl::Status& status) {
  std::cout << "failed " << status << std::endl;
  return 1;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

int RunIngestion(const std::string& folder) {
  const base::SystemClock clock;
  base::Metrics metrics;
  base::BoundedExecutor executor("calls", base::kExecutorThreads, base::kExecutorQueueMax);
  transport::Calls calls({.actor = "bench", .internal = true}, executor, metrics);
  const auto config = allinone::EmbeddedConfig(folder).ingestion();
  auto app = ingestion::IngestionApp::Start(config, clock, calls, calls, metrics);
  if (!app.ok()) return Fail(app.status());
  auto host = transport::ServerHost::Listen(
      "127.0.0.1:0",
      {&(*app)->edition_service(), &(*app)->submission_service(), &(*app)->log_service()});
  if (!host.ok()) return Fail(host.status());
  ServeParent((*host)->address(), [&] {
    Usage usage = OwnUsage();
    const ingestion::Committer::Counters counters = (*app)->commit_counters();
    usage.batches = static_cast<int64_t>(counters.batches);
    usage.records = static_cast<int64_t>(counters.records);
    return usage;
  });
  calls.streams().EndAll();
  (*host)->Drain(absl::Seconds(1));
  executor.Drain();
  return 0;
}

using Ss = survey::ingestion::v1::SubmissionService;
class RawSubmit final : public Ss::WithRawCallbackMethod_Submit<Ss::Service> {
 public:
  RawSubmit(ingestion::Committer& committer, std::string record, const std::string& answer,
            bool keys)
      : committer_(committer), record_(std::move(record)), answer_(BufferOf(answer)), keys_(keys) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                   grpc::ByteBuffer* out) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const std::string id = base::StrCat("raw-", ++last_);
    ingestion::CommitRequest request;
    request.proposal.request_key = id;
    request.proposal.fingerprint = std::string(33, 'f');
    request.proposal.bytes = record_;
    request.proposal.depends_on = {{id, 0, true}};
    if (keys_) request.keys.push_back({.id = id, .bytes = std::string(60, 'k')});
    const absl::Status taken = committer_.Enqueue(
        std::move(request), [this, reactor, out](const ingestion::CommitResult& result) {
          *out = answer_;
          reactor->Finish(result.ok() ? grpc::Status::OK
                                      : grpc::Status(grpc::StatusCode::INTERNAL, "not stored"));
        });
    if (!taken.ok()) reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "queue full"));
    return reactor;
  }

 private:
  ingestion::Committer& committer_;
  const std::string record_;
  const grpc::ByteBuffer answer_;
  const bool keys_;
  std::atomic<int64_t> last_{0};
};

int RunRawSubmit(const std::string& folder, const std::string& record, const std::string& answer,
                 bool with_keys) {
  const base::SystemClock clock;
  storage::rocks::RocksOptions options;
  options.path = folder + "/log";
  auto log = storage::rocks::RocksResponseLog::Open(options, clock);
  if (!log.ok()) return Fail(log.status());
  options.path = folder + "/keys";
  auto keys = storage::rocks::RocksKeyStore::Open(options);
  if (!keys.ok()) return Fail(keys.status());
  ingestion::Committer committer(**log, **keys);
  RawSubmit service(committer, ReadFile(record), ReadFile(answer), with_keys);
  auto host = transport::ServerHost::Listen("127.0.0.1:0", {&service});
  if (!host.ok()) return Fail(host.status());
  ServeParent((*host)->address(), [&] {
    Usage usage = OwnUsage();
    const ingestion::Committer::Counters counters = committer.counters();
    usage.batches = static_cast<int64_t>(counters.batches);
    usage.records = static_cast<int64_t>(counters.records);
    return usage;
  });
  (*host)->Drain(absl::Seconds(1));
  committer.Stop();
  return 0;
}

int RunSystem(const std::string& folder) {
  const base::SystemClock clock;
  transport::RaiseDescriptorLimit();
  auto system = allinone::Start(allinone::EmbeddedConfig(folder), clock);
  if (!system.ok()) return Fail(system.status());
  ServeParent(base::StrCat((*system)->public_address(), " ", (*system)->internal_address()),
              OwnUsage);
  (*system)->Stop();
  return 0;
}

using Qs = survey::query::v1::QueryService;
using RawQuery = Qs::WithRawCallbackMethod_GetFigure<
    Qs::WithRawCallbackMethod_BatchGetFigures<Qs::WithRawCallbackMethod_GetTable<Qs::Service>>>;
class Echo final : public RawQuery {
 public:
  explicit Echo(const std::string& answer) : answer_(BufferOf(answer)) {}
  using Rpc = grpc::CallbackServerContext;
  using Bytes = grpc::ByteBuffer;
  grpc::ServerUnaryReactor* GetFigure(Rpc* rpc, const Bytes*, Bytes* out) override {
    return Answer(rpc, out);
  }
  grpc::ServerUnaryReactor* BatchGetFigures(Rpc* rpc, const Bytes*, Bytes* out) override {
    return Answer(rpc, out);
  }
  grpc::ServerUnaryReactor* GetTable(Rpc* rpc, const Bytes*, Bytes* out) override {
    return Answer(rpc, out);
  }

 private:
  grpc::ServerUnaryReactor* Answer(Rpc* rpc, Bytes* out) {
    grpc::ServerUnaryReactor* reactor = rpc->DefaultReactor();
    *out = answer_;
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const grpc::ByteBuffer answer_;
};

int RunEcho(const std::string& answer) {
  Echo service(ReadFile(answer));
  auto host = transport::ServerHost::Listen("127.0.0.1:0", {&service});
  if (!host.ok()) return Fail(host.status());
  ServeParent((*host)->address(), OwnUsage);
  (*host)->Drain(absl::Seconds(1));
  return 0;
}

// One thread, one queue; each call waits for its request, answers it, and begins the next.
class QueueEcho {
 public:
  explicit QueueEcho(const std::string& answer) : answer_(BufferOf(answer)) {}

  int Run() {
    grpc::ServerBuilder builder;
    for (const auto& [name, value] : transport::ServerArguments())
      builder.AddChannelArgument(name, value);
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr || port == 0) return Fail(absl::UnavailableError("cannot listen"));
    std::thread worker([this] { Work(); });
    ServeParent(base::StrCat("127.0.0.1:", port), OwnUsage);
    server->Shutdown(std::chrono::system_clock::now());
    queue_->Shutdown();
    worker.join();
    return 0;
  }

 private:
  enum class State : uint8_t { kArriving, kReading, kAnswering };
  struct Call {
    State state = State::kArriving;
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream{&context};
    grpc::ByteBuffer request;
  };

  void Arm() {
    auto* call = new Call;
    service_.RequestCall(&call->context, &call->stream, queue_.get(), queue_.get(), call);
  }
  void Work() {
    for (int i = 0; i < 64; ++i) Arm();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
      auto* call = static_cast<Call*>(tag);
      if (!ok || call->state == State::kAnswering) {
        delete call;
        continue;
      }
      if (call->state == State::kArriving) {
        Arm();
        call->state = State::kReading;
        call->stream.Read(&call->request, call);
      } else {
        call->state = State::kAnswering;
        call->stream.WriteAndFinish(answer_, grpc::WriteOptions(), grpc::Status::OK, call);
      }
    }
  }

  const grpc::ByteBuffer answer_;
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
};

}  // namespace

int RunRole(const std::vector<std::string>& arguments) {
  const std::string& role = arguments.at(0);
  if (role == "ingestion") return RunIngestion(arguments.at(1));
  if (role == "raw-submit")
    return RunRawSubmit(arguments.at(1), arguments.at(2), arguments.at(3), arguments.at(4) == "1");
  if (role == "system") return RunSystem(arguments.at(1));
  if (role == "echo") return RunEcho(arguments.at(1));
  if (role == "queue-echo") return QueueEcho(ReadFile(arguments.at(1))).Run();
  return Fail(absl::InvalidArgumentError("unknown role " + role));
}

}  // namespace imdi::bench
