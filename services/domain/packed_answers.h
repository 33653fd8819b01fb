#pragma once

// Answers in the form that the log keeps. Apart from the other rules, because it alone knows the
// store's message.

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "services/domain/answer_set.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

// Everything in `answers`, routed or not, under survey item numbers; texts only as being there.
survey::store::v1::PackedAnswers PackAnswers(const AnswerSet& answers, const ItemBinding& items);

// The inverse. Items that `questionnaire` does not have are skipped (they belong to another edition
// when previous answers are read); unequal field lengths, descending items or impossible codes are
// DATA_LOSS.
absl::StatusOr<AnswerSet> UnpackAnswers(const survey::store::v1::PackedAnswers& packed,
                                        const CompiledQuestionnaire& questionnaire,
                                        const ItemBinding& items);

// The same into a set that is used again and again; after an error its content means nothing.
absl::Status UnpackAnswersInto(const survey::store::v1::PackedAnswers& packed,
                               const CompiledQuestionnaire& questionnaire, const ItemBinding& items,
                               AnswerSet* out);

}  // namespace imdi::domain
