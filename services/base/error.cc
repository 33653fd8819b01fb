#include "services/base/error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "services/base/encoding.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

constexpr std::string_view kPayloadUrl = "imdi.survey/ErrorInfo";

struct Row {
  Reason reason;
  std::string_view name;
  absl::StatusCode code;
};

using enum absl::StatusCode;
constexpr std::array kRows = {
    Row{Reason::kInvalidArgument, "INVALID_ARGUMENT", kInvalidArgument},
    Row{Reason::kFieldInvalid, "FIELD_INVALID", kInvalidArgument},
    Row{Reason::kUndecodableRequest, "UNDECODABLE_REQUEST", kInvalidArgument},
    Row{Reason::kNestingTooDeep, "NESTING_TOO_DEEP", kInvalidArgument},
    Row{Reason::kInvalidUtf8, "INVALID_UTF8", kInvalidArgument},
    Row{Reason::kNameInvalid, "NAME_INVALID", kInvalidArgument},
    Row{Reason::kDeadlineRequired, "DEADLINE_REQUIRED", kInvalidArgument},
    Row{Reason::kPageTokenInvalid, "PAGE_TOKEN_INVALID", kInvalidArgument},
    Row{Reason::kDefinitionInvalid, "DEFINITION_INVALID", kInvalidArgument},
    Row{Reason::kDefinitionChangeRefused, "DEFINITION_CHANGE_REFUSED", kFailedPrecondition},
    Row{Reason::kUnknownResource, "UNKNOWN_RESOURCE", kNotFound},
    Row{Reason::kCellNotInRelease, "CELL_NOT_IN_RELEASE", kNotFound},
    Row{Reason::kEditionNotOpen, "EDITION_NOT_OPEN", kFailedPrecondition},
    Row{Reason::kEditionClosed, "EDITION_CLOSED", kFailedPrecondition},
    Row{Reason::kUnitOutOfFrame, "UNIT_OUT_OF_FRAME", kFailedPrecondition},
    Row{Reason::kQuestionnaireSuperseded, "QUESTIONNAIRE_SUPERSEDED", kFailedPrecondition},
    Row{Reason::kStaleRevision, "STALE_REVISION", kAborted},
    Row{Reason::kRequestIdReused, "REQUEST_ID_REUSED", kAlreadyExists},
    Row{Reason::kDraftChanged, "DRAFT_CHANGED", kAborted},
    Row{Reason::kQueueFull, "QUEUE_FULL", kUnavailable},
    Row{Reason::kOverloaded, "OVERLOADED", kUnavailable},
    Row{Reason::kTooLarge, "TOO_LARGE", kResourceExhausted},
    Row{Reason::kQuotaExhausted, "QUOTA_EXHAUSTED", kResourceExhausted},
    Row{Reason::kStorePoisoned, "STORE_POISONED", kUnavailable},
    Row{Reason::kDiskFull, "DISK_FULL", kUnavailable},
    Row{Reason::kStoreCorrupt, "STORE_CORRUPT", kDataLoss},
    Row{Reason::kFormatTooNew, "FORMAT_TOO_NEW", kFailedPrecondition},
    Row{Reason::kStoreLocked, "STORE_LOCKED", kFailedPrecondition},
    Row{Reason::kLogDiverged, "LOG_DIVERGED", kFailedPrecondition},
    Row{Reason::kUnknownRecordKind, "UNKNOWN_RECORD_KIND", kFailedPrecondition},
    Row{Reason::kNotYetFolded, "NOT_YET_FOLDED", kUnavailable},
    Row{Reason::kSnapshotGone, "SNAPSHOT_GONE", kAborted},
    Row{Reason::kDisclosureControlMissing, "DISCLOSURE_CONTROL_MISSING", kFailedPrecondition},
    Row{Reason::kTextErased, "TEXT_ERASED", kFailedPrecondition},
    Row{Reason::kKeyMissing, "KEY_MISSING", kDataLoss},
    Row{Reason::kCommitUnknown, "COMMIT_UNKNOWN", kUnavailable},
    Row{Reason::kTooManyFollowers, "TOO_MANY_FOLLOWERS", kResourceExhausted},
    Row{Reason::kTooManyWaiters, "TOO_MANY_WAITERS", kUnavailable},
    Row{Reason::kShuttingDown, "SHUTTING_DOWN", kUnavailable},
    Row{Reason::kDeadlineExceeded, "DEADLINE_EXCEEDED", kDeadlineExceeded},
    Row{Reason::kCancelled, "CANCELLED", kCancelled},
    Row{Reason::kPermissionDenied, "PERMISSION_DENIED", kPermissionDenied},
    Row{Reason::kInternal, "INTERNAL", kInternal},
    Row{Reason::kStoreUnavailable, "STORE_UNAVAILABLE", kUnavailable},
    Row{Reason::kConfigInvalid, "CONFIG_INVALID", kInvalidArgument},
    Row{Reason::kListenRefused, "LISTEN_REFUSED", kFailedPrecondition},
    Row{Reason::kEditionStateConflict, "EDITION_STATE_CONFLICT", kFailedPrecondition},
    Row{Reason::kAlreadyExists, "ALREADY_EXISTS", kAlreadyExists},
    Row{Reason::kMethodNotOffered, "METHOD_NOT_OFFERED", kUnimplemented},
    Row{Reason::kReleaseIncomplete, "RELEASE_INCOMPLETE", kFailedPrecondition},
    Row{Reason::kReleaseDiffers, "RELEASE_DIFFERS", kFailedPrecondition},
    Row{Reason::kReleaseUnchanged, "RELEASE_UNCHANGED", kFailedPrecondition},
    Row{Reason::kWeightsNotConverged, "WEIGHTS_NOT_CONVERGED", kFailedPrecondition},
    Row{Reason::kNegativeWeight, "NEGATIVE_WEIGHT", kFailedPrecondition},
    Row{Reason::kMarginUnreachable, "MARGIN_UNREACHABLE", kFailedPrecondition},
};

