#include "services/domain/validation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "services/base/text.h"
#include "services/domain/derivation.h"

namespace imdi::domain {
namespace {

struct RuleText {
  std::string_view rule, nn, nb, en;
};

constexpr std::array kRules = {
    RuleText{"UNKNOWN_ITEM", "Spørsmålet finst ikkje i dette skjemaet.",
             "Spørsmålet finnes ikke i dette skjemaet.", "This form has no such question."},
    RuleText{"UNKNOWN_CODE", "Svaralternativet finst ikkje på dette spørsmålet.",
             "Svaralternativet finnes ikke på dette spørsmålet.",
             "The question has no such answer alternative."},
    RuleText{"WRONG_TYPE", "Svaret er av feil slag for spørsmålet.",
             "Svaret er av feil slag for spørsmålet.",
             "The answer is of the wrong kind for the question."},
    RuleText{"EXCLUSIVE_CODE", "Eit av svara kan ikkje kombinerast med andre svar.",
             "Et av svarene kan ikke kombineres med andre svar.",
             "One of the answers cannot be combined with others."},
    RuleText{"REQUIRED", "Spørsmålet må svarast på.", "Spørsmålet må besvares.",
             "The question must be answered."},
    RuleText{"OUT_OF_RANGE", "Talet er utanfor det som er mogleg.",
             "Tallet er utenfor det som er mulig.", "The number is outside what is possible."},
    RuleText{"NOT_IN_SCOPE", "Spørsmålet gjeld ikkje denne typen eining.",
             "Spørsmålet gjelder ikke denne typen enhet.",
             "The question is not for this type of unit."},
    RuleText{
        "NOT_ROUTED",
        "Spørsmålet gjeld ikkje etter det de har svart tidlegare; svaret blir ikkje talt med.",
        "Spørsmålet gjelder ikke etter det dere har svart tidligere; svaret blir ikke talt med.",
        "The question does not apply after earlier answers; the answer is not counted."},
    RuleText{"TEXT_TOO_LONG", "Teksten er for lang.", "Teksten er for lang.",
             "The text is too long."},
    RuleText{"DUPLICATE", "Spørsmålet eller svaralternativet står fleire gonger.",
             "Spørsmålet eller svaralternativet står flere ganger.",
             "The question or alternative stands more than once."},
    RuleText{"OTHER_PART", "Spørsmålet høyrer til ein annan del av skjemaet.",
             "Spørsmålet hører til en annen del av skjemaet.",
             "The question belongs to another part of the form."},
    RuleText{"OPTION_NOT_OFFERED", "De valde ikkje dette svaret på spørsmålet det byggjer på.",
             "Dere valgte ikke dette svaret på spørsmålet det bygger på.",
             "This alternative was not chosen in the question that it builds on."},
    RuleText{"OTHER_TEXT_WITHOUT_CODE", "Teksten høyrer til eit svaralternativ som ikkje er valt.",
             "Teksten hører til et svaralternativ som ikke er valgt.",
             "The text belongs to an alternative that is not chosen."},
    RuleText{"EMPTY_ANSWER", "Svaret er tomt. Lat spørsmålet stå ute i staden.",
             "Svaret er tomt. La spørsmålet stå ute i stedet.",
             "The answer is empty. Leave the question out instead."},
    RuleText{"UNKNOWN_CHECK", "Kommentaren gjeld ein kontroll som ikkje finst.",
             "Kommentaren gjelder en kontroll som ikke finnes.",
             "The comment is about a check that does not exist."},
};

}  // namespace

model::Finding MakeFinding(std::string_view rule, model::Grade grade, std::string_view item) {
  model::Finding finding;
  finding.set_item(std::string(item));
  finding.set_rule(std::string(rule));
  finding.set_grade(grade);
  if (const auto text = std::ranges::find(kRules, rule, &RuleText::rule); text != kRules.end()) {
    finding.mutable_text()->set_nn(std::string(text->nn));
    finding.mutable_text()->set_nb(std::string(text->nb));
    finding.mutable_text()->set_en(std::string(text->en));
  }
  return finding;
}

ValidationResult Validate(const CompiledQuestionnaire& questionnaire,
                          const ValidationInput& input) {
  ValidationResult out;
  out.answers = ReadAnswers(questionnaire, *input.answers, &out.findings);
  const PartMask own = PartMask{1} << input.part;
  AnswerSet all = out.answers;
  PartMask submitted = own;
  if (input.other_parts != nullptr && input.other_parts->size() == all.size()) {
    AnswerSet merged = *input.other_parts;
    merged.MergeFrom(out.answers);
    all = std::move(merged);
    submitted = ~PartMask{0};
  }
  const DerivedResponse derived =
      Derive(questionnaire,
             {.unit = input.unit, .answers = &all, .submitted = submitted, .fielded = nullptr});

  for (ItemIndex item = 0; item < questionnaire.item_count(); ++item) {
    const Question& question = questionnaire.QuestionOf(item);
    const std::string& id = questionnaire.items()[item].id;
    const auto add = [&](std::string_view rule, model::Grade grade) {
      out.findings.push_back(MakeFinding(rule, grade, id));
    };
    const bool across_parts = (question.route_parts & ~own) != 0;
    if (!out.answers.Has(item)) {
      // Sent but unreadable was found above; here only what was left out.
      const auto sent = [&] {
        return std::ranges::any_of(
            *input.answers, [&](const model::Answer& answer) { return answer.item() == id; });
      };
      if (question.required && question.part == input.part && IsApplicable(derived.states[item]) &&
          !sent()) {
        add("REQUIRED", across_parts ? model::GRADE_SOFT : model::GRADE_HARD);
      }
      continue;
    }
    if (question.part != input.part) {
      add("OTHER_PART", model::GRADE_HARD);
      continue;
    }
    if (derived.states[item] == ItemState::kNotInScope) {
      add("NOT_IN_SCOPE", model::GRADE_HARD);
      continue;
    }
    // Another role may still answer what decides it; the answer counts as soon as it does.
    if (derived.states[item] == ItemState::kFilterUnknown && across_parts) continue;
    if (derived.states[item] != ItemState::kAnswered) {
      add("NOT_ROUTED", model::GRADE_SOFT);
      continue;
    }
    if (question.options_from != kNoQuestion) {
      const Question& source = questionnaire.questions()[question.options_from];
      const AnswerValue& offered = all[source.first_item];
      if (source.part != input.part && offered.kind == AnswerValue::Kind::kNone) continue;
      const AnswerValue& chosen = out.answers[item];
      const CodeBits codes =
          chosen.kind == AnswerValue::Kind::kCode ? CodeBits::Of(chosen.code) : chosen.codes;
      if (!((codes & offered.codes) == codes))
        add("OPTION_NOT_OFFERED",
            source.part == input.part ? model::GRADE_HARD : model::GRADE_SOFT);
    }
  }
  UnitAnswers view = derived.View(input.unit);
  view.previous = input.previous;
  for (const CompiledCheck& check : questionnaire.checks()) {
    // A check that reads nothing of this part is the other parts' business.
    if ((check.parts & own) == 0 || Evaluate(check.violated, view) != Kleene::kTrue) continue;
    model::Finding finding;
    finding.set_rule(check.id);
    finding.set_grade(check.grade);
    if (!check.violated.items().empty())
      finding.set_item(questionnaire.items()[check.violated.items().back()].id);
    *finding.mutable_text() = questionnaire.Piped(check.text, input.unit.type);
    out.findings.push_back(std::move(finding));
  }
  if (input.comments != nullptr) {
    for (const model::CheckComment& comment : *input.comments) {
      if (questionnaire.FindCheck(comment.check()) == nullptr) {
        out.findings.push_back(MakeFinding("UNKNOWN_CHECK", model::GRADE_HARD, ""));
      } else if (CountCharacters(comment.text()) > kCheckCommentCharsMax) {
        out.findings.push_back(MakeFinding("TEXT_TOO_LONG", model::GRADE_HARD, ""));
      }
    }
  }
  out.refused = std::ranges::any_of(out.findings, [](const model::Finding& finding) {
    return finding.grade() == model::GRADE_HARD;
  });
  return out;
}

}  // namespace imdi::domain
