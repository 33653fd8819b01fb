#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/base/clock.h"
#include "services/base/mutex.h"
#include "storage/head_listeners.h"
#include "storage/response_log.h"

namespace imdi::storage::memory {

// The log of a unit test: passes the contract of the real one, keeps nothing. `clock` must outlive
// it.
class MemoryResponseLog final : public ResponseLog {
 public:
  explicit MemoryResponseLog(const base::Clock& clock);

  absl::StatusOr<std::vector<AppendOutcome>> Append(std::span<const Proposal> proposals) override;
  LogHead Head() const override;
  absl::StatusOr<std::vector<LogEntry>> Read(int64_t from, int64_t max_entries,
                                             size_t max_bytes) const override;
  absl::StatusOr<std::optional<ResourceRevision>> Current(std::string_view resource) const override;
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
  absl::StatusOr<LogHead> Backup(const std::string& directory, const Proceed& proceed) override;
  int64_t AddHeadListener(HeadListener listener) override;
  void RemoveHeadListener(int64_t id) override;

  // From now on every Append fails with `state` and appends nothing; OK ends it. For tests of
  // callers.
  void FailAppendsWith(absl::Status state);

 private:
  const base::Clock& clock_;
  HeadListeners listeners_;
  mutable base::Mutex mutex_;
  LogHead head_ ABSL_GUARDED_BY(mutex_);
  absl::Status state_ ABSL_GUARDED_BY(mutex_);
  std::vector<LogEntry> entries_ ABSL_GUARDED_BY(mutex_);  // entries_[position - 1]
  std::map<std::string, RequestEntry, std::less<>> requests_ ABSL_GUARDED_BY(mutex_);
  // Positions of revisions 1, 2, 3 ... of each resource.
  std::map<std::string, std::vector<int64_t>, std::less<>> revisions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::storage::memory
