#include "services/domain/indicator.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/text.h"
#include "services/domain/automatic_indicators.h"

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

bool IsClosed(model::QuestionType type) {
  return type == model::QUESTION_TYPE_SINGLE || type == model::QUESTION_TYPE_MULTI ||
         type == model::QUESTION_TYPE_GRID;
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

namespace {

constexpr size_t kBasisIdMax = 30;

// What a kind has, and what it must not have.
void CheckKind(const model::Indicator& indicator, DefinitionFindings& out) {
  const bool selection = indicator.has_selection();
  switch (indicator.kind()) {
    case model::INDICATOR_KIND_SHARE:
      if ((indicator.numerator().empty() && !selection) || indicator.bases().empty())
        out.push_back(Finding("indicator", "MISSING_BASE",
                              "a share has a numerator and at least one base", "state both"));
      if (!indicator.numerator().empty() && selection)
        out.push_back(Finding("indicator.selection", "NUMERATOR_TWICE",
                              "numerator and selection both say what counts", "keep one of them"));
      if (!indicator.question().empty())
        out.push_back(Finding("indicator.question", "TYPE_MISMATCH",
                              "a share names its question in the numerator or the selection",
                              "remove question, or make it a distribution"));
      break;
    case model::INDICATOR_KIND_DISTRIBUTION:
      if (indicator.question().empty())
        out.push_back(Finding("indicator.question", "MISSING_QUESTION",
                              "a distribution is of one question or one row of a grid", "name it"));
      if (indicator.bases().empty())
        out.push_back(Finding("indicator", "MISSING_BASE", "a distribution has at least one base",
                              "state it, for example answered(INT01)"));
      if (!indicator.numerator().empty() || selection)
        out.push_back(Finding("indicator", "TYPE_MISMATCH",
                              "every code of the question is a numerator of a distribution",
                              "remove numerator and selection, or make it a share"));
      break;
    case model::INDICATOR_KIND_OUTCOME_RATE:
      if (!indicator.numerator().empty() || !indicator.bases().empty() || selection ||
          !indicator.question().empty())
        out.push_back(Finding("indicator", "TYPE_MISMATCH",
                              "an outcome rate is counted from dispositions and has no expressions",
                              "remove numerator, bases, selection and question"));
      break;
    default:
      out.push_back(Finding("indicator.kind", "MISSING_KIND", "the kind is required",
                            "share, outcome_rate or distribution"));
  }
}

void CheckSelection(const model::Selection& selection, DefinitionFindings& out) {
  const std::string path = "indicator.selection";
  if (selection.question().empty())
    out.push_back(Finding(path + ".question", "MISSING_QUESTION", "the question is required",
                          "name a closed question"));
  if (selection.codes().empty())
    out.push_back(Finding(path + ".codes", "MISSING_CODES", "no answer would ever count",
                          "state the codes that count"));
  std::set<int32_t> codes;
  for (int i = 0; i < selection.codes_size(); ++i) {
    if (!codes.insert(selection.codes(i)).second)
      out.push_back(Finding(base::StrCat(path, ".codes[", i, "]"), "DUPLICATE",
                            base::StrCat("code ", selection.codes(i), " stands twice"),
                            "leave one of them out"));
  }
  std::set<std::string_view> rows;
  for (int i = 0; i < selection.rows_size(); ++i) {
    if (!rows.insert(selection.rows(i)).second)
      out.push_back(Finding(base::StrCat(path, ".rows[", i, "]"), "DUPLICATE",
                            "the row stands twice", "leave one of them out"));
  }
  const bool rule =
      selection.row_rule() == model::ROW_RULE_ANY || selection.row_rule() == model::ROW_RULE_ALL;
  if (!selection.rows().empty() && !rule)
    out.push_back(Finding(path + ".row_rule", "MISSING_ROW_RULE",
                          "it is not said how the rows count together", "any or all"));
  if (selection.rows().empty() && selection.row_rule() != model::ROW_RULE_UNSPECIFIED)
    out.push_back(Finding(path + ".row_rule", "TYPE_MISMATCH", "there are no rows to count",
                          "name rows of a grid, or remove it"));
}

void CheckBases(const model::Indicator& indicator, DefinitionFindings& out) {
  std::set<std::string_view> ids;
  for (int i = 0; i < indicator.bases_size(); ++i) {
    const model::Basis& basis = indicator.bases(i);
    const std::string path = base::StrCat("indicator.bases[", i, "]");
    if (!IsIndicatorId(basis.id()) || basis.id().size() > kBasisIdMax ||
        !ids.insert(basis.id()).second)
      out.push_back(Finding(path + ".id", "BAD_ID", "not a base id, or it stands twice",
                            "upper case letters, digits, '_', at most 30"));
    if (!Complete(basis.title()))
      out.push_back(Finding(path + ".title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                            "add the missing text"));
    if (basis.base().find_first_not_of(" \t\r\n") == std::string::npos)
      out.push_back(Finding(path + ".base", "EMPTY_EXPRESSION", "a base needs an expression",
                            "write responded for all that answered the survey"));
  }
}

// Policy against bounds: what nobody may see of single units must not show through small cells.
void CheckPolicy(const model::Indicator& indicator, DefinitionFindings& out) {
  if (!model::DisclosurePolicy_IsValid(indicator.policy()))
    out.push_back(Finding("indicator.policy", "BAD_POLICY", "there is no such policy",
                          "public_per_unit, internal_per_unit or aggregate_only"));
  const bool aggregate = indicator.policy() == model::DISCLOSURE_POLICY_UNSPECIFIED ||
                         indicator.policy() == model::DISCLOSURE_POLICY_AGGREGATE_ONLY;
  const int32_t base_min = aggregate ? kAggregateBaseMin : 0;
  const int32_t count_min = aggregate ? kAggregateCountMin : 0;
  const std::string_view why = aggregate ? " under aggregate_only" : "";
  if (indicator.min_base() < base_min)
    out.push_back(Finding("indicator.min_base", "POLICY_TOO_WEAK",
                          base::StrCat("min_base is at least ", base_min, why), "raise it"));
  if (indicator.min_count() < count_min)
    out.push_back(Finding("indicator.min_count", "POLICY_TOO_WEAK",
                          base::StrCat("min_count is at least ", count_min, why), "raise it"));
}

void CheckBreakdowns(const model::Indicator& indicator, DefinitionFindings& out) {
  std::set<std::string_view> breakdowns;
  for (int i = 0; i < indicator.breakdowns_size(); ++i) {
    if (!breakdowns.insert(indicator.breakdowns(i)).second)
      out.push_back(Finding(base::StrCat("indicator.breakdowns[", i, "]"), "DUPLICATE",
                            "the variable stands twice", "leave one of them out"));
  }
  if (indicator.crossings_size() > kCrossingsMax)
    out.push_back(Finding("indicator.crossings", "TOO_MANY_CROSSINGS",
                          base::StrCat("at most ", kCrossingsMax, " crossings"),
                          "keep those that are read"));
  std::set<std::pair<std::string, std::string>> crossings;
  for (int i = 0; i < indicator.crossings_size(); ++i) {
    const auto& attributes = indicator.crossings(i).attributes();
    const std::string path = base::StrCat("indicator.crossings[", i, "]");
    if (attributes.size() != 2 || attributes[0] == attributes[1]) {
      out.push_back(Finding(path, "BAD_CROSSING", "a crossing is of two different variables",
                            "name exactly two"));
      continue;
    }
    if (!crossings.insert(std::minmax(attributes[0], attributes[1])).second)
      out.push_back(
          Finding(path, "DUPLICATE", "the crossing stands twice", "leave one of them out"));
  }
  std::set<int32_t> years;
  for (int i = 0; i < indicator.compare_size(); ++i) {
    const model::Comparison& comparison = indicator.compare(i);
    const std::string path = base::StrCat("indicator.compare[", i, "]");
    if (comparison.year() < 1990 || comparison.year() > 2100)
      out.push_back(Finding(path + ".year", "BAD_YEAR", "not a reference year", "1990 to 2100"));
    if (!years.insert(comparison.year()).second)
      out.push_back(Finding(path + ".year", "DUPLICATE",
                            base::StrCat(comparison.year(), " is compared twice"),
                            "leave one of them out"));
    if (comparison.group().empty()) continue;
    const size_t equals = comparison.group().find('=');
    if (equals == std::string::npos || equals + 1 == comparison.group().size())
      out.push_back(Finding(path + ".group", "BAD_GROUP",
                            base::StrCat(base::Quoted(comparison.group()), " is not a group"),
                            "{variable}={group}, for example unit_type=municipality"));
    else if (!breakdowns.contains(std::string_view(comparison.group()).substr(0, equals)))
      out.push_back(Finding(path + ".group", "GROUP_WITHOUT_BREAKDOWN",
                            base::StrCat("there are no figures by ",
                                         std::string_view(comparison.group()).substr(0, equals)),
                            "name it under breakdowns too"));
  }
}

DefinitionFindings Check(const model::Indicator& indicator, CompiledIndicator::Origin origin) {
  DefinitionFindings out;
  constexpr std::string_view kPrefix = "indicators/";
  const std::string_view name = indicator.name();
  if (!name.starts_with(kPrefix) || !IsIndicatorId(name.substr(kPrefix.size()))) {
    out.push_back(Finding("indicator.name", "BAD_NAME",
                          base::StrCat(base::Quoted(name), " is not an indicator name"),
                          "indicators/{ID}: upper case letters, digits, '_'"));
  } else if (name.substr(kPrefix.size()).starts_with(kAutomaticPrefix) &&
             origin == CompiledIndicator::Origin::kDocument) {
    out.push_back(Finding(
        "indicator.name", "RESERVED_ID",
        base::StrCat(kAutomaticPrefix, " begins the indicators that follow from the questions"),
        "begin it otherwise, for example with IND_"));
  }
  if (!Complete(indicator.title()))
    out.push_back(Finding("indicator.title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                          "add the missing text"));
  CheckKind(indicator, out);
  if (indicator.has_selection()) CheckSelection(indicator.selection(), out);
  CheckBases(indicator, out);
  if (indicator.precision() < 0 || indicator.precision() > 3)
    out.push_back(Finding("indicator.precision", "BAD_BOUNDS", "0 to 3 decimals", "correct it"));
  CheckPolicy(indicator, out);
  CheckBreakdowns(indicator, out);
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

}  // namespace

DefinitionFindings CheckIndicator(const model::Indicator& indicator) {
  return Check(indicator, CompiledIndicator::Origin::kDocument);
}

namespace {

// Reads nothing but attributes of the unit.
bool OfUnitOnly(const Expression& expression, const Expression::Node& node) {
  using Op = Expression::Op;
  switch (node.op) {
    case Op::kAnd:
    case Op::kOr:
    case Op::kNot:
      return std::ranges::all_of(expression.ChildrenOf(node), [&](uint32_t child) {
        return OfUnitOnly(expression, expression.nodes()[child]);
      });
    case Op::kUnitType:
    case Op::kUnitGroup:
      return true;
    default:
      return false;
  }
}

// Whether no unit without an answer to `item` makes the condition true.
bool NeedsAnswer(const Expression& expression, const Expression::Node& node, ItemIndex item) {
  using Op = Expression::Op;
  switch (node.op) {
    case Op::kAnd:
      return std::ranges::any_of(expression.ChildrenOf(node), [&](uint32_t child) {
        return NeedsAnswer(expression, expression.nodes()[child], item);
      });
    case Op::kOr:
      return std::ranges::all_of(expression.ChildrenOf(node), [&](uint32_t child) {
        return NeedsAnswer(expression, expression.nodes()[child], item);
      });
    case Op::kNot: {
      // The opposite of a test of codes is unknown without an answer, as the test itself.
      const Expression::Node& child = expression.nodes()[expression.ChildrenOf(node).front()];
      return (child.op == Op::kCode || child.op == Op::kSetHasAny || child.op == Op::kSetCount) &&
             child.item == item;
    }
    case Op::kCode:
    case Op::kSetHasAny:
    case Op::kSetCount:
    case Op::kAnswered:
      return node.item == item;
    default:
      return false;
  }
}

}  // namespace

BaseKind KindOfBase(const Expression& base, const CompiledQuestionnaire& questionnaire) {
  using Op = Expression::Op;
  if (base.empty()) return BaseKind::kFrame;
  const auto by_frame = [&](const Expression::Node& node) {
    if (node.op == Op::kResponded) return true;
    if (node.op == Op::kAnswered)
      return questionnaire.QuestionOf(node.item).route.empty() &&
             questionnaire.items()[node.item].route.empty();
    return OfUnitOnly(base, node);
  };
  if (base.root().op != Op::kAnd)
    return by_frame(base.root()) ? BaseKind::kFrame : BaseKind::kAnswers;
  return std::ranges::all_of(base.ChildrenOf(base.root()),
                             [&](uint32_t child) { return by_frame(base.nodes()[child]); })
             ? BaseKind::kFrame
             : BaseKind::kAnswers;
}

// One pass over the document; everything that is wrong is found at once.
class IndicatorCompiler {
 public:
  IndicatorCompiler(const model::Indicator& indicator, const CompiledQuestionnaire& questionnaire,
                    const CompiledFrame& frame, const SymbolTable& symbols)
      : definition_(indicator),
        questionnaire_(questionnaire),
        frame_(frame),
        symbols_(symbols),
        out_(new CompiledIndicator) {}

  CompiledIndicator::Result Compile(CompiledIndicator::Origin origin) {
    out_->id_ = definition_.name().substr(definition_.name().find('/') + 1);
    out_->definition_ = definition_;
    out_->automatic_ = origin == CompiledIndicator::Origin::kAutomatic;
    ReadBreakdowns();
    switch (definition_.kind()) {
      case model::INDICATOR_KIND_OUTCOME_RATE: {
        model::LocalizedText title;
        title.set_nn("alle inviterte");
        title.set_nb("alle inviterte");
        title.set_en("all invited");
        out_->bases_.push_back({std::string(kFrameBasis), title, {}, BaseKind::kFrame, {0}});
        break;
      }
      case model::INDICATOR_KIND_DISTRIBUTION:
        ReadQuestion();
        ReadBases();
        break;
      default:
        if (definition_.has_selection())
          ReadSelection();
        else
          out_->numerator_ =
              Parse("indicator.numerator", definition_.numerator(), ExpressionUse::kNumerator);
        ReadBases();
    }
    CompiledIndicator::Result result;
    result.findings = std::move(findings_);
    if (!result.findings.empty()) return result;
    Finish();
    result.indicator = std::move(out_);
    return result;
  }

 private:
  void Add(std::string path, std::string_view rule, std::string message, std::string_view remedy) {
    findings_.push_back(Finding(std::move(path), rule, std::move(message), remedy));
  }

  std::optional<uint32_t> Attribute(const std::string& path, const std::string& id) {
    const std::optional<uint32_t> attribute = frame_.FindAttribute(id);
    if (!attribute.has_value())
      Add(path, "UNKNOWN_ATTRIBUTE",
          base::StrCat("the frame of ", questionnaire_.edition_id(), " has no variable ", id),
          "name a variable of the frame");
    return attribute;
  }

  void ReadBreakdowns() {
    for (int i = 0; i < definition_.breakdowns_size(); ++i) {
      const auto attribute =
          Attribute(base::StrCat("indicator.breakdowns[", i, "]"), definition_.breakdowns(i));
      if (attribute.has_value()) out_->breakdowns_.push_back(*attribute);
    }
    for (int i = 0; i < definition_.crossings_size(); ++i) {
      const std::string path = base::StrCat("indicator.crossings[", i, "].attributes");
      const auto& [first, second] = std::minmax(definition_.crossings(i).attributes(0),
                                                definition_.crossings(i).attributes(1));
      const auto a = Attribute(path, first);
      const auto b = Attribute(path, second);
      if (a.has_value() && b.has_value()) out_->crossings_.push_back({*a, *b});
    }
    for (const model::Comparison& comparison : definition_.compare()) {
      CompiledIndicator::Comparison one;
      one.year = comparison.year();
      const size_t equals = comparison.group().find('=');
      if (equals != std::string::npos) {
        one.attribute = frame_.FindAttribute(comparison.group().substr(0, equals));
        one.group = comparison.group().substr(equals + 1);
      }
      out_->comparisons_.push_back(std::move(one));
    }
  }

  // Null, with a finding or as not asked, where the questionnaire has no such closed question.
  const Question* ClosedQuestion(const std::string& path, const std::string& id) {
    const Question* question = questionnaire_.FindQuestion(id);
    if (question == nullptr) {
      if (questionnaire_.IsNotFielded(id))
        out_->not_asked_ = true;
      else
        Add(path, "UNKNOWN_QUESTION", base::StrCat("there is no question ", base::Quoted(id)),
            "name a question of this questionnaire");
      return nullptr;
    }
    if (!IsClosed(question->type)) {
      Add(path, "TYPE_MISMATCH", base::StrCat(id, " is a number or a text and has no codes"),
          "name a closed question; write a numerator for a number");
      return nullptr;
    }
    return question;
  }

  // The question of a distribution: a closed one, or a row of a grid.
  void ReadQuestion() {
    const std::string& id = definition_.question();
    const std::string path = "indicator.question";
    const size_t dot = id.find('.');
    const Question* question = ClosedQuestion(path, id.substr(0, dot));
    if (question == nullptr) return;
    if (question->type == model::QUESTION_TYPE_GRID && dot == std::string::npos) {
      Add(path, "TYPE_MISMATCH",
          base::StrCat(id, " is a grid; its rows are distributed one by one"),
          base::StrCat("name a row, for example ",
                       questionnaire_.items()[question->first_item].id));
      return;
    }
    const std::optional<ItemIndex> item = questionnaire_.FindItem(id);
    if (!item.has_value()) {
      Add(path, "UNKNOWN_QUESTION", base::StrCat("there is no row ", base::Quoted(id)),
          "name a row of the grid");
      return;
    }
    out_->item_ = *item;
    for (const model::Code& code : question->codes)
      out_->categories_.push_back(
          {code.code(), questionnaire_.Neutral(code.text(), question->scope)});
  }

  void ReadSelection() {
    const model::Selection& selection = definition_.selection();
    const std::string path = "indicator.selection";
    const Question* question = ClosedQuestion(path + ".question", selection.question());
    if (question == nullptr) return;
    const bool grid = question->type == model::QUESTION_TYPE_GRID;
    if (grid && selection.rows().empty())
      Add(path + ".rows", "TYPE_MISMATCH",
          base::StrCat(question->id, " is a grid; only its rows are answered"),
          "name rows and row_rule");
    if (!grid && !selection.rows().empty())
      Add(path + ".rows", "TYPE_MISMATCH", base::StrCat(question->id, " is no grid"),
          "remove rows and row_rule");
    std::vector<int32_t> codes;
    for (int i = 0; i < selection.codes_size(); ++i) {
      if (question->code_bits.Has(selection.codes(i)))
        codes.push_back(selection.codes(i));
      else
        Add(base::StrCat(path, ".codes[", i, "]"), "UNKNOWN_CODE",
            base::StrCat(question->id, " has no code ", selection.codes(i)),
            "name one of its codes");
    }
    std::vector<std::string> items;
    if (!grid) items.push_back(question->id);
    for (int i = 0; grid && i < selection.rows_size(); ++i) {
      items.push_back(base::StrCat(question->id, ".", selection.rows(i)));
      if (!questionnaire_.FindItem(items.back()).has_value())
        Add(base::StrCat(path, ".rows[", i, "]"), "UNKNOWN_ROW",
            base::StrCat(question->id, " has no row ", base::Quoted(selection.rows(i))),
            "name a row of the grid");
    }
    if (!findings_.empty()) return;
    std::vector<std::string> tests;
    for (const std::string& item : items) {
      const std::string list = base::StrCat("(", base::StrJoin(codes, ","), ")");
      if (question->type == model::QUESTION_TYPE_MULTI)
        tests.push_back(base::StrCat(item, " has_any ", list));
      else if (codes.size() == 1)
        tests.push_back(base::StrCat(item, " == ", codes.front()));
      else
        tests.push_back(base::StrCat(item, " in ", list));
    }
    out_->numerator_ = Parse(
        path, base::StrJoin(tests, selection.row_rule() == model::ROW_RULE_ALL ? " and " : " or "),
        ExpressionUse::kNumerator);
  }

  void ReadBases() {
    for (int i = 0; i < definition_.bases_size(); ++i) {
      const model::Basis& basis = definition_.bases(i);
      const std::string path = base::StrCat("indicator.bases[", i, "].base");
      CompiledIndicator::Basis one{basis.id(),
                                   basis.title(),
                                   Parse(path, basis.base(), ExpressionUse::kBase),
                                   BaseKind::kFrame,
                                   {}};
      if (definition_.kind() == model::INDICATOR_KIND_DISTRIBUTION && !one.base.empty() &&
          out_->item_ != kNoItem && questionnaire_.items()[out_->item_].type == ValueType::kCode &&
          !NeedsAnswer(one.base, one.base.root(), out_->item_)) {
        Add(path, "BASE_TOO_WIDE",
            base::StrCat("units that did not answer ", definition_.question(),
                         " would be in the base and in none of its categories"),
            base::StrCat("add: and answered(", definition_.question(), ")"));
      }
      out_->bases_.push_back(std::move(one));
    }
  }

  Expression Parse(const std::string& path, const std::string& text, ExpressionUse use) {
    ParsedExpression parsed = ParseExpression(text, symbols_, use);
    if (OnlyNotFielded(parsed.errors, questionnaire_)) {
      out_->not_asked_ = true;
      return {};
    }
    for (ExpressionError& error : parsed.errors)
      findings_.push_back(
          {path, error.column, error.rule, std::move(error.message), std::move(error.remedy)});
    return parsed.expression.value_or(Expression());
  }

  void Finish() {
    std::set<ItemIndex> items(out_->numerator_.items().begin(), out_->numerator_.items().end());
    if (out_->item_ != kNoItem) items.insert(out_->item_);
    for (CompiledIndicator::Basis& basis : out_->bases_) {
      items.insert(basis.base.items().begin(), basis.base.items().end());
      basis.kind = KindOfBase(basis.base, questionnaire_);
      if (definition_.kind() != model::INDICATOR_KIND_DISTRIBUTION || out_->not_asked_) {
        basis.codes = {0};
        continue;
      }
      const bool substantive = out_->automatic_ && basis.id == kSubstantiveBasis;
      for (const CompiledIndicator::Category& category : out_->categories_) {
        if (!substantive || category.code <= kSubstantiveMax) basis.codes.push_back(category.code);
      }
    }
    out_->items_read_.assign(items.begin(), items.end());
  }

  const model::Indicator& definition_;
  const CompiledQuestionnaire& questionnaire_;
  const CompiledFrame& frame_;
  const SymbolTable& symbols_;
  std::shared_ptr<CompiledIndicator> out_;
  DefinitionFindings findings_;
};

CompiledIndicator::Result CompiledIndicator::Compile(const model::Indicator& indicator,
                                                     const CompiledQuestionnaire& questionnaire,
                                                     const CompiledFrame& frame) {
  return Compile(indicator, questionnaire, frame, questionnaire.Symbols(&frame));
}

CompiledIndicator::Result CompiledIndicator::Compile(const model::Indicator& indicator,
                                                     const CompiledQuestionnaire& questionnaire,
                                                     const CompiledFrame& frame,
                                                     const SymbolTable& symbols, Origin origin) {
  Result out;
  out.findings = Check(indicator, origin);
  if (!out.findings.empty()) return out;
  return IndicatorCompiler(indicator, questionnaire, frame, symbols).Compile(origin);
}

}  // namespace imdi::domain
