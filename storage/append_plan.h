#pragma once

// What Append decides, apart from how an engine stores it: idempotency before revisions, every
// proposal seeing the effect of those before it in the same span.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/response_log.h"

namespace imdi::storage {

// One record to be written, with all its index entries.
struct PlannedRecord {
  size_t proposal = 0;  // Index into the span.
  int64_t position = 0;
  absl::Time time;
  Hash chain{};
};

struct AppendPlan {
  std::vector<AppendOutcome> outcomes;  // One per proposal.
  std::vector<PlannedRecord> records;   // Rising positions.
  LogHead head;                         // After the last record.
};

// What the engine holds at `head`.
struct AppendLookups {
  std::function<absl::StatusOr<std::optional<RequestEntry>>(const std::string& request_key)>
      request;
  std::function<absl::StatusOr<int64_t>(const std::string& resource)> revision;  // 0 = none.
};

// Fails with the first status a lookup fails with, or INVALID_ARGUMENT of CheckProposal.
absl::StatusOr<AppendPlan> PlanAppend(std::span<const Proposal> proposals, const LogHead& head,
                                      absl::Time now, const AppendLookups& lookups);

// Checks and caps of the reading calls, the same for every engine.
absl::Status CheckReadLimits(int64_t from, int64_t max_entries, size_t max_bytes);
absl::Status CheckListLimit(int64_t limit);
absl::Status CheckVerifyRange(int64_t from, int64_t to, int64_t head);
// The name an engine may keep: not empty, within its bound, no NUL.
bool IsResourceName(std::string_view resource);

}  // namespace imdi::storage
