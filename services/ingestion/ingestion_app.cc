#include "services/ingestion/ingestion_app.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/ingestion/backups.h"
#include "services/ingestion/edition_rpc.h"
#include "services/ingestion/ingestion_metrics.h"
#include "services/ingestion/log_rpc.h"
#include "services/ingestion/names.h"
#include "services/ingestion/releases.h"
#include "services/ingestion/scheduler.h"
#include "services/ingestion/scrubber.h"
#include "services/ingestion/submission_rpc.h"
#include "storage/rocks/draft_store.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/response_log.h"
#include "storage/store_metrics.h"

namespace imdi::ingestion {
namespace {

// `metrics`: null where nobody can read them.
storage::rocks::RocksOptions OptionsFor(const survey::config::v1::IngestionConfig& config,
                                        std::string_view folder, base::Metrics* metrics) {
  storage::rocks::RocksOptions options;
  options.path = base::StrCat(config.data_dir(), "/", folder);
  if (config.memory_mib() > 0) {
    options.SetMemory(static_cast<size_t>(config.memory_mib()) * base::kMiB);
  }
  if (config.free_space_min_mib() > 0) {
    options.free_bytes_min = static_cast<uint64_t>(config.free_space_min_mib()) * base::kMiB;
  }
  if (metrics != nullptr) {
    options.synced = storage::ObserveSyncs(*metrics, folder);
    options.verification =
        &metrics->ProgressOf(storage::rocks::kVerificationTask, storage::rocks::kVerificationUnit);
  }
  return options;
}

}  // namespace

// Members are destroyed in reverse order: services first, the committer before the stores.
struct IngestionApp::Parts {
  std::unique_ptr<storage::rocks::RocksResponseLog> log;
  std::unique_ptr<storage::rocks::RocksKeyStore> keys;
  std::unique_ptr<storage::rocks::RocksDraftStore> drafts;
  std::unique_ptr<TextVault> vault;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Definitions> definitions;
  std::unique_ptr<Submissions> submissions;
  std::unique_ptr<Collection> collection;
  std::unique_ptr<Releases> releases;
  std::unique_ptr<Backups> backups;
  std::unique_ptr<EditionRpc> edition_rpc;
  std::unique_ptr<SubmissionRpc> submission_rpc;
  std::unique_ptr<LogRpc> log_rpc;
  std::unique_ptr<Scheduler> scheduler;
  std::unique_ptr<Scrubber> scrubber;
  std::vector<base::Metrics::Reading> readings;  // First to go: they read what stands above.
};

absl::StatusOr<std::unique_ptr<IngestionApp>> IngestionApp::Start(
    const survey::config::v1::IngestionConfig& config, const base::Clock& clock,
    transport::Calls& public_calls, transport::Calls& internal_calls, base::Metrics& metrics) {
  auto parts = std::make_unique<Parts>();
  // Made with the log or not at all: under another key no text opens and no request id is
  // recognised.
  std::error_code ignored;
  const bool first_start =
      !std::filesystem::exists(base::StrCat(config.data_dir(), "/log/FORMAT"), ignored);
  IMDI_ASSIGN_OR_RETURN(std::string master_key,
                        TextVault::LoadMasterKey(config.master_key_file(),
                                                 config.create_master_key() && first_start));
  IMDI_ASSIGN_OR_RETURN(parts->log, storage::rocks::RocksResponseLog::Open(
                                        OptionsFor(config, "log", &metrics), clock));
  IMDI_ASSIGN_OR_RETURN(parts->keys,
                        storage::rocks::RocksKeyStore::Open(OptionsFor(config, "keys", &metrics)));
  IMDI_ASSIGN_OR_RETURN(
      parts->drafts, storage::rocks::RocksDraftStore::Open(OptionsFor(config, "drafts", &metrics)));
  parts->vault = std::make_unique<TextVault>(std::move(master_key), *parts->keys);
  parts->committer = std::make_unique<Committer>(
      *parts->log, *parts->keys, Committer::DefaultLimits(), ObserveBatches(metrics));
  IMDI_ASSIGN_OR_RETURN(parts->definitions,
                        Definitions::Open(*parts->log, *parts->committer, *parts->vault));
  parts->submissions = std::make_unique<Submissions>(
      *parts->log, *parts->committer, *parts->definitions, *parts->vault, *parts->drafts);
  IMDI_RETURN_IF_ERROR(parts->submissions->FinishErasures());
  parts->collection = std::make_unique<Collection>(*parts->log, *parts->definitions);
  parts->edition_rpc = std::make_unique<EditionRpc>(internal_calls, *parts->definitions);
  parts->submission_rpc =
      std::make_unique<SubmissionRpc>(public_calls, *parts->submissions, *parts->collection);
  parts->releases = std::make_unique<Releases>(*parts->log, *parts->committer, *parts->definitions,
                                               *parts->vault);
  parts->backups =
      std::make_unique<Backups>(*parts->log, *parts->keys, *parts->drafts,
                                Backups::Folders{.backup_dir = config.backup_dir(),
                                                 .key_backup_dir = config.key_backup_dir()},
                                metrics.ProgressOf("backup", "records"));
  parts->log_rpc =
      std::make_unique<LogRpc>(internal_calls, *parts->log, *parts->releases, *parts->backups,
                               metrics.ProgressOf("verify_chain", "records"));
  parts->scheduler = std::make_unique<Scheduler>(*parts->definitions, clock);
  parts->scheduler->Start();
  parts->scrubber = std::make_unique<Scrubber>(
      [&log = *parts->log](int64_t from) -> absl::StatusOr<Scrubber::Step> {
        IMDI_ASSIGN_OR_RETURN(const auto scrubbed, log.Scrub(from, base::kScrubRecordsAtOnce));
        return Scrubber::Step{
            .bytes = scrubbed.bytes, .next = scrubbed.next, .end = log.Head().position};
      },
      [] { base::LogEvent(base::Level::kInfo, "scrub_passed", {}); },
      &metrics.ProgressOf("scrub", "records"));
  parts->readings.push_back(ShowIngestion(metrics, *parts->log, *parts->committer,
                                          [&rpc = *parts->log_rpc] { return rpc.followers(); }));
  parts->readings.push_back(
      storage::ShowStore(metrics, "log", [&log = *parts->log] { return log.Stats(); }));
  parts->readings.push_back(
      storage::ShowStore(metrics, "keys", [&keys = *parts->keys] { return keys.Stats(); }));
  parts->readings.push_back(
      storage::ShowStore(metrics, "drafts", [&drafts = *parts->drafts] { return drafts.Stats(); }));
  return std::unique_ptr<IngestionApp>(new IngestionApp(std::move(parts)));
}

absl::StatusOr<Restored> RestoreBackup(const survey::config::v1::IngestionConfig& config,
                                       const std::string& backup, const std::string& key_backup) {
  using storage::rocks::RocksDraftStore;
  using storage::rocks::RocksKeyStore;
  using storage::rocks::RocksResponseLog;
  const std::string log_folder = base::StrCat(config.data_dir(), "/log");
  std::error_code error;
  if (std::filesystem::exists(log_folder, error) || error) {
    return base::Error(
        base::Reason::kAlreadyExists,
        base::StrCat(config.data_dir(), " holds a log already; restore into an empty folder"));
  }
  std::filesystem::create_directories(config.data_dir(), error);
  // The log comes last: what is interrupted is then no server that lacks its keys.
  IMDI_RETURN_IF_ERROR(RocksDraftStore::RestoreBackup(
      base::StrCat(backup, "/", kBackupDraftsFolder), base::StrCat(config.data_dir(), "/drafts")));
  if (!key_backup.empty()) {
    IMDI_RETURN_IF_ERROR(
        RocksKeyStore::RestoreBackup(key_backup, base::StrCat(config.data_dir(), "/keys")));
  }
  IMDI_RETURN_IF_ERROR(
      RocksResponseLog::RestoreBackup(base::StrCat(backup, "/", kBackupLogFolder), log_folder));

  // What was restored, read back.
  const base::SystemClock clock;
  IMDI_ASSIGN_OR_RETURN(const auto log,
                        RocksResponseLog::Open(OptionsFor(config, "log", nullptr), clock));
  IMDI_ASSIGN_OR_RETURN(const auto keys, RocksKeyStore::Open(OptionsFor(config, "keys", nullptr)));
  Restored restored;
  restored.head = log->Head();
  for (int64_t position = 1; position <= restored.head.position;) {
    IMDI_ASSIGN_OR_RETURN(const auto entries,
                          log->Read(position, storage::kReadEntriesMax, storage::kReadBytesMax));
    if (entries.empty()) break;
    for (const storage::LogEntry& entry : entries) {
      survey::store::v1::Record record;
      if (!record.ParseFromString(entry.bytes) || !record.submission_accepted().has_text())
        continue;
      const survey::store::v1::SubmissionAccepted& accepted = record.submission_accepted();
      const SubmissionName name{accepted.edition(), accepted.unit(), accepted.part(),
                                accepted.revision()};
      IMDI_ASSIGN_OR_RETURN(const auto erased, log->Current(ErasureResource(name)));
      if (erased.has_value()) continue;
      ++restored.texts;
      IMDI_ASSIGN_OR_RETURN(const bool exists, keys->Exists(accepted.text().key_id()));
      if (!exists) ++restored.texts_without_key;
    }
    position = entries.back().position + 1;
  }
  return restored;
}

absl::Status RestoreKeys(const survey::config::v1::IngestionConfig& config,
                         const std::string& key_backup) {
  return storage::rocks::RocksKeyStore::RestoreBackup(key_backup,
                                                      base::StrCat(config.data_dir(), "/keys"));
}

IngestionApp::IngestionApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
IngestionApp::~IngestionApp() = default;

grpc::Service& IngestionApp::edition_service() { return *parts_->edition_rpc; }
grpc::Service& IngestionApp::submission_service() { return *parts_->submission_rpc; }
grpc::Service& IngestionApp::log_service() { return *parts_->log_rpc; }
storage::LogHead IngestionApp::head() const { return parts_->log->Head(); }
Committer::Counters IngestionApp::commit_counters() const { return parts_->committer->counters(); }

std::vector<process::Face> IngestionApp::public_faces() {
  return {{&submission_service(), ingestion_pb::SubmissionService::service_full_name()}};
}

std::vector<process::Face> IngestionApp::internal_faces() {
  return {{&edition_service(), ingestion_pb::EditionService::service_full_name()},
          {&log_service(), ingestion_pb::LogService::service_full_name()}};
}

transport::Readiness IngestionApp::Ready() const {
  if (const absl::Status log = parts_->log->State(); !log.ok())
    return {.not_ready = std::string(base::ToStd(log.message())), .remark = {}};
  // Without keys no text can be taken.
  if (const absl::Status keys = parts_->keys->State(); !keys.ok())
    return {.not_ready = base::StrCat("keys: ", base::ToStd(keys.message())), .remark = {}};
  const absl::Status drafts = parts_->drafts->State();
  return {.not_ready = {},
          .remark = drafts.ok() ? "" : base::StrCat("drafts: ", base::ToStd(drafts.message()))};
}

void IngestionApp::Describe(const base::CallContext& call,
                            survey::status::v1::GetStatusResponse& status) const {
  survey::status::v1::IngestionStatus& out = *status.mutable_ingestion();
  const storage::LogHead head = parts_->log->Head();
  out.mutable_head()->set_log_id(head.log_id);
  out.mutable_head()->set_epoch(head.epoch);
  out.mutable_head()->set_position(head.position);
  if (head.position > 0) out.mutable_head()->set_time_us(absl::ToUnixMicros(head.time));
  if (const absl::Status state = parts_->log->State(); !state.ok())
    out.set_store_problem(std::string(base::ToStd(state.message())));
  for (const auto& [id, edition] : parts_->definitions->catalog()->editions()) {
    const bool open = edition->state == survey::model::v1::EDITION_STATE_OPEN;
    if (!open && edition->reopened.empty()) continue;
    survey::status::v1::OpenEdition& entry = *out.add_open_editions();
    entry.set_name(base::StrCat("editions/", id));
    if (!open) entry.set_reopened_units(static_cast<int32_t>(edition->reopened.size()));
    ingestion_pb::GetCollectionStatusRequest request;
    request.set_edition(entry.name());
    auto units = parts_->collection->Status(call, request);
    if (units.ok()) {
      *entry.mutable_units() = std::move(*units->mutable_total());
    } else {
      status.add_problems(base::StrCat("the units of ", entry.name(),
                                       " could not be counted: ", units.status().message()));
    }
  }
}

void IngestionApp::Finish() {
  parts_->scrubber.reset();
  parts_->scheduler->Stop();
  parts_->committer->Stop();
}

}  // namespace imdi::ingestion
