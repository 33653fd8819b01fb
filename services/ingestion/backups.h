#pragma once

// Backups of everything that ingestion keeps, while it serves:
//
//   <backup_dir>/<id>/log      the log
//   <backup_dir>/<id>/drafts   the drafts; written last, so that a whole one means a whole backup
//   <key_backup_dir>/<id>      the keys of the texts, apart from both
//
// Each is a verified copy with a list of its files (storage/SCHEMA.md). The keys are copied after
// the log, so they hold every key that the log in the backup needs, but for texts that were erased
// in between.

#include <atomic>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/base/call_context.h"
#include "services/base/progress.h"
#include "storage/draft_store.h"
#include "storage/key_store.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

namespace ingestion_pb = survey::ingestion::v1;

inline constexpr std::string_view kBackupLogFolder = "log";
inline constexpr std::string_view kBackupDraftsFolder = "drafts";

// Where a log ends, or a follower stands.
ingestion_pb::Cursor ToCursor(const storage::LogHead& head);

// Thread-safe; the stores must outlive it.
class Backups {
 public:
  struct Folders {
    std::string backup_dir;      // Empty = backups are refused.
    std::string key_backup_dir;  // Empty = backups are refused.
  };
  Backups(storage::ResponseLog& log, storage::KeyStore& keys, storage::DraftStore& drafts,
          Folders folders, base::Progress& progress)
      : log_(log),
        keys_(keys),
        drafts_(drafts),
        folders_(std::move(folders)),
        progress_(progress) {}

  // Nothing of a backup that fails is left. It goes on when its caller has gone, and ends at the
  // next step with SHUTTING_DOWN when the process stops. FIELD_INVALID for the id, CONFIG_INVALID
  // without folders, ALREADY_EXISTS, OVERLOADED while another one is being made, and what the
  // stores say.
  absl::StatusOr<ingestion_pb::CreateBackupResponse> Create(
      const base::CallContext& call, const ingestion_pb::CreateBackupRequest& request);

 private:
  storage::ResponseLog& log_;
  storage::KeyStore& keys_;
  storage::DraftStore& drafts_;
  const Folders folders_;
  base::Progress& progress_;
  std::atomic<bool> running_ = false;
};

}  // namespace imdi::ingestion
