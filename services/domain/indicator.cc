#include "services/domain/indicator.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/text.h"

namespace imdi::domain {
namespace {

bool IsIndicatorId(std::string_view id) {
  return !id.empty() && id.size() <= 40 && std::ranges::all_of(id, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool Complete(const model::LocalizedText& text) { return !text.nn().empty() && !text.nb().empty(); }

DefinitionFinding Finding(std::string path, std::string_view rule, std::string message,
                          std::string_view remedy) {
  return {std::move(path), 0, std::string(rule), std::move(message), std::string(remedy)};
}

// Every question that the text names as unknown is one that the edition states it did not field.
bool OnlyNotFielded(const std::vector<ExpressionError>& errors,
                    const CompiledQuestionnaire& questionnaire) {
  return !errors.empty() && std::ranges::all_of(errors, [&](const ExpressionError& error) {
    return error.rule == "UNKNOWN_QUESTION" &&
           questionnaire.IsNotFielded(
               std::string_view(error.subject).substr(0, error.subject.find('.')));
  });
}

}  // namespace

DefinitionFindings CheckIndicator(const model::Indicator& indicator) {
  DefinitionFindings out;
  constexpr std::string_view kPrefix = "indicators/";
  if (!indicator.name().starts_with(kPrefix) ||
      !IsIndicatorId(std::string_view(indicator.name()).substr(kPrefix.size()))) {
    out.push_back(Finding("indicator.name", "BAD_NAME",
                          base::StrCat(base::Quoted(indicator.name()), " is not an indicator name"),
                          "indicators/{ID}: upper case letters, digits, '_'"));
  }
  if (!Complete(indicator.title()))
    out.push_back(Finding("indicator.title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                          "add the missing text"));
  if (indicator.kind() == model::INDICATOR_KIND_UNSPECIFIED)
    out.push_back(
        Finding("indicator.kind", "MISSING_KIND", "the kind is required", "share or outcome_rate"));
  const bool share = indicator.kind() == model::INDICATOR_KIND_SHARE;
  if (share && (indicator.numerator().empty() || indicator.bases().empty()))
    out.push_back(Finding("indicator", "MISSING_BASE",
                          "a share has a numerator and at least one base", "state both"));
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE &&
      (!indicator.numerator().empty() || !indicator.bases().empty())) {
    out.push_back(Finding("indicator", "TYPE_MISMATCH",
                          "an outcome rate is counted from dispositions and has no expressions",
                          "remove numerator and bases"));
  }
  std::set<std::string_view> ids;
  for (int i = 0; i < indicator.bases_size(); ++i) {
    const std::string path = base::StrCat("indicator.bases[", i, "]");
    if (!IsIndicatorId(indicator.bases(i).id()) || !ids.insert(indicator.bases(i).id()).second)
      out.push_back(Finding(path + ".id", "BAD_ID", "not a base id, or it stands twice",
                            "upper case letters, digits, '_'"));
    if (!Complete(indicator.bases(i).title()))
      out.push_back(Finding(path + ".title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                            "add the missing text"));
  }
  if (indicator.precision() < 0 || indicator.precision() > 3)
    out.push_back(Finding("indicator.precision", "BAD_BOUNDS", "0 to 3 decimals", "correct it"));
  if (indicator.editions().empty())
    out.push_back(Finding("indicator.editions", "MISSING_EDITION",
                          "at least one edition is required", "name it as editions/{edition}"));
  std::set<std::string_view> editions;
  for (int i = 0; i < indicator.editions_size(); ++i) {
    if (!editions.insert(indicator.editions(i)).second)
      out.push_back(Finding(base::StrCat("indicator.editions[", i, "]"), "DUPLICATE",
                            "the edition stands twice", "leave one of them out"));
  }
  return out;
}

CompiledIndicator::Result CompiledIndicator::Compile(const model::Indicator& indicator,
                                                     const CompiledQuestionnaire& questionnaire,
                                                     const CompiledFrame& frame) {
  Result out;
  out.findings = CheckIndicator(indicator);
  if (!out.findings.empty()) return out;
  std::shared_ptr<CompiledIndicator> compiled(new CompiledIndicator);
  compiled->id_ = indicator.name().substr(indicator.name().find('/') + 1);
  compiled->definition_ = indicator;
  for (int i = 0; i < indicator.breakdowns_size(); ++i) {
    const std::optional<uint32_t> attribute = frame.FindAttribute(indicator.breakdowns(i));
    if (!attribute.has_value())
      out.findings.push_back(Finding(base::StrCat("indicator.breakdowns[", i, "]"),
                                     "UNKNOWN_ATTRIBUTE",
                                     base::StrCat("the frame of ", questionnaire.edition_id(),
                                                  " has no variable ", indicator.breakdowns(i)),
                                     "name a variable of the frame"));
    else
      compiled->breakdowns_.push_back(*attribute);
  }
  if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    model::LocalizedText title;
    title.set_nn("alle inviterte");
    title.set_nb("alle inviterte");
    title.set_en("all invited");
    compiled->bases_.push_back({std::string(kFrameBasis), title, {}});
  } else {
    const SymbolTable symbols = questionnaire.Symbols(&frame);
    const auto parse = [&](const std::string& path, const std::string& text, ExpressionUse use) {
      ParsedExpression parsed = ParseExpression(text, symbols, use);
      if (OnlyNotFielded(parsed.errors, questionnaire)) {
        compiled->not_asked_ = true;
        return Expression();
      }
      for (ExpressionError& error : parsed.errors)
        out.findings.push_back(
            {path, error.column, error.rule, std::move(error.message), std::move(error.remedy)});
      return parsed.expression.value_or(Expression());
    };
    compiled->numerator_ =
        parse("indicator.numerator", indicator.numerator(), ExpressionUse::kNumerator);
    for (int i = 0; i < indicator.bases_size(); ++i) {
      compiled->bases_.push_back({indicator.bases(i).id(), indicator.bases(i).title(),
                                  parse(base::StrCat("indicator.bases[", i, "].base"),
                                        indicator.bases(i).base(), ExpressionUse::kBase)});
    }
  }
  if (out.findings.empty()) out.indicator = std::move(compiled);
  return out;
}

}  // namespace imdi::domain