constexpr auto kReasons = [] {
  std::array<Reason, kRows.size()> reasons{};
  for (size_t i = 0; i < kRows.size(); ++i) reasons[i] = kRows[i].reason;
  return reasons;
}();

// Row i holds reason i + 1, so that a reason finds its row without a search.
constexpr bool RowsAreInOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<size_t>(kRows[i].reason) != i + 1) return false;
  }
  return true;
}
static_assert(RowsAreInOrder());

const Row* RowOf(Reason reason) {
  const auto number = static_cast<size_t>(reason);
  return number >= 1 && number <= kRows.size() ? &kRows[number - 1] : nullptr;
}

std::string Encode(const ErrorInfo& info) {
  std::string out;
  PutU32(out, static_cast<uint32_t>(info.reason));
  PutU64(out, static_cast<uint64_t>(info.violation_count));
  PutU64(out, static_cast<uint64_t>(absl::ToInt64Milliseconds(info.retry_delay)));
  PutU32(out, static_cast<uint32_t>(info.metadata.size()));
  for (const auto& [key, value] : info.metadata) {
    PutBytes(out, key);
    PutBytes(out, value);
  }
  PutU32(out, static_cast<uint32_t>(info.violations.size()));
  for (const FieldViolation& violation : info.violations) {
    PutBytes(out, violation.field);
    PutBytes(out, violation.description);
  }
  return out;
}

ErrorInfo Decode(std::string_view bytes) {
  ErrorInfo info;
  ByteReader reader(bytes);
  uint32_t reason = 0, count = 0;
  uint64_t violations = 0, delay = 0;
  reader.ReadU32(reason);
  reader.ReadU64(violations);
  reader.ReadU64(delay);
  info.reason = static_cast<Reason>(reason);
  info.violation_count = static_cast<int64_t>(violations);
  info.retry_delay = absl::Milliseconds(static_cast<int64_t>(delay));
  std::string_view first, second;
  reader.ReadU32(count);
  for (uint32_t i = 0; i < count && reader.ReadBytes(first) && reader.ReadBytes(second); ++i) {
    info.metadata.emplace(first, second);
  }
  reader.ReadU32(count);
  for (uint32_t i = 0; i < count && reader.ReadBytes(first) && reader.ReadBytes(second); ++i) {
    info.violations.push_back({std::string(first), std::string(second)});
  }
  return info;
}

