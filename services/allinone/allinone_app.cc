#include "services/allinone/allinone_app.h"

#include <atomic>
#include <filesystem>
#include <system_error>
#include <utility>

#include "imdi/survey/aggregation/v1/figures_service.grpc.pb.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/aggregation/aggregation_app.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/base/metrics.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/ingestion/ingestion_app.h"
#include "services/query/query_app.h"
#include "services/transport/calls.h"
#include "services/transport/health_port.h"
#include "services/transport/server_host.h"

namespace imdi::allinone {
namespace {

using survey::config::v1::ServerConfig;

constexpr int kExecutorThreadsMax = 64;
constexpr int kExecutorQueueMost = 10'000;

// Also true for the folder itself.
bool LiesWithin(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  std::error_code ignored;
  const std::filesystem::path relative =
      std::filesystem::absolute(inner, ignored)
          .lexically_normal()
          .lexically_relative(std::filesystem::absolute(outer, ignored).lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

ServerConfig EmbeddedConfig(const std::string& data) {
  ServerConfig config;
  config.set_listen("127.0.0.1:0");
  config.set_internal_listen("127.0.0.1:0");
  config.set_health_listen("127.0.0.1:0");
  config.set_insecure_loopback(true);
  config.set_actor("embedded");
  config.mutable_ingestion()->set_data_dir(data + "/ingestion");
  config.mutable_ingestion()->set_master_key_file(data + "/master.key");
  config.mutable_ingestion()->set_create_master_key(true);
  config.mutable_ingestion()->set_backup_dir(data + "/backups");
  config.mutable_ingestion()->set_key_backup_dir(data + "/key-backups");
  config.mutable_aggregation()->set_data_dir(data + "/aggregation");
  config.mutable_query()->set_data_dir(data + "/query");
  return config;
}

std::vector<std::string> CheckConfig(const ServerConfig& config) {
  std::vector<std::string> problems;
  const auto require = [&](bool ok, std::string problem) {
    if (!ok) problems.push_back(std::move(problem));
  };
  require(config.insecure_loopback(),
          "insecure_loopback: must be true: plaintext is the only mode until TLS exists");
  for (const auto& [field, address] : {std::pair{"listen", &config.listen()},
                                       {"internal_listen", &config.internal_listen()},
                                       {"health_listen", &config.health_listen()}}) {
    if (absl::Status status = transport::CheckLoopback(*address); !status.ok()) {
      problems.push_back(base::StrCat(field, ": ", status.message()));
    }
  }
  require(!config.actor().empty() && config.actor().size() <= base::kIdBytesMax,
          base::StrCat("actor: an opaque id of 1 to ", base::kIdBytesMax, " bytes is required"));
  require(!config.ingestion().data_dir().empty(), "ingestion.data_dir: is required");
  require(!config.ingestion().master_key_file().empty(), "ingestion.master_key_file: is required");
  const std::string& backups = config.ingestion().backup_dir();
  const std::string& key_backups = config.ingestion().key_backup_dir();
  require(backups.empty() == key_backups.empty(),
          "ingestion.key_backup_dir: is required with backup_dir, and only with it");
  require(backups.empty() || key_backups.empty() ||
              (!LiesWithin(backups, key_backups) && !LiesWithin(key_backups, backups)),
          "ingestion.key_backup_dir: a folder apart from backup_dir: who gets one must not get the "
          "other with it");
  require(!config.aggregation().data_dir().empty(), "aggregation.data_dir: is required");
  require(!config.query().data_dir().empty(), "query.data_dir: is required");
  require(config.ingestion().data_dir() != config.aggregation().data_dir() &&
              config.ingestion().data_dir() != config.query().data_dir() &&
              config.aggregation().data_dir() != config.query().data_dir(),
          "data_dir: each service needs a folder of its own");
  require(config.aggregation().ingestion_address().empty(),
          "aggregation.ingestion_address: must be empty: this process hosts ingestion itself");
  require(config.query().aggregation_address().empty(),
          "query.aggregation_address: must be empty: this process hosts aggregation itself");
  const auto memory = [&](const char* field, int32_t mib) {
    require(mib == 0 || (mib >= 16 && mib <= 65'536),
            base::StrCat(field, ": 16 to 65 536 MiB, or 0 for the default"));
  };
  memory("ingestion.memory_mib", config.ingestion().memory_mib());
  memory("aggregation.memory_mib", config.aggregation().memory_mib());
  memory("query.memory_mib", config.query().memory_mib());
  require(config.ingestion().free_space_min_mib() >= 0,
          "ingestion.free_space_min_mib: 1 or more, or 0 for the default");
  require(config.executor_threads() >= 0 && config.executor_threads() <= kExecutorThreadsMax,
          base::StrCat("executor_threads: 1 to ", kExecutorThreadsMax, ", or 0 for the default"));
  require(config.executor_queue() >= 0 && config.executor_queue() <= kExecutorQueueMost,
          base::StrCat("executor_queue: 1 to ", kExecutorQueueMost, ", or 0 for the default"));
  return problems;
}

// Destroyed in reverse order: ports first, the log last.
struct AllInOne::Parts {
  explicit Parts(const ServerConfig& config)
      : executor(
            "calls",
            config.executor_threads() == 0 ? base::kExecutorThreads : config.executor_threads(),
            config.executor_queue() == 0 ? base::kExecutorQueueMax
                                         : static_cast<size_t>(config.executor_queue())),
        public_calls({.actor = config.actor(), .internal = false}, executor, metrics),
        internal_calls({.actor = config.actor(), .internal = true}, executor, metrics) {}

  base::Metrics metrics;
  base::BoundedExecutor executor;
  transport::Calls public_calls;
  transport::Calls internal_calls;
  std::unique_ptr<ingestion::IngestionApp> ingestion;
  std::unique_ptr<transport::ServerHost> log_host;
  std::unique_ptr<aggregation::AggregationApp> aggregation;
  std::unique_ptr<transport::ServerHost> figures_host;
  std::unique_ptr<query::QueryApp> query;
  std::unique_ptr<transport::ServerHost> internal_host;
  std::unique_ptr<transport::ServerHost> public_host;
  std::atomic<bool> draining = false;
  bool stopped = false;
  std::unique_ptr<transport::HealthPort> health;
};

absl::StatusOr<std::unique_ptr<AllInOne>> AllInOne::Start(const ServerConfig& config,
                                                          const base::Clock& clock) {
  using survey::aggregation::v1::FiguresService;
  using survey::aggregation::v1::ReleaseService;
  using survey::ingestion::v1::EditionService;
  using survey::ingestion::v1::LogService;
  using survey::ingestion::v1::SubmissionService;
  using survey::query::v1::QueryService;
  auto parts = std::make_unique<Parts>(config);
  Parts& p = *parts;
  IMDI_ASSIGN_OR_RETURN(
      p.ingestion,
      ingestion::IngestionApp::Start(config.ingestion(), clock, p.public_calls, p.internal_calls));
  IMDI_ASSIGN_OR_RETURN(p.log_host,
                        transport::ServerHost::InProcess({&p.ingestion->log_service()}));
  IMDI_ASSIGN_OR_RETURN(p.aggregation, aggregation::AggregationApp::Start(
                                           config.aggregation(), p.log_host->InProcessChannel(),
                                           p.internal_calls, p.metrics));
  IMDI_ASSIGN_OR_RETURN(p.figures_host,
                        transport::ServerHost::InProcess({&p.aggregation->figures_service()}));
  IMDI_ASSIGN_OR_RETURN(p.query,
                        query::QueryApp::Start(config.query(), p.figures_host->InProcessChannel(),
                                               p.internal_calls, p.metrics));
  IMDI_ASSIGN_OR_RETURN(
      p.internal_host,
      transport::ServerHost::Listen(
          config.internal_listen(),
          {&p.ingestion->edition_service(), &p.ingestion->log_service(),
           &p.aggregation->figures_service(), &p.aggregation->release_service(),
           &p.query->query_service()},
          {.health_names = {EditionService::service_full_name(), LogService::service_full_name(),
                            FiguresService::service_full_name(),
                            ReleaseService::service_full_name(), QueryService::service_full_name()},
           .reflection = true}));
  IMDI_ASSIGN_OR_RETURN(
      p.public_host,
      transport::ServerHost::Listen(config.listen(), {&p.ingestion->submission_service()},
                                    {.health_names = {SubmissionService::service_full_name()}}));
  IMDI_ASSIGN_OR_RETURN(
      p.health,
      transport::HealthPort::Listen(config.health_listen(), p.metrics, [&p]() -> std::string {
        if (p.draining) return "draining";
        const absl::Status store = p.ingestion->StoreState();
        return store.ok() ? std::string() : std::string(store.message());
      }));
  p.public_host->SetServing(true);
  p.internal_host->SetServing(true);
  return std::unique_ptr<AllInOne>(new AllInOne(std::move(parts)));
}

AllInOne::AllInOne(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AllInOne::~AllInOne() { Stop(); }

const std::string& AllInOne::public_address() const { return parts_->public_host->address(); }
const std::string& AllInOne::internal_address() const { return parts_->internal_host->address(); }
const std::string& AllInOne::health_address() const { return parts_->health->address(); }

int64_t AllInOne::Stop() {
  Parts& p = *parts_;
  if (!p.stopped) {
    p.stopped = true;
    p.draining = true;
    p.public_host->SetServing(false);
    p.internal_host->SetServing(false);
    p.public_calls.streams().EndAll();
    p.internal_calls.streams().EndAll();
    p.public_host->Drain(absl::Milliseconds(base::kDrainMs));
    p.query->Stop();
    p.aggregation->Stop();
    p.internal_host->Drain(absl::Milliseconds(base::kDrainMs));
    p.figures_host->Drain(absl::ZeroDuration());
    p.log_host->Drain(absl::ZeroDuration());
    p.executor.Drain();
    p.ingestion->Stop();
  }
  return p.ingestion->head().position;
}

}  // namespace imdi::allinone
