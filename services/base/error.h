#pragma once

// Errors of the whole project: an absl::Status whose payload says which rule was met (Reason),
// about what (metadata, field violations) and when to come back (retry delay). Callers branch on
// the reason, never on the text. The transport carries all of it over gRPC and back without loss.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace imdi::base {

// Mirrors imdi.survey.error.v1.Reason: same numbers, kFoo here is REASON_FOO there (a test
// compares). reason.proto is the documentation: what each means and what the caller should do.
enum class Reason : int32_t {
  kUnspecified = 0,
  kInvalidArgument = 1,
  kFieldInvalid = 2,
  kUndecodableRequest = 3,
  kNestingTooDeep = 4,
  kInvalidUtf8 = 5,
  kNameInvalid = 6,
  kDeadlineRequired = 7,
  kPageTokenInvalid = 8,
  kDefinitionInvalid = 9,
  kDefinitionChangeRefused = 10,
  kUnknownResource = 11,
  kCellNotInRelease = 12,
  kEditionNotOpen = 13,
  kEditionClosed = 14,
  kUnitOutOfFrame = 15,
  kQuestionnaireSuperseded = 16,
  kStaleRevision = 17,
  kRequestIdReused = 18,
  kDraftChanged = 19,
  kQueueFull = 20,
  kOverloaded = 21,
  kTooLarge = 22,
  kQuotaExhausted = 23,
  kStorePoisoned = 24,
  kDiskFull = 25,
  kStoreCorrupt = 26,
  kFormatTooNew = 27,
  kStoreLocked = 28,
  kLogDiverged = 29,
  kUnknownRecordKind = 30,
  kNotYetFolded = 31,
  kSnapshotGone = 32,
  kDisclosureControlMissing = 33,
  kTextErased = 34,
  kKeyMissing = 35,
  kCommitUnknown = 36,
  kTooManyFollowers = 37,
  kTooManyWaiters = 38,
  kShuttingDown = 39,
  kDeadlineExceeded = 40,
  kCancelled = 41,
  kPermissionDenied = 42,
  kInternal = 43,
  kStoreUnavailable = 44,
  kConfigInvalid = 45,
  kListenRefused = 46,
  kEditionStateConflict = 47,
  kAlreadyExists = 48,
  kMethodNotOffered = 49,
  kReleaseIncomplete = 50,
  kReleaseDiffers = 51,
  kReleaseUnchanged = 52,
  kWeightsNotConverged = 53,
  kNegativeWeight = 54,
  kMarginUnreachable = 55,
};

// One faulty place of a request: `field` is a path ("answers[3].item"), `description` says what is
// wrong with it and what would be right.
struct FieldViolation {
  std::string field;
  std::string description;
  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// What a status carries beside code and message.
struct ErrorInfo {
  Reason reason = Reason::kUnspecified;
  std::map<std::string, std::string> metadata;  // Sorted, so that equal errors have equal bytes.
  std::vector<FieldViolation> violations;       // At most kViolationsMax, the first in order.
  int64_t violation_count = 0;                  // The true count, also of those left out.
  absl::Duration retry_delay = absl::ZeroDuration();  // Zero: no advice. Millisecond resolution.
  friend bool operator==(const ErrorInfo&, const ErrorInfo&) = default;
};

// An error with the canonical code of its reason. `message` is for the caller: rule, subject,
// remedy. For Reason::kInternal the text never leaves the process: the transport logs it beside an
// incident id.
absl::Status Error(Reason reason, std::string_view message);

// The same with everything it can carry. Violations beyond kViolationsMax are cut here and
// violation_count is raised to the number given, if it was smaller.
absl::Status Error(ErrorInfo info, std::string_view message);

// FIELD_INVALID naming every violation (cut at kViolationsMax, counted in full).
absl::Status InvalidFields(std::vector<FieldViolation> violations);
// FIELD_INVALID for a single place.
absl::Status InvalidField(std::string_view field, std::string_view description);

// `status` with one more metadata entry, violation or retry delay. A status that is OK stays OK.
absl::Status WithMetadata(absl::Status status, std::string_view key, std::string_view value);
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// The reason of a status made by Error; kUnspecified for every other status, OK included.
Reason ReasonOf(const absl::Status& status);
// Everything a status carries; empty for a status that was not made by Error.
ErrorInfo InfoOf(const absl::Status& status);

// Every reason except kUnspecified, in numeric order.
std::span<const Reason> AllReasons();
// "EDITION_CLOSED"; "UNSPECIFIED" for a number without a name.
std::string_view Name(Reason reason);
// The inverse of Name; kUnspecified when there is none.
Reason ReasonFromName(std::string_view name);
absl::StatusCode CanonicalCode(Reason reason);
// True when the same call may succeed later unchanged (its code is UNAVAILABLE).
bool IsRetryable(const absl::Status& status);
// A typical error of that reason, for tests and documentation.
absl::Status Sample(Reason reason);

}  // namespace imdi::base
