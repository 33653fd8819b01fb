#pragma once

// How fast counts follow from stored answers: packed answers are unpacked, what follows from them
// is derived, and the unit's column of the matrix is set; then everything is counted. One thread,
// no disk, no network.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/model/v1/definition.pb.h"
#include "services/domain/answers.h"
#include "services/domain/edition_counts.h"
#include "services/domain/survey_catalog.h"

namespace imdi::bench {

// One edition and responses to it as the log keeps them.
struct FoldInput {
  std::shared_ptr<const domain::Catalog> catalog;
  std::string edition;
  // Unit code, and the answers of all its parts as a record stores them: the bytes of one
  // PackedAnswers.
  std::vector<std::pair<std::string, std::string>> responses;
};

// An edition out of definitions in the order in which they can be applied, without responses.
// Refused with the name of the one that cannot be applied, and why.
absl::StatusOr<FoldInput> FoldInputOf(std::span<const survey::model::v1::Definition> definitions,
                                      const std::string& edition);
// Adds a unit's answers as a record would store them; those that cannot stand are left out.
void AddResponse(FoldInput& input, const std::string& unit, const domain::AnswerList& answers);

struct FoldResult {
  int64_t responses = 0;
  int64_t answers = 0;       // Items that were answered, as stored.
  double seconds = 0;        // Of this thread's processor time; making the plan is not in it.
  double count_seconds = 0;  // Of them, counting.
  size_t matrix_bytes = 0;
  std::shared_ptr<const domain::EditionCounts> counts;
};

// Folds the responses again and again until at least so many answers have been read, and counts
// once at the end.
FoldResult FoldThroughput(const FoldInput& input, int64_t answers);

// Makes plan and matrix of the edition anew and folds every response once, so many times. `counts`
// are the last ones; `seconds` hold everything.
FoldResult RebuildEditions(const FoldInput& input, int editions);

// What one change costs while everything else stands: a unit's answers are withdrawn, or given
// again, and everything that reads them is counted.
struct ChangeResult {
  double seconds = 0;      // Of this thread's processor time, median.
  size_t parts = 0;        // Of the counts that are others than before, by the last change,
  size_t part_values = 0;  // and their integers.
};
ChangeResult OneChange(const FoldInput& input, int changes);

// The edition with its units (and their responses) `times` as often, under invented codes: how time
// and memory grow. A municipality takes as much of the codes as a hundred districts do, and a
// million units at most have codes; of so many units, those municipalities for which no codes are
// left become districts. Refused with the name of the document that does not apply to so many.
absl::StatusOr<FoldInput> WithMoreUnits(const FoldInput& input, int times);

}  // namespace imdi::bench
