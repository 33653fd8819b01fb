#include "services/domain/indicator.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/text.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/indicator_reader.h"
#include "services/domain/measure.h"

namespace imdi::domain {
namespace {

bool IsClosed(model::QuestionType type) {
  return type == model::QUESTION_TYPE_SINGLE || type == model::QUESTION_TYPE_MULTI ||
         type == model::QUESTION_TYPE_GRID;
}

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
        reader_(questionnaire, frame, symbols),
        out_(new CompiledIndicator) {}

  CompiledIndicator::Result Compile(CompiledIndicator::Origin origin,
                                    std::shared_ptr<const CompiledWeightSet> weights) {
    out_->id_ = definition_.name().substr(definition_.name().find('/') + 1);
    out_->definition_ = definition_;
    out_->automatic_ = origin == CompiledIndicator::Origin::kAutomatic;
    out_->numeric_ = IsNumeric(definition_.kind());
    ReadBreakdowns();
    TakeWeights(std::move(weights));
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
      case model::INDICATOR_KIND_MEAN:
      case model::INDICATOR_KIND_TOTAL:
      case model::INDICATOR_KIND_RATIO:
      case model::INDICATOR_KIND_QUANTILE:
        ReadNumbers();
        break;
      default:
        if (definition_.has_selection())
          ReadSelection();
        else
          out_->numerator_ = reader_.Parse("indicator.numerator", definition_.numerator(),
                                           ExpressionUse::kNumerator);
        ReadBases();
    }
    CompiledIndicator::Result result;
    result.findings = reader_.findings();
    out_->not_asked_ = reader_.not_asked();
    if (!result.findings.empty()) return result;
    Finish();
    result.indicator = std::move(out_);
    return result;
  }

