#include "services/ingestion/backups.h"

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/ingestion/names.h"

namespace imdi::ingestion {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBackupIdBytesMax = 60;

absl::Status CannotWrite(const std::string& folder, const std::error_code& error) {
  return base::Error(base::Reason::kStoreUnavailable,
                     base::StrCat("the backup folder ", folder, ": ", error.message()));
}

}  // namespace

ingestion_pb::Cursor ToCursor(const storage::LogHead& head) {
  ingestion_pb::Cursor cursor;
  cursor.set_log_id(head.log_id);
  cursor.set_epoch(head.epoch);
  cursor.set_position(head.position);
  if (head.position > 0) cursor.set_chain_hash(std::string(base::AsText(head.chain)));
  return cursor;
}

absl::StatusOr<ingestion_pb::CreateBackupResponse> Backups::Create(
    const base::CallContext& call, const ingestion_pb::CreateBackupRequest& request) {
  if (folders_.backup_dir.empty() || folders_.key_backup_dir.empty()) {
    return base::Error(base::Reason::kConfigInvalid,
                       "this server has no folders for backups configured");
  }
  const std::string& id = request.backup_id();
  if (!IsId(id) || id.size() > kBackupIdBytesMax) {
    return base::InvalidField("backup_id", "1 to 60 letters, digits, '-' or '_'");
  }
  // One at a time: each keeps a thread of the executor for as long as the copying takes.
  if (running_.exchange(true)) {
    return base::WithRetryDelay(
        base::Error(base::Reason::kOverloaded, "another backup is being made; try again after it"),
        absl::Milliseconds(base::kShedRetryDelayMs));
  }
  const auto done = absl::MakeCleanup([this] { running_ = false; });

  const std::string folder = base::StrCat(folders_.backup_dir, "/", id);
  const std::string key_folder = base::StrCat(folders_.key_backup_dir, "/", id);
  std::error_code error;
  for (const std::string& one : {folder, key_folder}) {
    if (fs::exists(one, error)) {
      return base::Error(base::Reason::kAlreadyExists,
                         base::StrCat("there is a backup ", id, " already"));
    }
    if (error) return CannotWrite(one, error);
  }
  // The records of the log: keys and drafts are few beside them.
  base::Progress::Run run = progress_.Begin(log_.Head().position);
  auto undo = absl::MakeCleanup([&folder, &key_folder] {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    fs::remove_all(key_folder, ignored);
  });
  for (const std::string& one : {folder, folders_.key_backup_dir}) {
    fs::create_directories(one, error);
    if (error) return CannotWrite(one, error);
  }
  const auto proceed = [&call, &run](int64_t more) {
    run.Add(more);
    return call.CheckStopping();
  };
  ingestion_pb::CreateBackupResponse response;
  IMDI_ASSIGN_OR_RETURN(const storage::LogHead head,
                        log_.Backup(base::StrCat(folder, "/", kBackupLogFolder), proceed));
  run.To(head.position);
  IMDI_RETURN_IF_ERROR(keys_.Backup(key_folder, proceed));
  IMDI_RETURN_IF_ERROR(drafts_.Backup(base::StrCat(folder, "/", kBackupDraftsFolder), proceed));
  std::move(undo).Cancel();
  run.Succeed();
  response.set_path(id);
  response.set_key_path(id);
  *response.mutable_head() = ToCursor(head);
  return response;
}

}  // namespace imdi::ingestion
