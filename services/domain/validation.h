#pragma once

#include <cstdint>
#include <vector>

#include "imdi/survey/model/v1/submission.pb.h"
#include "services/domain/answers.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

// A submission and what it is judged against. All of it is borrowed.
struct ValidationInput {
  uint32_t part = 0;
  UnitFacts unit;
  const AnswerList* answers = nullptr;
  const CommentList* comments = nullptr;  // May be null.
  // Current answers of the unit's other parts; null or empty = none. They decide no hard finding,
  // so a submission depends on no other part's revision.
  const AnswerSet* other_parts = nullptr;
  // The unit's last edition, in this questionnaire's items; null = none.
  const AnswerSet* previous = nullptr;
};

struct ValidationResult {
  AnswerSet answers;                     // Everything readable that was sent, routed or not.
  std::vector<model::Finding> findings;  // All of them: by form order, checks after items.
  bool refused = false;                  // At least one is hard.
};

// Judges one part. Hard: what ReadAnswers finds, OTHER_PART, NOT_IN_SCOPE, OPTION_NOT_OFFERED,
// REQUIRED, hard checks, UNKNOWN_CHECK. Soft: NOT_ROUTED (the log keeps the answer, no count has
// it), soft checks, and REQUIRED or OPTION_NOT_OFFERED where the answer depends on another part.
ValidationResult Validate(const CompiledQuestionnaire& questionnaire, const ValidationInput& input);

// A finding of a built-in rule with its text; `item` may be empty.
model::Finding MakeFinding(std::string_view rule, model::Grade grade, std::string_view item);

}  // namespace imdi::domain