 private:
  void ReadBreakdowns() {
    for (int i = 0; i < definition_.breakdowns_size(); ++i) {
      const auto attribute = reader_.FindAttribute(base::StrCat("indicator.breakdowns[", i, "]"),
                                                   definition_.breakdowns(i));
      if (attribute.has_value()) out_->breakdowns_.push_back(*attribute);
    }
    for (int i = 0; i < definition_.crossings_size(); ++i) {
      const std::string path = base::StrCat("indicator.crossings[", i, "].attributes");
      const auto& [first, second] = std::minmax(definition_.crossings(i).attributes(0),
                                                definition_.crossings(i).attributes(1));
      const auto a = reader_.FindAttribute(path, first);
      const auto b = reader_.FindAttribute(path, second);
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

  void TakeWeights(std::shared_ptr<const CompiledWeightSet> weights) {
    if (IsBuiltInWeights(definition_.weights())) return;
    if (weights == nullptr || weights->name() != definition_.weights())
      reader_.Add("indicator.weights", "UNKNOWN_WEIGHT_SET",
                  base::StrCat("there is no weight set ", definition_.weights()),
                  "apply it first, or leave it out for the built-in weights");
    out_->weights_ = std::move(weights);
  }

  // Null, with a finding or as not asked, where the questionnaire has no such closed question.
  const Question* ClosedQuestion(const std::string& path, const std::string& id) {
    const Question* question = reader_.FindQuestion(path, id);
    if (question == nullptr) return nullptr;
    if (!IsClosed(question->type)) {
      reader_.Add(path, "TYPE_MISMATCH",
                  base::StrCat(id, " is a number or a text and has no codes"),
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
      reader_.Add(path, "TYPE_MISMATCH",
                  base::StrCat(id, " is a grid; its rows are distributed one by one"),
                  base::StrCat("name a row, for example ",
                               questionnaire_.items()[question->first_item].id));
      return;
    }
    const std::optional<ItemIndex> item = questionnaire_.FindItem(id);
    if (!item.has_value()) {
      reader_.Add(path, "UNKNOWN_QUESTION", base::StrCat("there is no row ", base::Quoted(id)),
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
      reader_.Add(path + ".rows", "TYPE_MISMATCH",
                  base::StrCat(question->id, " is a grid; only its rows are answered"),
                  "name rows and row_rule");
    if (!grid && !selection.rows().empty())
      reader_.Add(path + ".rows", "TYPE_MISMATCH", base::StrCat(question->id, " is no grid"),
                  "remove rows and row_rule");
    std::vector<int32_t> codes;
    for (int i = 0; i < selection.codes_size(); ++i) {
      if (question->code_bits.Has(selection.codes(i)))
        codes.push_back(selection.codes(i));
      else
        reader_.Add(base::StrCat(path, ".codes[", i, "]"), "UNKNOWN_CODE",
                    base::StrCat(question->id, " has no code ", selection.codes(i)),
                    "name one of its codes");
    }
    std::vector<std::string> items;
    if (!grid) items.push_back(question->id);
    for (int i = 0; grid && i < selection.rows_size(); ++i) {
      items.push_back(base::StrCat(question->id, ".", selection.rows(i)));
      if (!questionnaire_.FindItem(items.back()).has_value())
        reader_.Add(base::StrCat(path, ".rows[", i, "]"), "UNKNOWN_ROW",
                    base::StrCat(question->id, " has no row ", base::Quoted(selection.rows(i))),
                    "name a row of the grid");
    }
    if (!reader_.findings().empty()) return;
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
    out_->numerator_ = reader_.Parse(
        path, base::StrJoin(tests, selection.row_rule() == model::ROW_RULE_ALL ? " and " : " or "),
        ExpressionUse::kNumerator);
  }

  // Measures first: what they need of answers is part of every base.
  void ReadNumbers() {
    std::vector<std::string> needs;
    const auto read = [&](const std::string& path, const model::Measure& measure) {
      CompiledMeasure compiled = CompileMeasure(path, measure, reader_);
      if (!compiled.needs.empty()) needs.push_back(std::move(compiled.needs));
      answers_without_ = answers_without_ || compiled.answers_without;
      return std::move(compiled.measure);
    };
    out_->measure_ = read("indicator.measure", definition_.measure());
    if (definition_.kind() == model::INDICATOR_KIND_RATIO)
      out_->denominator_ = read("indicator.denominator", definition_.denominator());
    if (definition_.quantile_thousandths() != 0)
      out_->quantile_thousandths_ = definition_.quantile_thousandths();
    if (reader_.not_asked()) needs.clear();
    ReadBases(needs);
    if (reader_.not_asked() || !reader_.findings().empty()) return;
    CheckDenominator("indicator.denominator", out_->denominator_, reader_);
    CheckFrameNumbers(*out_, reader_);
  }

  // `needs` are further conditions of every base.
  void ReadBases(const std::vector<std::string>& needs = {}) {
    for (int i = 0; i < definition_.bases_size(); ++i) {
      const model::Basis& basis = definition_.bases(i);
      const std::string path = base::StrCat("indicator.bases[", i, "].base");
      CompiledIndicator::Basis one{
          basis.id(),
          basis.title(),
          reader_.ParseWith(path, basis.base(), needs, ExpressionUse::kBase),
          BaseKind::kFrame,
          {}};
      if (definition_.kind() == model::INDICATOR_KIND_DISTRIBUTION && !one.base.empty() &&
          out_->item_ != kNoItem && questionnaire_.items()[out_->item_].type == ValueType::kCode &&
          !NeedsAnswer(one.base, one.base.root(), out_->item_)) {
        reader_.Add(path, "BASE_TOO_WIDE",
                    base::StrCat("units that did not answer ", definition_.question(),
                                 " would be in the base and in none of its categories"),
                    base::StrCat("add: and answered(", definition_.question(), ")"));
      }
      out_->bases_.push_back(std::move(one));
    }
  }

  void Finish() {
    std::set<ItemIndex> items(out_->numerator_.items().begin(), out_->numerator_.items().end());
    if (out_->item_ != kNoItem) items.insert(out_->item_);
    for (const CompiledIndicator::Measure* one : {&out_->measure_, &out_->denominator_}) {
      if (one->item != kNoItem) items.insert(one->item);
      items.insert(one->when.items().begin(), one->when.items().end());
    }
    for (CompiledIndicator::Basis& basis : out_->bases_) {
      items.insert(basis.base.items().begin(), basis.base.items().end());
      // Where some answers have no number not only silence keeps units out.
      basis.kind = answers_without_ ? BaseKind::kAnswers : KindOfBase(basis.base, questionnaire_);
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
  IndicatorReader reader_;
  std::shared_ptr<CompiledIndicator> out_;
  bool answers_without_ = false;  // Some answer to a measured item has no number.
};

CompiledIndicator::Result CompiledIndicator::Compile(
    const model::Indicator& indicator, const CompiledQuestionnaire& questionnaire,
    const CompiledFrame& frame, std::shared_ptr<const CompiledWeightSet> weights) {
  Result out;
  out.findings = CheckIndicator(indicator);
  if (!out.findings.empty()) return out;
  const SymbolTable symbols = questionnaire.Symbols(&frame);
  return IndicatorCompiler(indicator, questionnaire, frame, symbols)
      .Compile(Origin::kDocument, std::move(weights));
}

CompiledIndicator::Result CompiledIndicator::CompileAutomatic(
    const model::Indicator& indicator, const CompiledQuestionnaire& questionnaire,
    const CompiledFrame& frame, const SymbolTable& symbols) {
  Result out;
  out.findings = CheckIndicator(indicator, Origin::kAutomatic);
  if (!out.findings.empty()) return out;
  return IndicatorCompiler(indicator, questionnaire, frame, symbols)
      .Compile(Origin::kAutomatic, nullptr);
}

}  // namespace imdi::domain
