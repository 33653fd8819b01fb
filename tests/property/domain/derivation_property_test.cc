// What follows from answers: into a response that is used again, in place and not, against the
// plainest reading of the rules, question by question.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "services/domain/derivation.h"
#include "services/domain/packed_answers.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallQuestionnaire;

using testing_support::Random;

// Each route is followed at each question, twice, and each state settled by itself.
DerivedResponse Plainly(const CompiledQuestionnaire& form, const ResponseInput& input) {
  DerivedResponse out;
  out.answers = AnswerSet(form.item_count());
  out.states.assign(form.item_count(), ItemState::kNotFielded);
  out.parts.resize(form.parts().size());
  const auto route = [&](const Expression& expression) {
    const UnitAnswers view{.answers = &out.answers,
                           .states = out.states,
                           .previous = nullptr,
                           .unit = input.unit,
                           .responded = false};
    const Kleene plain = Evaluate(expression, view);
    const Kleene open = Evaluate(expression, view, {.dont_know_is_unknown = true});
    return plain == Kleene::kFalse && open == Kleene::kUnknown ? open : plain;
  };
  for (ItemIndex item = 0; item < form.item_count(); ++item) {
    const Question& question = form.QuestionOf(item);
    ItemState& state = out.states[item];
    const Kleene asked = And(route(question.route), route(form.items()[item].route));
    if (!form.InScope(item, input.unit.type))
      state = ItemState::kNotInScope;
    else if (input.fielded != nullptr && !(*input.fielded)[item])
      state = ItemState::kNotFielded;
    else if (((input.submitted >> question.part) & 1) == 0)
      state = ItemState::kPartMissing;
    else if (asked == Kleene::kFalse)
      state = ItemState::kNotRouted;
    else if (asked == Kleene::kUnknown)
      state = ItemState::kFilterUnknown;
    else
      state = input.answers->Has(item) ? ItemState::kAnswered : ItemState::kItemNonresponse;
    if (state == ItemState::kAnswered) out.answers.Set(item, (*input.answers)[item]);
  }
  for (ItemIndex item = 0; item < form.item_count(); ++item) {
    const uint32_t part = form.QuestionOf(item).part;
    bool later = false;
    for (ItemIndex other = item + 1; other < form.item_count(); ++other)
      later = later ||
              (form.QuestionOf(other).part == part && out.states[other] == ItemState::kAnswered);
    if (out.states[item] == ItemState::kItemNonresponse && !later)
      out.states[item] = ItemState::kBreakoff;
  }
  bool all = true;
  bool any = false;
  for (uint32_t part = 0; part < form.parts().size(); ++part) {
    bool in_scope = false;
    for (ItemIndex item = 0; item < form.item_count(); ++item) {
      if (form.QuestionOf(item).part != part) continue;
      in_scope = in_scope || form.InScope(item, input.unit.type);
      if (form.QuestionOf(item).background) continue;
      out.parts[part].applicable += IsApplicable(out.states[item]) ? 1 : 0;
      out.parts[part].answered += out.states[item] == ItemState::kAnswered ? 1 : 0;
    }
    out.total.applicable += out.parts[part].applicable;
    out.total.answered += out.parts[part].answered;
    if (!in_scope) continue;
    const bool submitted = ((input.submitted >> part) & 1) != 0;
    const auto reaches = [&](int32_t percent) {
      return submitted && out.parts[part].answered * 100 >= out.parts[part].applicable * percent;
    };
    all = all && reaches(form.outcome().complete_percent());
    any = any || reaches(form.outcome().partial_percent());
  }
  if (input.submitted != 0)
    out.outcome = all   ? model::DISPOSITION_COMPLETE
                  : any ? model::DISPOSITION_PARTIAL
                        : model::DISPOSITION_BREAKOFF;
  return out;
}

void ExpectSame(const DerivedResponse& got, const DerivedResponse& wanted) {
  ASSERT_EQ(got.states, wanted.states);
  ASSERT_EQ(got.answers, wanted.answers);
  ASSERT_EQ(got.parts, wanted.parts);
  ASSERT_EQ(got.total, wanted.total);
  ASSERT_EQ(got.outcome, wanted.outcome);
}

