#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/repeated_field.h"
#include "imdi/survey/model/v1/submission.pb.h"
#include "services/domain/answer_set.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

using AnswerList = google::protobuf::RepeatedPtrField<model::Answer>;
using CommentList = google::protobuf::RepeatedPtrField<model::CheckComment>;

inline constexpr size_t kOtherTextCharsMax = 500;  // Text beside a code; refuse TEXT_TOO_LONG.
inline constexpr size_t kCheckCommentCharsMax =
    1'000;  // Comment on a soft check; refuse TEXT_TOO_LONG.

// Unicode code points of UTF-8 text.
size_t CountCharacters(std::string_view text);

// Answers as sent → the set the rules work on. Every answer that cannot stand is left out and has a
// hard finding: UNKNOWN_ITEM, DUPLICATE, EMPTY_ANSWER, WRONG_TYPE, UNKNOWN_CODE, EXCLUSIVE_CODE,
// OUT_OF_RANGE, TEXT_TOO_LONG, OTHER_TEXT_WITHOUT_CODE.
AnswerSet ReadAnswers(const CompiledQuestionnaire& questionnaire, const AnswerList& answers,
                      std::vector<model::Finding>* findings);

// The inverse, in form order. Texts are empty: the caller has them, if anybody does.
AnswerList WriteAnswers(const CompiledQuestionnaire& questionnaire, const AnswerSet& answers);

enum class Recodes { kApplied, kIgnored };

// Answers given under `from`, read under `to`, a version of the same survey: by survey item number,
// with the recodes that `to` states unless they are to be ignored. An item whose type changed, or a
// code without a pair, is left out. `fielded`, unless null, becomes by item index of `to`: the item
// was also part of `from`.
AnswerSet TranslateAnswers(const AnswerSet& answers, const CompiledQuestionnaire& from,
                           const ItemBinding& from_items, const CompiledQuestionnaire& to,
                           const ItemBinding& to_items, std::vector<bool>* fielded,
                           Recodes recodes = Recodes::kApplied);

// What makes two submissions the same: used for the keyed fingerprint of a request id. Items,
// codes, other texts and comments are sorted, so neither their order nor the wire format matters.
struct SubmissionContent {
  std::string_view edition;
  std::string_view unit;
  std::string_view part;
  int64_t expected_revision = 0;
  int32_t questionnaire = 0;
  model::Language language = model::LANGUAGE_UNSPECIFIED;
  const AnswerList* answers = nullptr;
  const CommentList* comments = nullptr;
  const model::Contact* contact = nullptr;
};
// Versioned bytes; different contents have different bytes.
std::string CanonicalContent(const SubmissionContent& content);

}  // namespace imdi::domain