std::string Cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<uint8_t>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max));
}

absl::Status Make(absl::StatusCode code, std::string_view message, const ErrorInfo& info) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(ToAbsl(kPayloadUrl), absl::Cord(Encode(info)));
  return status;
}

template <typename Change>
absl::Status Changed(const absl::Status& status, const Change& change) {
  if (status.ok()) return status;
  ErrorInfo info = InfoOf(status);
  change(info);
  absl::Status out = status;
  out.SetPayload(ToAbsl(kPayloadUrl), absl::Cord(Encode(info)));
  return out;
}

}  // namespace

absl::Status Error(Reason reason, std::string_view message) {
  ErrorInfo info;
  info.reason = reason;
  return Error(std::move(info), message);
}

absl::Status Error(ErrorInfo info, std::string_view message) {
  info.violation_count =
      std::max(info.violation_count, static_cast<int64_t>(info.violations.size()));
  if (info.violations.size() > static_cast<size_t>(kViolationsMax)) {
    info.violations.resize(static_cast<size_t>(kViolationsMax));
  }
  for (FieldViolation& violation : info.violations) {
    violation.field = Cut(violation.field, kViolationBytesMax);
    violation.description = Cut(violation.description, kViolationBytesMax);
  }
  info.retry_delay = absl::Floor(info.retry_delay, absl::Milliseconds(1));
  return Make(CanonicalCode(info.reason), Cut(message, kErrorMessageBytesMax), info);
}

absl::Status InvalidFields(std::vector<FieldViolation> violations) {
  std::string message = "the request has invalid fields";
  if (!violations.empty()) {
    message = StrCat(violations.front().field, ": ", violations.front().description);
    if (violations.size() > 1) StrAppend(message, " (and ", violations.size() - 1, " more)");
  }
  ErrorInfo info;
  info.reason = Reason::kFieldInvalid;
  info.violations = std::move(violations);
  return Error(std::move(info), message);
}

absl::Status InvalidField(std::string_view field, std::string_view description) {
  return InvalidFields({{std::string(field), std::string(description)}});
}

absl::Status WithMetadata(absl::Status status, std::string_view key, std::string_view value) {
  return Changed(status, [&](ErrorInfo& info) { info.metadata[std::string(key)] = value; });
}

absl::Status WithRetryDelay(absl::Status status, absl::Duration delay) {
  return Changed(status, [&](ErrorInfo& info) {
    info.retry_delay = absl::Floor(delay, absl::Milliseconds(1));
  });
}

Reason ReasonOf(const absl::Status& status) { return InfoOf(status).reason; }

ErrorInfo InfoOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(ToAbsl(kPayloadUrl));
  if (!payload.has_value()) return {};
  return Decode(std::string(*payload));
}

std::span<const Reason> AllReasons() { return kReasons; }

std::string_view Name(Reason reason) {
  const Row* row = RowOf(reason);
  return row == nullptr ? "UNSPECIFIED" : row->name;
}

Reason ReasonFromName(std::string_view name) {
  const auto found = std::ranges::find(kRows, name, &Row::name);
  return found == kRows.end() ? Reason::kUnspecified : found->reason;
}

absl::StatusCode CanonicalCode(Reason reason) {
  const Row* row = RowOf(reason);
  return row == nullptr ? absl::StatusCode::kUnknown : row->code;
}

bool IsRetryable(const absl::Status& status) { return absl::IsUnavailable(status); }

absl::Status Sample(Reason reason) {
  ErrorInfo info;
  info.reason = reason;
  info.metadata = {{"resource", "editions/KU2017"}};
  if (CanonicalCode(reason) == absl::StatusCode::kUnavailable)
    info.retry_delay = absl::Milliseconds(kShedRetryDelayMs);
  if (reason == Reason::kFieldInvalid) info.violations = {{"request_id", "is required"}};
  return Error(std::move(info), StrCat("a sample of ", Name(reason)));
}

}  // namespace imdi::base
