#pragma once

// Resource names at the edge, and the resources under which the log counts revisions.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace imdi::ingestion {

// A unit's part, or one revision of it.
struct SubmissionName {
  std::string edition;   // "KU2017"
  std::string unit;      // "1201"
  std::string part;      // "main"
  int64_t revision = 0;  // 0 = none named: the current one

  // editions/{edition}/submissions/{unit}.{part}[@{revision}]; NAME_INVALID otherwise. `collection`
  // may be "drafts".
  static absl::StatusOr<SubmissionName> Parse(std::string_view name,
                                              std::string_view collection = "submissions");
  std::string WithoutRevision() const;
  std::string Full() const;
};

// "KU2017" out of "editions/KU2017"; NAME_INVALID otherwise.
absl::StatusOr<std::string> ParseEditionName(std::string_view name);

// Letters, digits, '-' and '_', 1–64 bytes: what an id in a name may be.
bool IsId(std::string_view text);
// 1–64 printable ASCII characters without space.
absl::Status CheckRequestId(std::string_view request_id);

// Resources of the log. Each prefix is one kind of revision counter.
inline constexpr std::string_view kDefinitionPrefix = "definition/";
inline constexpr std::string_view kStatePrefix = "state/";
inline constexpr std::string_view kErasurePrefix = "erasure/";
std::string DefinitionResource(std::string_view name);
std::string ItemsResource(std::string_view survey);
std::string StateResource(std::string_view edition);
std::string DispositionPrefix(std::string_view edition);
std::string DispositionResource(std::string_view edition, std::string_view unit);
std::string SubmissionPrefix(std::string_view edition);
std::string SubmissionResource(const SubmissionName& name);
std::string ErasureResource(const SubmissionName& name);
// Published releases of an edition: the revision is the number of the latest.
std::string ReleasesResource(std::string_view edition);
// Buildings of releases begun for an edition: advanced by the first part of each, so that only the
// last one can be closed.
std::string ReleaseBuildsResource(std::string_view edition);
// Parts of one building: the revision is how many there are.
std::string ReleasePartsResource(std::string_view edition, std::string_view build_id);

// A request id belongs to (organisation, method).
std::string RequestKey(std::string_view actor, std::string_view method,
                       std::string_view request_id);

}  // namespace imdi::ingestion