AnswerSet SomeAnswers(Random& random, const CompiledQuestionnaire& form) {
  AnswerSet out(form.item_count());
  const int silence = 1 + random.Below(6);
  for (ItemIndex item = 0; item < form.item_count(); ++item) {
    if (random.OneIn(silence + 1)) continue;
    const std::vector<int32_t> codes = form.QuestionOf(item).code_bits.Codes();
    const auto code = [&] {
      return codes[static_cast<size_t>(random.Below(static_cast<int>(codes.size())))];
    };
    switch (form.items()[item].type) {
      case ValueType::kCode:
        out.Set(item, AnswerValue::OfCode(code()));
        break;
      case ValueType::kCodeSet: {
        CodeBits bits = CodeBits::Of(code());
        bits.Add(code());
        out.Set(item, AnswerValue::OfCodes(bits));
        break;
      }
      case ValueType::kNumber:
        out.Set(item, random.OneIn(4) ? AnswerValue::DontKnow()
                                      : AnswerValue::OfNumber(random.Below(300)));
        break;
      case ValueType::kText:
        out.Set(item, AnswerValue::Text());
        break;
    }
  }
  return out;
}

TEST(DerivationProperty, AResponseThatIsUsedAgainFollowsTheRulesReadPlainly) {
  const uint64_t seed = testing_support::CampaignSeed("derivation");
  Random random(seed);
  model::Questionnaire definition = SmallQuestionnaire("T");
  // Routes that stand twice, routes over what is routed itself, and of the frame.
  testing_support::AddQuestion(definition, "A10", "A", model::QUESTION_TYPE_SINGLE, {1, 98},
                               "A1 in (1,2)");
  testing_support::AddQuestion(definition, "A11", "A", model::QUESTION_TYPE_SINGLE, {1, 2},
                               "not A2 has_any (90) and (A10 == 1 or unit.region == 2)");
  testing_support::AddQuestion(definition, "A12", "A", model::QUESTION_TYPE_MULTI, {1, 2, 98},
                               "A4 >= 10 or A5.c == 1 or count(A2 in 1..3) >= 2");
  testing_support::AddQuestion(definition, "A13", "A", model::QUESTION_TYPE_SINGLE, {1, 2},
                               "routed(A12) and not answered(A11)");
  const auto frame = CompiledFrame::Compile(SmallFrame("T")).frame;
  const auto compiled = CompiledQuestionnaire::Compile(definition, SmallEdition("T"), frame.get());
  for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
  ASSERT_NE(compiled.questionnaire, nullptr);
  const CompiledQuestionnaire& form = *compiled.questionnaire;
  std::vector<int> states(8);
  DerivedResponse again;
  DerivedResponse in_place;
  for (int round = 0; round < 4'000; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    const AnswerSet answers = SomeAnswers(random, form);
    std::vector<bool> fielded(form.item_count(), true);
    for (ItemIndex item = 0; item < form.item_count(); ++item) fielded[item] = !random.OneIn(15);
    ResponseInput input{.unit = frame->FactsOf(
                            static_cast<UnitIndex>(random.Below(static_cast<int>(frame->size())))),
                        .answers = &answers,
                        .submitted = static_cast<PartMask>(random.OneIn(3) ? random.Below(4) : 3),
                        .fielded = random.OneIn(4) ? &fielded : nullptr};
    const DerivedResponse wanted = Plainly(form, input);
    for (const ItemState state : wanted.states) ++states[static_cast<size_t>(state)];
    ExpectSame(Derive(form, input), wanted);
    if (testing::Test::HasFatalFailure()) return;
    DeriveInto(form, input, &again);
    ExpectSame(again, wanted);
    if (testing::Test::HasFatalFailure()) return;
    in_place.answers = answers;
    input.answers = &in_place.answers;
    DeriveInto(form, input, &in_place);
    ExpectSame(in_place, wanted);
    if (testing::Test::HasFatalFailure()) return;
  }
  for (size_t state = 0; state < states.size(); ++state)
    EXPECT_GT(states[state], 100) << Name(static_cast<ItemState>(state)) << " was hardly met";
}

TEST(DerivationProperty, PackedAnswersComeBackIntoASetThatIsUsedAgain) {
  const uint64_t seed = testing_support::CampaignSeed("packed answers");
  Random random(seed);
  const auto frame = CompiledFrame::Compile(SmallFrame("T")).frame;
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  ItemNumbers numbers;
  ASSERT_TRUE(numbers.Add({"OLD1", 1}));
  ASSERT_TRUE(numbers.Add({"B2", 2}));
  for (const ItemNumbers::Assigned& one : AssignItemNumbers(numbers, *form))
    ASSERT_TRUE(numbers.Add(one));
  const ItemBinding binding = BindItems(*form, numbers);
  AnswerSet again;
  for (int round = 0; round < 1'000; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    const AnswerSet answers = SomeAnswers(random, *form);
    const absl::Status read =
        UnpackAnswersInto(PackAnswers(answers, binding), *form, binding, &again);
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(again, answers);
  }
}

}  // namespace
}  // namespace imdi::domain
