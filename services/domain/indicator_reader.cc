#include "services/domain/indicator_reader.h"

#include <algorithm>
#include <utility>

#include "services/base/text.h"
#include "services/domain/document_form.h"

namespace imdi::domain {
namespace {

// Every question that the text names as unknown is one that the edition states it did not field.
bool OnlyNotFielded(const std::vector<ExpressionError>& errors,
                    const CompiledQuestionnaire& questionnaire) {
  return !errors.empty() && std::ranges::all_of(errors, [&](const ExpressionError& error) {
    return error.rule == "UNKNOWN_QUESTION" &&
           questionnaire.IsNotFielded(
               std::string_view(error.subject).substr(0, error.subject.find('.')));
  });
}

// Whether the expression is that test of one item, or a conjunction that has it as it stands.
bool Says(const Expression& expression, const Expression& test) {
  const Expression::Node& root = expression.root();
  if (root == test.root()) return true;
  return root.op == Expression::Op::kAnd &&
         std::ranges::any_of(expression.ChildrenOf(root), [&](uint32_t child) {
           return expression.nodes()[child] == test.root();
         });
}

}  // namespace

void IndicatorReader::Add(std::string path, std::string_view rule, std::string message,
                          std::string_view remedy) {
  findings_.push_back(Finding(std::move(path), rule, std::move(message), remedy));
}

Expression IndicatorReader::Parse(const std::string& path, std::string_view text,
                                  ExpressionUse use) {
  ParsedExpression parsed = ParseExpression(text, symbols_, use);
  if (OnlyNotFielded(parsed.errors, questionnaire_)) {
    not_asked_ = true;
    return {};
  }
  for (ExpressionError& error : parsed.errors)
    findings_.push_back(
        {path, error.column, error.rule, std::move(error.message), std::move(error.remedy)});
  return parsed.expression.value_or(Expression());
}

Expression IndicatorReader::ParseWith(const std::string& path, const std::string& text,
                                      const std::vector<std::string>& conditions,
                                      ExpressionUse use) {
  Expression out = Parse(path, text, use);
  std::string with = base::StrCat("(", text, ")");
  for (const std::string& condition : conditions) {
    const Expression test = Parse(path, condition, use);
    if (out.empty() || test.empty()) return {};
    if (Says(out, test)) continue;
    base::StrAppend(with, " and ", condition);
    const size_t before = findings_.size();
    out = Parse(path, with, use);
    for (size_t i = before; i < findings_.size(); ++i)
      base::StrAppend(findings_[i].message, "; the measure puts it into brackets and adds \"and ",
                      condition, "\"");
  }
  return out;
}

const Question* IndicatorReader::FindQuestion(const std::string& path, std::string_view id) {
  const Question* question = questionnaire_.FindQuestion(id);
  if (question != nullptr) return question;
  if (questionnaire_.IsNotFielded(id))
    not_asked_ = true;
  else
    Add(path, "UNKNOWN_QUESTION", base::StrCat("there is no question ", base::Quoted(id)),
        "name a question of this questionnaire");
  return nullptr;
}

std::optional<uint32_t> IndicatorReader::FindAttribute(const std::string& path,
                                                       const std::string& id) {
  const std::optional<uint32_t> attribute = frame_.FindAttribute(id);
  if (!attribute.has_value())
    Add(path, "UNKNOWN_ATTRIBUTE",
        base::StrCat("the frame of ", questionnaire_.edition_id(), " has no variable ", id),
        "name a variable of the frame");
  return attribute;
}

}  // namespace imdi::domain
