#include "storage/memory/response_log.h"

#include <algorithm>

#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "storage/append_plan.h"

namespace imdi::storage::memory {

using base::Error;
using base::MutexLock;
using base::Reason;

MemoryResponseLog::MemoryResponseLog(const base::Clock& clock) : clock_(clock) {
  head_.log_id = base::RandomId();
  head_.chain = GenesisChain(head_.log_id);
}

absl::StatusOr<std::vector<AppendOutcome>> MemoryResponseLog::Append(
    std::span<const Proposal> proposals) {
  LogHead head;
  std::vector<AppendOutcome> outcomes;
  {
    MutexLock lock(mutex_);
    IMDI_RETURN_IF_ERROR(state_);
    const auto* const requests = &requests_;  // The lambdas run under the lock held here.
    const auto* const revisions = &revisions_;
    const AppendLookups lookups = {
        .request =
            [requests](const std::string& key) -> absl::StatusOr<std::optional<RequestEntry>> {
          const auto it = requests->find(key);
          if (it == requests->end()) return std::optional<RequestEntry>();
          return std::optional<RequestEntry>(it->second);
        },
        .revision = [revisions](const std::string& resource) -> absl::StatusOr<int64_t> {
          const auto it = revisions->find(resource);
          return it == revisions->end() ? 0 : static_cast<int64_t>(it->second.size());
        }};
    IMDI_ASSIGN_OR_RETURN(AppendPlan plan, PlanAppend(proposals, head_, clock_.Now(), lookups));
    for (const PlannedRecord& record : plan.records) {
      const Proposal& proposal = proposals[record.proposal];
      entries_.push_back({record.position, record.time, record.chain, proposal.bytes});
      if (!proposal.request_key.empty()) {
        requests_.emplace(proposal.request_key,
                          RequestEntry{record.position, proposal.fingerprint});
      }
      for (const Dependency& dependency : proposal.depends_on) {
        if (dependency.advances) revisions_[dependency.resource].push_back(record.position);
      }
    }
    outcomes = std::move(plan.outcomes);
    if (plan.records.empty()) return outcomes;
    head_ = head = std::move(plan.head);
  }
  listeners_.Notify(head);
  return outcomes;
}

LogHead MemoryResponseLog::Head() const {
  MutexLock lock(mutex_);
  return head_;
}

absl::StatusOr<std::vector<LogEntry>> MemoryResponseLog::Read(int64_t from, int64_t max_entries,
                                                              size_t max_bytes) const {
  IMDI_RETURN_IF_ERROR(CheckReadLimits(from, max_entries, max_bytes));
  max_entries = std::min(max_entries, kReadEntriesMax);
  max_bytes = std::min(max_bytes, kReadBytesMax);
  MutexLock lock(mutex_);
  std::vector<LogEntry> read;
  size_t bytes = 0;
  for (int64_t position = from; position <= head_.position; ++position) {
    const LogEntry& entry = entries_[static_cast<size_t>(position - 1)];
    bytes += entry.bytes.size();
    if (!read.empty() && (static_cast<int64_t>(read.size()) >= max_entries || bytes > max_bytes))
      break;
    read.push_back(entry);
  }
  return read;
}

absl::StatusOr<std::optional<ResourceRevision>> MemoryResponseLog::Current(
    std::string_view resource) const {
  MutexLock lock(mutex_);
  const auto it = revisions_.find(resource);
  if (it == revisions_.end()) return std::optional<ResourceRevision>();
  return std::optional<ResourceRevision>(
      {it->first, static_cast<int64_t>(it->second.size()), it->second.back()});
}

absl::StatusOr<std::optional<ResourceRevision>> MemoryResponseLog::AtRevision(
    std::string_view resource, int64_t revision) const {
  MutexLock lock(mutex_);
  const auto it = revisions_.find(resource);
  if (it == revisions_.end() || revision < 1 ||
      revision > static_cast<int64_t>(it->second.size())) {
    return std::optional<ResourceRevision>();
  }
  return std::optional<ResourceRevision>(
      {it->first, revision, it->second[static_cast<size_t>(revision - 1)]});
}

absl::StatusOr<std::vector<ResourceRevision>> MemoryResponseLog::ListCurrent(
    std::string_view prefix, std::string_view after_resource, int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  MutexLock lock(mutex_);
  std::vector<ResourceRevision> list;
  auto it = after_resource < prefix ? revisions_.lower_bound(prefix)
                                    : revisions_.upper_bound(after_resource);
  if (after_resource.empty()) it = revisions_.lower_bound(prefix);
  for (; it != revisions_.end() && it->first.starts_with(prefix) &&
         static_cast<int64_t>(list.size()) < limit;
       ++it) {
    list.push_back({it->first, static_cast<int64_t>(it->second.size()), it->second.back()});
  }
  return list;
}

absl::StatusOr<std::vector<ResourceRevision>> MemoryResponseLog::ListRevisions(
    std::string_view resource, int64_t after_revision, int64_t limit) const {
  IMDI_RETURN_IF_ERROR(CheckListLimit(limit));
  MutexLock lock(mutex_);
  std::vector<ResourceRevision> list;
  const auto it = revisions_.find(resource);
  if (it == revisions_.end()) return list;
  const int64_t count = static_cast<int64_t>(it->second.size());
  for (int64_t revision = std::max<int64_t>(after_revision, 0);
       revision < count && static_cast<int64_t>(list.size()) < limit; ++revision) {
    list.push_back({it->first, revision + 1, it->second[static_cast<size_t>(revision)]});
  }
  return list;
}

absl::StatusOr<std::optional<RequestEntry>> MemoryResponseLog::FindRequest(
    std::string_view request_key) const {
  MutexLock lock(mutex_);
  const auto it = requests_.find(request_key);
  if (it == requests_.end()) return std::optional<RequestEntry>();
  return std::optional<RequestEntry>(it->second);
}

absl::Status MemoryResponseLog::VerifyChain(int64_t from, int64_t to) const {
  MutexLock lock(mutex_);
  IMDI_RETURN_IF_ERROR(CheckVerifyRange(from, to, head_.position));
  Hash chain =
      from == 1 ? GenesisChain(head_.log_id) : entries_[static_cast<size_t>(from - 2)].chain;
  for (int64_t position = from; position <= to; ++position) {
    const LogEntry& entry = entries_[static_cast<size_t>(position - 1)];
    chain = NextChain(chain, position, entry.time, entry.bytes);
    if (chain != entry.chain) {
      return Error(Reason::kStoreCorrupt,
                   base::StrCat("the chain of the log breaks at position ", position));
    }
  }
  return absl::OkStatus();
}

absl::Status MemoryResponseLog::State() const {
  MutexLock lock(mutex_);
  return state_;
}

absl::StatusOr<LogHead> MemoryResponseLog::Backup(const std::string&, const Proceed&) {
  return Error(Reason::kMethodNotOffered, "a log in memory has nothing to back up");
}

int64_t MemoryResponseLog::AddHeadListener(HeadListener listener) {
  return listeners_.Add(std::move(listener));
}
void MemoryResponseLog::RemoveHeadListener(int64_t id) { listeners_.Remove(id); }

void MemoryResponseLog::FailAppendsWith(absl::Status state) {
  MutexLock lock(mutex_);
  state_ = std::move(state);
}

}  // namespace imdi::storage::memory
