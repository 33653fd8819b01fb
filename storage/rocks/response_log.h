#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/base/clock.h"
#include "services/base/mutex.h"
#include "storage/head_listeners.h"
#include "storage/response_log.h"
#include "storage/rocks/options.h"
#include "storage/rocks/revision_cache.h"
#include "storage/store_stats.h"

namespace imdi::storage::rocks {

class Database;
class Handle;
class Watermark;
struct WatermarkSlot;

// The log in a data folder of its own (SCHEMA.md). One synced batch per Append, then the watermark,
// then the answer. A store that cannot show that it holds everything it acknowledged does not open.
class RocksResponseLog final : public ResponseLog {
 public:
  // Opens the log in `options.path`, or makes one. Verifies the chain from the last sealed
  // checkpoint to the head and compares it with the watermark. STORE_LOCKED, FORMAT_TOO_NEW
  // (nothing was written), STORE_CORRUPT, DISK_FULL or STORE_UNAVAILABLE. `clock` must outlive the
  // log.
  static absl::StatusOr<std::unique_ptr<RocksResponseLog>> Open(const RocksOptions& options,
                                                                const base::Clock& clock);
  // Seals a checkpoint when all is well, so that the next start has nothing to verify.
  ~RocksResponseLog() override;

  absl::StatusOr<std::vector<AppendOutcome>> Append(std::span<const Proposal> proposals) override;
  LogHead Head() const override;
  absl::StatusOr<std::vector<LogEntry>> Read(int64_t from, int64_t max_entries,
                                             size_t max_bytes) const override;
  absl::StatusOr<std::optional<ResourceRevision>> Current(std::string_view resource) const override;
  bool IsAtHand(std::string_view resource) const override;
  absl::StatusOr<std::optional<ResourceRevision>> AtRevision(std::string_view resource,
                                                             int64_t revision) const override;
  absl::StatusOr<std::vector<ResourceRevision>> ListCurrent(std::string_view prefix,
                                                            std::string_view after_resource,
                                                            int64_t limit) const override;
  absl::StatusOr<std::vector<ResourceRevision>> ListRevisions(std::string_view resource,
                                                              int64_t after_revision,
                                                              int64_t limit) const override;
  absl::StatusOr<std::optional<RequestEntry>> FindRequest(
      std::string_view request_key) const override;
  absl::Status VerifyChain(int64_t from, int64_t to) const override;
  absl::Status State() const override;
  StoreStats Stats() const;
  absl::StatusOr<LogHead> Backup(const std::string& directory, const Proceed& proceed) override;
  int64_t AddHeadListener(HeadListener listener) override;
  void RemoveHeadListener(int64_t id) override;

  // Verifies up to `max_records` from position `from` on, reading from the disk rather than from
  // the cache. The caller paces it. Damage ends acknowledging and serving.
  struct Scrubbed {
    int64_t next = 1;     // Where to go on; 1 again after the head.
    int64_t records = 0;  // Verified by this call.
    int64_t bytes = 0;    // Their payloads.
  };
  absl::StatusOr<Scrubbed> Scrub(int64_t from, int64_t max_records);

  // Makes a log in `target_directory` (which must be empty or missing) from a backup: every file
  // compared with the backup's list, the whole chain verified, the epoch raised by one. Followers
  // of the old epoch notice where the two logs part.
  static absl::Status RestoreBackup(const std::string& backup_directory,
                                    const std::string& target_directory,
                                    std::shared_ptr<rocksdb::FileSystem> file_system = nullptr);

 private:
  RocksResponseLog(const RocksOptions& options, const base::Clock& clock);

  absl::Status Start();
  absl::Status GiveBirth(Handle& handle);
  // After a full disk: opens the store again and finds out what it holds.
  absl::Status Recover();
  absl::Status VerifyAgainstWatermark(Handle& handle, std::optional<WatermarkSlot>& newest,
                                      LogHead& head) const;
  absl::Status CatchUpWatermark(const WatermarkSlot& newest, const LogHead& head)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mutex_);
  void Seal();
  void CrashPoint(std::string_view point) const;
  // Makes everything up to `head` visible: to Head and to Current at once.
  void Publish(const LogHead& head);
  void Publish(const LogHead& head, std::span<const ResourceRevision> advanced);
  int64_t HeadPosition() const;
  absl::StatusOr<std::optional<ResourceRevision>> CurrentAsOf(const Handle& handle,
                                                              std::string_view resource,
                                                              int64_t revision, int64_t position,
                                                              int64_t head) const;
  absl::Status VerifyRange(const Handle& handle, int64_t from, int64_t to, bool past_cache,
                           int64_t* bytes) const;

  const base::Clock& clock_;
  const RocksOptions options_;
  HeadListeners listeners_;
  std::unique_ptr<Database> database_;

  base::Mutex write_mutex_;  // Held through a whole append, and while the store is reopened.
  std::unique_ptr<Watermark> watermark_ ABSL_GUARDED_BY(write_mutex_);
  int64_t sealed_position_ ABSL_GUARDED_BY(write_mutex_) = 0;

  mutable RevisionCache revisions_;
  mutable base::Mutex head_mutex_;
  LogHead head_ ABSL_GUARDED_BY(head_mutex_);
};

// The log's records between two sealed checkpoints: what a start after a crash verifies at most,
// besides one batch.
inline constexpr int64_t kCheckpointEveryRecords = 10'000;

}  // namespace imdi::storage::rocks
