#pragma once

// Reads submissions back out of the log: one revision, its answers under its own questionnaire
// version, a unit's current response over all parts.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/model/v1/submission.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/domain/answer_set.h"
#include "services/domain/derivation.h"
#include "services/domain/survey_catalog.h"
#include "services/ingestion/answers_cache.h"
#include "services/ingestion/names.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

// One revision as it lies in the log.
struct StoredSubmission {
  SubmissionName name;  // With its revision.
  storage::LogEntry entry;
  survey::store::v1::Record record;

  bool withdrawn() const { return record.has_submission_withdrawn(); }
  const survey::store::v1::SubmissionAccepted& accepted() const {
    return record.submission_accepted();
  }
};

// The revision named, or the current one where none is named. UNKNOWN_RESOURCE when there is none.
absl::StatusOr<StoredSubmission> FindSubmission(const storage::ResponseLog& log,
                                                const SubmissionName& name);
absl::StatusOr<StoredSubmission> SubmissionAt(const storage::ResponseLog& log, SubmissionName name,
                                              int64_t position);

// The answers under the questionnaire version that they were given under. DATA_LOSS when they do
// not unpack.
absl::StatusOr<domain::AnswerSet> AnswersOf(const StoredSubmission& submission,
                                            const domain::Catalog::EditionEntry& edition);

// The current answers of a unit over all its parts, read under `questionnaire` (a version of the
// same edition), and which parts there are.
struct CurrentResponse {
  domain::AnswerSet answers;
  domain::PartMask submitted = 0;
  std::vector<bool> fielded;
};
// `positions` are those of the unit's current submissions, by part id; `without_part` is left out.
// With `recent`, records found there are not read again.
absl::StatusOr<CurrentResponse> ReadResponse(const storage::ResponseLog& log,
                                             const domain::Catalog::EditionEntry& edition,
                                             const domain::Catalog::QuestionnaireVersion& version,
                                             std::string_view unit,
                                             const std::map<std::string, int64_t>& positions,
                                             std::string_view without_part = {},
                                             AnswersCache* recent = nullptr);
// Positions of a unit's current submissions by part id.
absl::StatusOr<std::map<std::string, int64_t>> CurrentParts(
    const storage::ResponseLog& log, const domain::Catalog::EditionEntry& edition,
    std::string_view unit);

}  // namespace imdi::ingestion
