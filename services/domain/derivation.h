#pragma once

#include <cstdint>
#include <vector>

#include "imdi/survey/model/v1/submission.pb.h"
#include "services/domain/answer_set.h"
#include "services/domain/expression.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

// The current answers of one unit over all its parts. All of it is borrowed.
struct ResponseInput {
  UnitFacts unit;
  const AnswerSet* answers = nullptr;  // Over all current parts.
  PartMask submitted = 0;              // Parts that have a current, not withdrawn submission.
  // By item index: false = the unit's part was answered under a version without it; empty = all
  // are.
  const std::vector<bool>* fielded = nullptr;
};

// How much of a part, or of the whole, was answered; background sections left out.
struct AnsweredShare {
  int32_t applicable = 0;
  int32_t answered = 0;
  friend bool operator==(const AnsweredShare&, const AnsweredShare&) = default;
};

// What follows from a unit's current answers. Only routed answers are left in it: whoever changes a
// filter takes the dependent answers out of every count, and back again.
struct DerivedResponse {
  AnswerSet answers;
  std::vector<ItemState> states;  // By item index.
  AnsweredShare total;
  std::vector<AnsweredShare> parts;  // By part.
  // COMPLETE, PARTIAL, BREAKOFF, or UNSPECIFIED while nothing has been submitted.
  model::Disposition outcome = model::DISPOSITION_UNSPECIFIED;

  bool responded() const {
    return outcome == model::DISPOSITION_COMPLETE || outcome == model::DISPOSITION_PARTIAL;
  }
  // For Evaluate; borrows from this response.
  UnitAnswers View(const UnitFacts& unit) const {
    return {.answers = &answers,
            .states = states,
            .previous = nullptr,
            .unit = unit,
            .responded = responded()};
  }
};

// A part is complete or partial by its share of applicable items outside background sections (a
// submitted part without such items is complete). The response is complete when every part with an
// item in scope is, partial when at least one part is complete or partial, else a break-off.
DerivedResponse Derive(const CompiledQuestionnaire& questionnaire, const ResponseInput& input);
// The same into a response that is used again and again. `input.answers` may be `out->answers`,
// which then loses what is not routed.
void DeriveInto(const CompiledQuestionnaire& questionnaire, const ResponseInput& input,
                DerivedResponse* out);

// How the unit stands in the edition: out of scope (by the frame or the survey team) before all
// else, then what it answered, then what the survey team set, then non-contact. A break-off
// outweighs a refusal.
model::Disposition FinalDisposition(bool out_of_scope_in_frame, model::Disposition set_by_team,
                                    model::Disposition outcome);

}  // namespace imdi::domain
