// Parser, printer and evaluator of expressions. First byte: the use, and how much of the form lies
// before it.

#include <memory>

#include "services/domain/answers.h"
#include "services/domain/expression.h"
#include "services/domain/questionnaire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::fuzz {
namespace {

struct Survey {
  std::shared_ptr<const domain::CompiledFrame> frame;
  std::shared_ptr<const domain::CompiledQuestionnaire> questionnaire;
  domain::SymbolTable symbols;
  domain::AnswerSet answers;  // Every other item, by its type.
};

const Survey& TheSurvey() {
  static const auto* survey = [] {
    auto* out = new Survey;
    out->frame = domain::CompiledFrame::Compile(testing_support::SmallFrame("S2017")).frame;
    Require(out->frame != nullptr, "the frame compiles");
    out->questionnaire = domain::CompiledQuestionnaire::Compile(
                             testing_support::SmallQuestionnaire("S2017"),
                             testing_support::SmallEdition("S2017"), out->frame.get())
                             .questionnaire;
    Require(out->questionnaire != nullptr, "the questionnaire compiles");
    out->symbols = out->questionnaire->Symbols(out->frame.get());
    out->answers = domain::AnswerSet(out->questionnaire->item_count());
    for (domain::ItemIndex item = 0; item < out->questionnaire->item_count(); item += 2) {
      switch (out->questionnaire->items()[item].type) {
        case domain::ValueType::kCode:
          out->answers.Set(item, domain::AnswerValue::OfCode(1));
          break;
        case domain::ValueType::kCodeSet:
          out->answers.Set(item, domain::AnswerValue::OfCodes(domain::CodeBits::Of(2)));
          break;
        case domain::ValueType::kNumber:
          out->answers.Set(item, domain::AnswerValue::OfNumber(105));
          break;
        case domain::ValueType::kText:
          out->answers.Set(item, domain::AnswerValue::Text());
          break;
      }
    }
    return out;
  }();
  return *survey;
}

}  // namespace
}  // namespace imdi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  if (size == 0) return 0;
  const fuzz::Survey& survey = fuzz::TheSurvey();
  const auto use = static_cast<domain::ExpressionUse>(data[0] % 4);
  const domain::ItemIndex limit = data[0] >= 128 ? domain::kNoItem : data[0] / 4;
  const std::string_view text = fuzz::Text(data + 1, size - 1);
  const domain::ParsedExpression parsed = domain::ParseExpression(text, survey.symbols, use, limit);
  Require(parsed.expression.has_value() == parsed.errors.empty(),
          "an expression exactly when there are no errors");
  for (const domain::ExpressionError& error : parsed.errors) {
    Require(error.column >= 1 && static_cast<size_t>(error.column) <= text.size() + 1,
            "an error lies within the text");
    Require(!error.rule.empty() && !error.message.empty() && !error.remedy.empty(),
            "an error says what to do");
  }
  if (!parsed.expression.has_value()) return 0;
  const std::string printed = parsed.expression->Print();
  const domain::ParsedExpression again =
      domain::ParseExpression(printed, survey.symbols, use, limit);
  Require(again.expression.has_value(), "what is printed parses");
  Require(*again.expression == *parsed.expression, "what is printed means the same");
  Require(again.expression->Print() == printed, "printing is canonical");
  for (const domain::UnitIndex unit : {0U, 6U, 8U}) {
    const domain::UnitFacts facts = survey.frame->FactsOf(unit);
    const domain::UnitAnswers view{.answers = &survey.answers,
                                   .states = {},
                                   .previous = unit == 0 ? &survey.answers : nullptr,
                                   .unit = facts,
                                   .responded = true};
    Require(parsed.expression->empty() || domain::Evaluate(*parsed.expression, view) ==
                                              domain::Evaluate(*again.expression, view),
            "what is printed evaluates the same");
    domain::CanBeTrue(*parsed.expression, facts, survey.questionnaire->ScopeFor(facts.type));
  }
  return 0;
}
