#include "services/domain/derivation.h"

#include <algorithm>
#include <array>

namespace imdi::domain {
namespace {

// Whether some item that the route reads was answered "don't know".
bool ReadsDontKnow(const Expression& route, const UnitAnswers& unit) {
  return std::ranges::any_of(route.items(), [&](ItemIndex item) {
    if (unit.states[item] != ItemState::kAnswered) return false;
    const AnswerValue& value = (*unit.answers)[item];
    return value.kind == AnswerValue::Kind::kCode ? value.code == kDontKnow
                                                  : value.codes.Has(kDontKnow);
  });
}

// A filter that is blank or "don't know" leaves it open whether the question applies.
Kleene Route(const Expression& route, const UnitAnswers& unit) {
  const Kleene plain = Evaluate(route, unit);
  if (plain != Kleene::kFalse || !ReadsDontKnow(route, unit)) return plain;
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
  DerivedResponse out;
  DeriveInto(questionnaire, input, &out);
  return out;
}

void DeriveInto(const CompiledQuestionnaire& questionnaire, const ResponseInput& input,
                DerivedResponse* out) {
  const size_t items = questionnaire.item_count();
  const bool in_place = input.answers == &out->answers;
  if (!in_place && out->answers.size() != items) out->answers.Reset(items);
  out->states.assign(items, ItemState::kNotFielded);
  const UnitAnswers view{.answers = &out->answers,
                         .states = out->states,
                         .previous = nullptr,
                         .unit = input.unit,
                         .responded = false};
  // A route reads earlier questions only, and what is earlier is settled: one that stands at many
  // questions is the same at all of them. Routes beyond the table are followed each time.
  constexpr uint8_t kNotFollowed = 0xFF;
  std::array<uint8_t, 256> followed;
  followed.fill(kNotFollowed);
  const auto route_of = [&](const FormStep& step) {
    if (step.route == 0) return Kleene::kTrue;
    const Expression& route = questionnaire.questions()[step.question].route;
    if (step.route >= followed.size()) return Route(route, view);
    uint8_t& known = followed[step.route];
    if (known == kNotFollowed) known = static_cast<uint8_t>(Route(route, view));
    return static_cast<Kleene>(known);
  };
  PartMask asked_parts = 0;
  for (const FormStep& step : questionnaire.steps()) {
    const bool in_scope = CompiledQuestionnaire::InScope(step.scope, input.unit.type);
    const bool submitted = ((input.submitted >> step.part) & 1) != 0;
    if (in_scope) asked_parts |= PartMask{1} << step.part;
    const Kleene route = in_scope && submitted ? route_of(step) : Kleene::kFalse;
    const ItemIndex end = step.first_item + step.item_count;
    for (ItemIndex item = step.first_item; item < end; ++item) {
      ItemState state = ItemState::kAnswered;
      if (!in_scope) {
        state = ItemState::kNotInScope;
      } else if (input.fielded != nullptr && item < input.fielded->size() &&
                 !(*input.fielded)[item]) {
        state = ItemState::kNotFielded;
      } else if (!submitted) {
        state = ItemState::kPartMissing;
      } else {
        Kleene asked = route;
        if (step.row_routes && !questionnaire.items()[item].route.empty())
          asked = And(asked, Route(questionnaire.items()[item].route, view));
        if (asked == Kleene::kFalse)
          state = ItemState::kNotRouted;
        else if (asked == Kleene::kUnknown)
          state = ItemState::kFilterUnknown;
        else if (input.answers == nullptr || !input.answers->Has(item))
          state = ItemState::kItemNonresponse;
      }
      out->states[item] = state;
      if (state != ItemState::kAnswered) {
        if (out->answers.Has(item)) out->answers.Clear(item);
      } else if (!in_place) {
        out->answers.Set(item, (*input.answers)[item]);
      }
    }
  }
  // Break-off: what is applicable after the last answered item of its part.
  out->total = {};
  out->parts.assign(questionnaire.parts().size(), {});
  PartMask answered_later = 0;
  for (size_t i = questionnaire.steps().size(); i-- > 0;) {
    const FormStep& step = questionnaire.steps()[i];
    const PartMask part = PartMask{1} << step.part;
    int32_t applicable = 0;
    int32_t answered = 0;
    for (ItemIndex item = step.first_item + step.item_count; item-- > step.first_item;) {
      ItemState& state = out->states[item];
      if (state == ItemState::kAnswered) {
        answered_later |= part;
        ++answered;
      } else if (state == ItemState::kItemNonresponse && (answered_later & part) == 0) {
        state = ItemState::kBreakoff;
      }
      applicable += IsApplicable(state) ? 1 : 0;
    }
    if (step.background) continue;
    AnsweredShare& share = out->parts[step.part];
    share.applicable += applicable;
    share.answered += answered;
    out->total.applicable += applicable;
    out->total.answered += answered;
  }
  out->outcome = model::DISPOSITION_UNSPECIFIED;
  if (input.submitted == 0) return;
  bool all_complete = true;
  bool any = false;
  for (size_t part = 0; part < out->parts.size(); ++part) {
    if (((asked_parts >> part) & 1) == 0) continue;
    const bool submitted = ((input.submitted >> part) & 1) != 0;
    all_complete = all_complete && submitted &&
                   AtLeast(out->parts[part], questionnaire.outcome().complete_percent());
    any =
        any || (submitted && AtLeast(out->parts[part], questionnaire.outcome().partial_percent()));
  }
  out->outcome = all_complete ? model::DISPOSITION_COMPLETE
                 : any        ? model::DISPOSITION_PARTIAL
                              : model::DISPOSITION_BREAKOFF;
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
