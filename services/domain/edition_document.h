#pragma once

// What may stand in the document of an edition.

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "imdi/survey/model/v1/edition.pb.h"
#include "services/domain/types.h"

namespace imdi::domain {

inline constexpr size_t kScheduledTransitionsMax = 50;  // Of an edition; refuse with a finding.

// When a scheduled transition is due; none unless it is an RFC 3339 time in UTC.
std::optional<absl::Time> TimeOf(const model::ScheduledTransition& transition);

// YYYY-MM-DD, and a day that there is.
bool IsDate(std::string_view text);

// What can be said of an edition by itself: name, texts, parts, schedule.
DefinitionFindings CheckEdition(const model::Edition& edition);

}  // namespace imdi::domain
