#include "services/process/server_config.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/transport/loopback.h"
#include "services/transport/server_host.h"

namespace imdi::process {
namespace {

using survey::config::v1::ServerConfig;

constexpr int kExecutorThreadsMax = 64;
constexpr int kExecutorQueueMost = 10'000;
constexpr int32_t kMemoryMibMin = 32;  // Rows, with two whole batches beside them.
constexpr int32_t kMemoryMibMax = 65'536;

// Also true for the folder itself.
bool LiesWithin(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  std::error_code ignored;
  const std::filesystem::path relative =
      std::filesystem::absolute(inner, ignored)
          .lexically_normal()
          .lexically_relative(std::filesystem::absolute(outer, ignored).lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

class Check {
 public:
  Check(const ServerConfig& config, const Hosts& hosts) : config_(config), hosts_(hosts) {}

  std::vector<ConfigProblem> Run() && {
    Process();
    Section("ingestion", hosts_.ingestion, config_.has_ingestion());
    Section("aggregation", hosts_.aggregation, config_.has_aggregation());
    Section("query", hosts_.query, config_.has_query());
    if (hosts_.ingestion) Ingestion();
    if (hosts_.aggregation) {
      const auto& aggregation = config_.aggregation();
      Follower("aggregation.ingestion_address", aggregation.ingestion_address(), hosts_.ingestion,
               "ingestion");
      Store("aggregation", aggregation.data_dir(), aggregation.memory_mib());
    }
    if (hosts_.query) {
      const auto& query = config_.query();
      Follower("query.aggregation_address", query.aggregation_address(), hosts_.aggregation,
               "aggregation");
      Store("query", query.data_dir(), query.memory_mib());
    }
    FoldersApart();
    return std::move(problems_);
  }

 private:
  void Require(bool holds, std::string_view field, std::string message) {
    if (!holds) problems_.push_back({std::string(field), std::move(message)});
  }

  void Process() {
    Require(config_.insecure_loopback(), "insecure_loopback",
            "must be true: plaintext is the only mode until TLS exists");
    if (hosts_.ingestion) {
      Listen("listen", config_.listen());
    } else {
      Require(config_.listen().empty(), "listen",
              "must be left out: nothing that this process hosts is public; leave internal_listen");
    }
    Listen("internal_listen", config_.internal_listen());
    Listen("health_listen", config_.health_listen());
    Require(!config_.actor().empty() && config_.actor().size() <= base::kIdBytesMax, "actor",
            base::StrCat("an opaque id of 1 to ", base::kIdBytesMax, " bytes is required"));
    Require(config_.executor_threads() >= 0 && config_.executor_threads() <= kExecutorThreadsMax,
            "executor_threads",
            base::StrCat("1 to ", kExecutorThreadsMax, ", or 0 for the default"));
    Require(config_.executor_queue() >= 0 && config_.executor_queue() <= kExecutorQueueMost,
            "executor_queue", base::StrCat("1 to ", kExecutorQueueMost, ", or 0 for the default"));
  }

  void Listen(std::string_view field, const std::string& address) {
    const absl::Status status = transport::CheckLoopback(address);
    Require(status.ok(), field, std::string(base::ToStd(status.message())));
  }

  void Section(std::string_view name, bool hosted, bool present) {
    Require(hosted || !present, name,
            base::StrCat("must be left out: this process does not host it; it belongs into the "
                         "configuration of imdi-",
                         name));
  }

  void Ingestion() {
    const auto& ingestion = config_.ingestion();
    Require(!ingestion.master_key_file().empty(), "ingestion.master_key_file",
            "is required: a file outside data_dir, with a backup of its own");
    const std::string& backups = ingestion.backup_dir();
    const std::string& key_backups = ingestion.key_backup_dir();
    Require(backups.empty() == key_backups.empty(), "ingestion.key_backup_dir",
            "is required with backup_dir, and only with it");
    Require(backups.empty() || key_backups.empty() ||
                (!LiesWithin(backups, key_backups) && !LiesWithin(key_backups, backups)),
            "ingestion.key_backup_dir",
            "a folder apart from backup_dir: who gets one must not get the other with it");
    Require(ingestion.free_space_min_mib() >= 0, "ingestion.free_space_min_mib",
            "1 or more, or 0 for the default");
    Store("ingestion", ingestion.data_dir(), ingestion.memory_mib());
  }

  void Store(std::string_view service, const std::string& folder, int32_t memory_mib) {
    Require(!folder.empty(), base::StrCat(service, ".data_dir"), "is required: a folder");
    Require(memory_mib == 0 || (memory_mib >= kMemoryMibMin && memory_mib <= kMemoryMibMax),
            base::StrCat(service, ".memory_mib"),
            base::StrCat(kMemoryMibMin, " to ", kMemoryMibMax, " MiB, or 0 for the default"));
  }

  void Follower(std::string_view field, const std::string& address, bool hosted_here,
                std::string_view service) {
    if (hosted_here) {
      Require(address.empty(), field,
              base::StrCat("must be left out: this process hosts ", service, " itself"));
      return;
    }
    Require(transport::LoopbackPort(address).value_or(0) > 0, field,
            base::StrCat("is required: internal_listen of imdi-", service,
                         ", a loopback address with its port, for example 127.0.0.1:50052"));
  }

  // Each service has its folder, and nobody opens another's.
  void FoldersApart() {
    const std::pair<std::string_view, const std::string*> folders[] = {
        {"ingestion.data_dir", &config_.ingestion().data_dir()},
        {"aggregation.data_dir", &config_.aggregation().data_dir()},
        {"query.data_dir", &config_.query().data_dir()}};
    for (const auto& [field, folder] : folders) {
      for (const auto& [other_field, other] : folders) {
        if (field == other_field || folder->empty() || other->empty()) continue;
        Require(!LiesWithin(*folder, *other), field,
                base::StrCat("must not lie within ", other_field,
                             ": each service needs a folder of its own"));
      }
    }
  }

  const ServerConfig& config_;
  const Hosts& hosts_;
  std::vector<ConfigProblem> problems_;
};

}  // namespace

ServerConfig EmbeddedConfig(const std::string& data, const Hosts& hosts) {
  ServerConfig config;
  config.set_internal_listen("127.0.0.1:0");
  config.set_health_listen("127.0.0.1:0");
  config.set_insecure_loopback(true);
  config.set_actor("embedded");
  if (hosts.ingestion) {
    config.set_listen("127.0.0.1:0");
    config.mutable_ingestion()->set_data_dir(data + "/ingestion");
    config.mutable_ingestion()->set_master_key_file(data + "/master.key");
    config.mutable_ingestion()->set_create_master_key(true);
    config.mutable_ingestion()->set_backup_dir(data + "/backups");
    config.mutable_ingestion()->set_key_backup_dir(data + "/key-backups");
  }
  if (hosts.aggregation) config.mutable_aggregation()->set_data_dir(data + "/aggregation");
  if (hosts.query) config.mutable_query()->set_data_dir(data + "/query");
  return config;
}

std::vector<ConfigProblem> CheckConfig(const ServerConfig& config, const Hosts& hosts) {
  return Check(config, hosts).Run();
}

ConfigFile ReadConfigFile(const std::string& file) {
  ConfigFile out;
  std::string text;
  config::Problem unreadable;
  if (!config::ReadTextFile(file, &text, &unreadable)) {
    out.problems.push_back(config::ToText(unreadable));
    return out;
  }
  config::LoadedText loaded = config::LoadYaml(file, text, ServerConfig::default_instance());
  for (const config::Problem& problem : loaded.problems)
    out.problems.push_back(config::ToText(problem));
  if (!loaded.problems.empty()) return out;
  if (loaded.documents.size() != 1) {
    out.problems.push_back(base::StrCat(file, ": holds ", loaded.documents.size(),
                                        " documents; a process needs exactly one"));
    return out;
  }
  out.config.CopyFrom(*loaded.documents.front().message);
  out.places = std::move(loaded.documents.front().places);
  return out;
}

std::string ToText(const ConfigProblem& problem, const config::PlaceIndex& places) {
  const config::Place place = places.Find(problem.field);
  const std::string where =
      place.file.empty() ? "" : base::StrCat(place.file, ":", place.line, ":", place.column, ": ");
  return base::StrCat(where, problem.field, ": ", problem.message);
}

}  // namespace imdi::process
