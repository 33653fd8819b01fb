#include "services/domain/derivation.h"

#include <algorithm>

namespace imdi::domain {
namespace {

// A filter that is blank or "don't know" leaves it open whether the question applies.
Kleene Route(const Expression& route, const UnitAnswers& unit) {
  const Kleene plain = Evaluate(route, unit);
  if (plain != Kleene::kFalse) return plain;
  return Evaluate(route, unit, {.dont_know_is_unknown = true, .answered_means_routed = false}) ==
                 Kleene::kUnknown
             ? Kleene::kUnknown
             : Kleene::kFalse;
}

bool AtLeast(const AnsweredShare& share, int32_t percent) {
  return int64_t{share.answered} * 100 >= int64_t{share.applicable} * percent;
}

}  // namespace

DerivedResponse Derive(const CompiledQuestionnaire& questionnaire, const ResponseInput& input) {
  const size_t items = questionnaire.item_count();
  DerivedResponse out;
  out.answers = AnswerSet(items);
  out.states.assign(items, ItemState::kNotFielded);
  out.parts.resize(questionnaire.parts().size());
  // Routes name earlier questions only, so one pass in form order settles every state.
  for (const Question& question : questionnaire.questions()) {
    const bool submitted = ((input.submitted >> question.part) & 1) != 0;
    const UnitAnswers view{.answers = &out.answers,
                           .states = out.states,
                           .previous = nullptr,
                           .unit = input.unit,
                           .responded = false};
    const bool in_scope = CompiledQuestionnaire::InScope(question.scope, input.unit.type);
    const Kleene route = in_scope ? Route(question.route, view) : Kleene::kFalse;
    for (ItemIndex item = question.first_item; item < question.first_item + question.item_count;
         ++item) {
      ItemState& state = out.states[item];
      if (!in_scope) {
        state = ItemState::kNotInScope;
        continue;
      }
      if (input.fielded != nullptr && item < input.fielded->size() && !(*input.fielded)[item])
        continue;
      const Expression& row_route = questionnaire.items()[item].route;
      const Kleene asked = row_route.empty() ? route : And(route, Route(row_route, view));
      if (!submitted)
        state = ItemState::kPartMissing;
      else if (asked == Kleene::kFalse)
        state = ItemState::kNotRouted;
      else if (asked == Kleene::kUnknown)
        state = ItemState::kFilterUnknown;
      else if (input.answers != nullptr && input.answers->Has(item)) {
        state = ItemState::kAnswered;
        out.answers.Set(item, (*input.answers)[item]);
      } else {
        state = ItemState::kItemNonresponse;
      }
    }
  }
  // Break-off: what is applicable after the last answered item of its part.
  std::vector<bool> answered_later(questionnaire.parts().size(), false);
  for (size_t i = questionnaire.questions().size(); i-- > 0;) {
    const Question& question = questionnaire.questions()[i];
    for (ItemIndex item = question.first_item + question.item_count;
         item-- > question.first_item;) {
      ItemState& state = out.states[item];
      if (state == ItemState::kAnswered)
        answered_later[question.part] = true;
      else if (state == ItemState::kItemNonresponse && !answered_later[question.part])
        state = ItemState::kBreakoff;
      if (question.background || !IsApplicable(state)) continue;
      AnsweredShare& part = out.parts[question.part];
      ++part.applicable;
      ++out.total.applicable;
      if (state == ItemState::kAnswered) {
        ++part.answered;
        ++out.total.answered;
      }
    }
  }
  if (input.submitted == 0) return out;
  bool all_complete = true;
  bool any = false;
  for (size_t part = 0; part < out.parts.size(); ++part) {
    const bool asked =
        std::ranges::any_of(questionnaire.questions(), [&](const Question& question) {
          return question.part == part &&
                 CompiledQuestionnaire::InScope(question.scope, input.unit.type);
        });
    if (!asked) continue;
    const bool submitted = ((input.submitted >> part) & 1) != 0;
    all_complete = all_complete && submitted &&
                   AtLeast(out.parts[part], questionnaire.outcome().complete_percent());
    any = any || (submitted && AtLeast(out.parts[part], questionnaire.outcome().partial_percent()));
  }
  out.outcome = all_complete ? model::DISPOSITION_COMPLETE
                : any        ? model::DISPOSITION_PARTIAL
                             : model::DISPOSITION_BREAKOFF;
  return out;
}

model::Disposition FinalDisposition(bool out_of_scope_in_frame, model::Disposition set_by_team,
                                    model::Disposition outcome) {
  if (out_of_scope_in_frame || set_by_team == model::DISPOSITION_OUT_OF_SCOPE)
    return model::DISPOSITION_OUT_OF_SCOPE;
  if (outcome != model::DISPOSITION_UNSPECIFIED) return outcome;
  return set_by_team == model::DISPOSITION_REFUSAL ? model::DISPOSITION_REFUSAL
                                                   : model::DISPOSITION_NON_CONTACT;
}

}  // namespace imdi::domain
