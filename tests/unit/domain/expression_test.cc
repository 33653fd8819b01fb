#include "services/domain/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imdi::domain {
namespace {

CodeBits Codes(std::initializer_list<int32_t> codes) {
  CodeBits bits;
  for (const int32_t code : codes) bits.Add(code);
  return bits;
}

// BAK05 and INT01 single, BOS02 multi, BAK04 numeric, SYS06.a a grid row; attribute imdi_region.
SymbolTable Symbols() {
  SymbolTable symbols;
  symbols.AddItem("BAK05", {0, ValueType::kCode, Codes({1, 2, 3, 98}), 0});
  symbols.AddItem("BOS02", {1, ValueType::kCodeSet, Codes({1, 2, 3, 4, 98}), 0});
  symbols.AddItem("BAK04", {2, ValueType::kNumber, {}, 0});
  symbols.AddItem("SYS06.a", {3, ValueType::kCode, Codes({1, 2, 3, 4, 97, 98}), 0});
  symbols.AddGrid("SYS06", "SYS06.a");
  symbols.AddItem("INT01", {4, ValueType::kCode, Codes({1, 2, 98}), 0});
  symbols.AddAttribute("imdi_region", {0, {{"1", 0}, {"3", 1}}});
  return symbols;
}

std::string Canonical(std::string_view text) {
  const ParsedExpression parsed = ParseExpression(text, Symbols(), ExpressionUse::kBase);
  if (!parsed.expression.has_value()) return parsed.errors.front().rule;
  const ParsedExpression again = ParseExpression(parsed.expression->Print(), Symbols(), ExpressionUse::kBase);
  EXPECT_TRUE(again.expression.has_value());
  EXPECT_EQ(*again.expression, *parsed.expression) << text;
  return parsed.expression->Print();
}

TEST(Expression, IsPrintedCanonically) {
  EXPECT_EQ(Canonical("BAK05 in (2, 1)"), "BAK05 in (1,2)");
  EXPECT_EQ(Canonical("( (BAK05 in (1..3)) )"), "BAK05 in (1..3)");
  EXPECT_EQ(Canonical("BOS02 has_any (1,2,3)"), "BOS02 has_any (1..3)");
  EXPECT_EQ(Canonical("count(BOS02 in 1..4) >= 2"), "count(BOS02 in (1..4)) >= 2");
  EXPECT_EQ(Canonical("SYS06.a in (3,4) or not (INT01 == 1 and BAK04 > 5)"),
            "SYS06.a in (3,4) or not (INT01 == 1 and BAK04 > 5)");
  EXPECT_EQ(Canonical("unit.type == municipality and BAK05 in (1,2) and answered(INT01)"),
            "unit.type == municipality and BAK05 in (1,2) and answered(INT01)");
  EXPECT_EQ(Canonical("(BAK05 == 1 or INT01 == 1) and (routed(INT01) and responded)"),
            "(BAK05 == 1 or INT01 == 1) and routed(INT01) and responded");
  EXPECT_EQ(Canonical("unit.imdi_region in (3,1)"), "unit.imdi_region in (1,3)");
}

TEST(Expression, ErrorsNameTheRule) {
  EXPECT_EQ(Canonical("BAK05 =="), "EXPRESSION_SYNTAX");
  EXPECT_EQ(Canonical("NOSUCH == 1"), "UNKNOWN_QUESTION");
  EXPECT_EQ(Canonical("SYS06 == 1"), "UNKNOWN_QUESTION");
  EXPECT_EQ(Canonical("BAK05 == 7"), "UNKNOWN_CODE");
  EXPECT_EQ(Canonical("BAK05 has_any (1)"), "TYPE_MISMATCH");
  EXPECT_EQ(Canonical("unit.county == 1"), "UNKNOWN_ATTRIBUTE");
  EXPECT_EQ(Canonical("unit.imdi_region == 9"), "UNKNOWN_GROUP");
  EXPECT_EQ(Canonical("previous(INT01) == 1"), "NOT_ALLOWED_HERE");
  EXPECT_EQ(Canonical(std::string(5'000, '(')), "EXPRESSION_TOO_LONG");
  EXPECT_EQ(Canonical(std::string(500, '(')), "EXPRESSION_TOO_DEEP");
}

TEST(Expression, ARouteMayNotNameALaterQuestion) {
  const ParsedExpression parsed = ParseExpression("INT01 == 1", Symbols(), ExpressionUse::kRoute, 4);
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_EQ(parsed.errors.front().rule, "FORWARD_REFERENCE");
  EXPECT_EQ(parsed.errors.front().column, 1);
}

TEST(Expression, SilenceIsUnknownAndNeverANo) {
  const auto value = [](std::string_view text, const AnswerSet& answers) {
    const ParsedExpression parsed = ParseExpression(text, Symbols(), ExpressionUse::kBase);
    UnitAnswers unit;
    unit.answers = &answers;
    return Evaluate(*parsed.expression, unit);
  };
  AnswerSet answers(5);
  EXPECT_EQ(value("INT01 == 1", answers), Kleene::kUnknown);
  EXPECT_EQ(value("not INT01 == 1", answers), Kleene::kUnknown);
  answers.Set(0, AnswerValue::OfCode(1));
  EXPECT_EQ(value("BAK05 == 1 or INT01 == 1", answers), Kleene::kTrue);
  EXPECT_EQ(value("BAK05 == 2 and INT01 == 1", answers), Kleene::kFalse);
  EXPECT_EQ(value("BAK05 == 1 and INT01 == 1", answers), Kleene::kUnknown);
  answers.Set(4, AnswerValue::OfCode(98));
  EXPECT_EQ(value("INT01 == 1", answers), Kleene::kFalse) << "98 is an ordinary code";
}

}  // namespace
}  // namespace imdi::domain
