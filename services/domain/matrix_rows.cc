#include "services/domain/matrix_rows.h"

#include <algorithm>
#include <set>

#include "services/base/text.h"

namespace imdi::domain {

MatrixRows::MatrixRows(const FigurePlan& plan) : plan_(plan) {
  for (const FigurePlan::Block& one : plan.blocks()) {
    const CompiledIndicator& indicator = plan.IndicatorOf(one);
    Block block;
    std::set<uint32_t> rows = {kComplete, kPartial, kOutOfScope};
    if (indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
      block.kind = Block::Kind::kOutcomeRate;
    } else if (indicator.not_asked()) {
      block.kind = Block::Kind::kNotAsked;
    } else {
      block.base = BaseOf(plan.BasisOf(one).base);
      const Program& base = bases_[block.base].program;
      rows.insert(base.rows.begin(), base.rows.end());
      if (indicator.kind() == model::INDICATOR_KIND_DISTRIBUTION) {
        block.kind = Block::Kind::kDistribution;
        FirstRowOf(indicator.item());
        for (const int32_t code : one.categories)
          block.categories.push_back(CodeRow(indicator.item(), code));
        rows.insert(block.categories.begin(), block.categories.end());
      } else if (indicator.numeric()) {
        block.kind = Block::Kind::kNumeric;
        block.a = NumberOf(indicator.measure());
        block.b = NumberOf(indicator.denominator());
        for (const Number& number : {block.a, block.b}) {
          if (number.when != kAlways) {
            const Program& when = numerators_[number.when];
            rows.insert(when.rows.begin(), when.rows.end());
          }
          if (number.source == kOneEach || number_sources_[number.source].known == kNoRow) continue;
          block.given.push_back(number.source);
          rows.insert(number_sources_[number.source].answered);
          rows.insert(number_sources_[number.source].known);
        }
      } else {
        block.numerator = NumeratorOf(indicator.numerator());
        const Program& numerator = numerators_[block.numerator];
        rows.insert(numerator.rows.begin(), numerator.rows.end());
      }
    }
    block.rows.assign(rows.begin(), rows.end());
    blocks_.push_back(std::move(block));
  }
}

uint32_t MatrixRows::FirstRowOf(ItemIndex item) {
  const auto [found, fresh] = item_at_.emplace(item, items_.size());
  if (!fresh) return items_[found->second].first;
  const CompiledQuestionnaire& questionnaire = plan_.questionnaire();
  const ValueType type = questionnaire.items()[item].type;
  Item out;
  out.item = item;
  out.first = count_;
  out.closed = type == ValueType::kCode || type == ValueType::kCodeSet;
  count_ += kFirstCodeRow;
  if (out.closed) {
    const CodeBits& codes = questionnaire.QuestionOf(item).code_bits;
    const auto [table, new_table] =
        places_by_codes_.emplace(codes.words, static_cast<uint32_t>(places_.size()));
    if (new_table) {
      std::array<uint8_t, kCodeMax + 1> places;
      places.fill(kNoPlace);
      uint8_t place = 0;
      for (const int32_t code : codes.Codes()) places[static_cast<size_t>(code)] = place++;
      places_.push_back(places);
    }
    out.places = table->second;
    count_ += static_cast<uint32_t>(codes.Count());
  }
  items_.push_back(out);
  return out.first;
}

uint32_t MatrixRows::CodeRow(ItemIndex item, int32_t code) const {
  const Item& one = items_[item_at_.at(item)];
  if (!one.closed || code < 0 || code > kCodeMax) return kNoRow;
  const uint8_t place = places_[one.places][static_cast<size_t>(code)];
  return place == kNoPlace ? kNoRow : one.first + kFirstCodeRow + place;
}

uint32_t MatrixRows::UnitTestOf(const Expression::Node& node) {
  const std::string text =
      base::StrCat(static_cast<int>(node.op), " ", node.item, " ", static_cast<int>(node.compare),
                   " ", node.number, " ", node.codes.words[0], " ", node.codes.words[1]);
  const auto [found, fresh] =
      unit_test_by_text_.emplace(text, static_cast<uint32_t>(unit_tests_.size()));
  if (!fresh) return found->second;
  UnitTest test;
  test.item = node.item;
  test.node = node;
  test.row = count_++;
  if (node.op == Expression::Op::kNumber) {
    const auto [known, first] = number_known_.emplace(node.item, count_);
    if (first) ++count_;
    test.known_row = known->second;
  }
  unit_tests_.push_back(std::move(test));
  return found->second;
}

uint32_t MatrixRows::FrameTestOf(const Expression& expression, const Expression::Node& node) {
  FrameTest test;
  test.op = node.op;
  test.compare = node.compare;
  if (node.op == Expression::Op::kUnitType) {
    test.type = node.number;
  } else {
    test.attribute = node.item;
    const auto groups = expression.GroupsOf(node);
    test.groups.assign(groups.begin(), groups.end());
  }
  const std::string text =
      base::StrCat(static_cast<int>(test.op), " ", static_cast<int>(test.compare), " ", test.type,
                   " ", test.attribute, " ", base::StrJoin(test.groups, ","));
  const auto [found, fresh] =
      frame_test_by_text_.emplace(text, static_cast<uint32_t>(frame_tests_.size()));
  if (fresh) frame_tests_.push_back(std::move(test));
  return found->second;
}

uint32_t MatrixRows::PossibleOf(const Expression& base) {
  Possible out;
  std::string text;
  if (base.reads_attributes()) {
    out.expression = &base;
    text = base.Print();
  } else {
    for (size_t type = 0; type < out.by_type.size(); ++type) {
      const auto one = static_cast<model::UnitType>(type);
      out.by_type[type] = CanBeTrue(base, {one, {}}, plan_.questionnaire().ScopeFor(one));
      text.push_back(out.by_type[type] ? '1' : '0');
    }
  }
  const auto [found, fresh] =
      possible_by_text_.emplace(text, static_cast<uint32_t>(possibles_.size()));
  if (fresh) possibles_.push_back(out);
  return found->second;
}

uint32_t MatrixRows::BaseOf(const Expression& base) {
  const auto [found, fresh] =
      base_by_text_.emplace(base.Print(), static_cast<uint32_t>(bases_.size()));
  if (!fresh) return found->second;
  Base out;
  out.program = Compile(base);
  out.possible = PossibleOf(base);
  if (!base.empty() && base.root().op == Expression::Op::kAnswered)
    out.plain_item = FirstRowOf(base.root().item);
  bases_.push_back(std::move(out));
  return found->second;
}

uint32_t MatrixRows::NumeratorOf(const Expression& numerator) {
  const auto [found, fresh] =
      numerator_by_text_.emplace(numerator.Print(), static_cast<uint32_t>(numerators_.size()));
  if (fresh) numerators_.push_back(Compile(numerator));
  return found->second;
}

MatrixRows::Number MatrixRows::NumberOf(const CompiledIndicator::Measure& measure) {
  using Source = CompiledIndicator::Measure::Source;
  Number out;
  if (!measure.when.empty()) out.when = NumeratorOf(measure.when);
  if (measure.source == Source::kOne) return out;
  std::string text = base::StrCat(static_cast<int>(measure.source), " ", measure.item, " ",
                                  static_cast<int>(measure.number));
  for (const auto& [code, score] : measure.scores) base::StrAppend(text, " ", code, "=", score);
  const auto [found, fresh] =
      number_source_by_text_.emplace(text, static_cast<uint32_t>(number_sources_.size()));
  if (fresh) {
    NumberSource& source = number_sources_.emplace_back();
    source.measure = &measure;
    if (measure.source != Source::kFrame) {
      source.answered = FirstRowOf(measure.item) + kAnsweredRow;
      source.known = count_++;
    }
  }
  out.source = found->second;
  return out;
}

MatrixRows::Program MatrixRows::Compile(const Expression& expression) {
  using Op = Expression::Op;
  Program out;
  std::set<uint32_t> rows;
  const auto read = [&](uint32_t row) {
    if (row != kNoRow) rows.insert(row);
    return row;
  };
  if (expression.empty()) {  // Always true: an empty conjunction.
    out.steps.emplace_back().op = Step::Op::kAnd;
    return out;
  }
  // Nodes stand before their parents, and so do the steps.
  for (const Expression::Node& node : expression.nodes()) {
    Step step;
    switch (node.op) {
      case Op::kAnd:
      case Op::kOr:
      case Op::kNot: {
        step.op = node.op == Op::kAnd  ? Step::Op::kAnd
                  : node.op == Op::kOr ? Step::Op::kOr
                                       : Step::Op::kNot;
        const auto children = expression.ChildrenOf(node);
        step.operands.assign(children.begin(), children.end());
        break;
      }
      case Op::kCode:
      case Op::kSetHasAny:
        step.op = Step::Op::kCodes;
        step.item_first = FirstRowOf(node.item);
        for (const int32_t code : node.codes.Codes()) {
          const uint32_t row = read(CodeRow(node.item, code));
          if (row != kNoRow) step.operands.push_back(row);
        }
        step.known = read(step.item_first + kAnsweredRow);
        if (!NamesDontKnow(node)) step.dont_know = read(CodeRow(node.item, kDontKnow));
        break;
      case Op::kSetCount:
      case Op::kNumber: {
        step.op = Step::Op::kUnitTest;
        step.item_first = FirstRowOf(node.item);
        const UnitTest& test = unit_tests_[UnitTestOf(node)];
        step.operands.push_back(read(test.row));
        step.known =
            read(test.known_row == kNoRow ? step.item_first + kAnsweredRow : test.known_row);
        if (!NamesDontKnow(node)) step.dont_know = read(CodeRow(node.item, kDontKnow));
        break;
      }
      case Op::kAnswered:
      case Op::kRouted:
        step.op = node.op == Op::kAnswered ? Step::Op::kAnswered : Step::Op::kRouted;
        step.item_first = FirstRowOf(node.item);
        for (const uint32_t row : {kAnsweredRow, kLeftBlankRow, kOpenRow})
          read(step.item_first + row);
        break;
      case Op::kResponded:
        step.op = Step::Op::kResponded;
        break;
      case Op::kUnitType:
      case Op::kUnitGroup:
        step.op = Step::Op::kFrame;
        step.frame_test = FrameTestOf(expression, node);
        break;
    }
    out.steps.push_back(std::move(step));
  }
  out.rows.assign(rows.begin(), rows.end());
  return out;
}

size_t MatrixRows::bytes() const {
  const auto of_numbers = [](const std::vector<uint32_t>& numbers) {
    return numbers.capacity() * sizeof(uint32_t);
  };
  const auto of_program = [&](const Program& program) {
    size_t bytes = of_numbers(program.rows) + program.steps.capacity() * sizeof(Step);
    for (const Step& step : program.steps) bytes += of_numbers(step.operands);
    return bytes;
  };
  size_t bytes = items_.capacity() * sizeof(Item) + places_.capacity() * sizeof(places_[0]) +
                 unit_tests_.capacity() * sizeof(UnitTest) +
                 frame_tests_.capacity() * sizeof(FrameTest) +
                 possibles_.capacity() * sizeof(Possible) + bases_.capacity() * sizeof(Base) +
                 numerators_.capacity() * sizeof(Program) + blocks_.capacity() * sizeof(Block) +
                 number_sources_.capacity() * sizeof(NumberSource);
  for (const Base& base : bases_) bytes += of_program(base.program);
  for (const Program& numerator : numerators_) bytes += of_program(numerator);
  for (const Block& block : blocks_)
    bytes += of_numbers(block.categories) + of_numbers(block.rows) + of_numbers(block.given);
  return bytes;
}

}  // namespace imdi::domain
