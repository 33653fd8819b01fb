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
  const ParsedExpression again =
      ParseExpression(parsed.expression->Print(), Symbols(), ExpressionUse::kBase);
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
  const ParsedExpression parsed =
      ParseExpression("INT01 == 1", Symbols(), ExpressionUse::kRoute, 4);
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

// rule@column of every error, by column.
std::vector<std::string> Errors(std::string_view text, ExpressionUse use = ExpressionUse::kBase,
                                ItemIndex limit = kNoItem) {
  std::vector<std::string> out;
  const ParsedExpression parsed = ParseExpression(text, Symbols(), use, limit);
  EXPECT_EQ(parsed.expression.has_value(), parsed.errors.empty()) << text;
  for (const ExpressionError& error : parsed.errors) {
    EXPECT_FALSE(error.message.empty());
    EXPECT_FALSE(error.remedy.empty());
    out.push_back(error.rule + "@" + std::to_string(error.column));
  }
  return out;
}

using testing::ElementsAre;

TEST(Expression, ErrorsStandAtTheirColumnAndAllOfThemAreFound) {
  EXPECT_THAT(Errors("BAK05 == 1 and NOSUCH == 1"), ElementsAre("UNKNOWN_QUESTION@16"));
  EXPECT_THAT(Errors("answered(NOSUCH) or routed(bak05)"),
              ElementsAre("UNKNOWN_QUESTION@10", "UNKNOWN_QUESTION@28"));
  EXPECT_THAT(Errors("SYS06.z == 1"), ElementsAre("UNKNOWN_QUESTION@1"));
  EXPECT_THAT(Errors("BAK05 in (1,7)"), ElementsAre("UNKNOWN_CODE@13"));
  EXPECT_THAT(Errors("BAK05 in (4..97)"), ElementsAre("UNKNOWN_CODE@11"));
  EXPECT_THAT(Errors("BAK05 in (3..1)"), ElementsAre("UNKNOWN_CODE@11"));
  EXPECT_THAT(Errors("BAK05 == 128 or BAK05 == -1"),
              ElementsAre("UNKNOWN_CODE@10", "UNKNOWN_CODE@26"));
  EXPECT_THAT(Errors("BAK05 has_any (1)"), ElementsAre("TYPE_MISMATCH@1"));
  EXPECT_THAT(Errors("BOS02 in (1)"), ElementsAre("TYPE_MISMATCH@1"));
  EXPECT_THAT(Errors("BOS02 == 1"), ElementsAre("TYPE_MISMATCH@1"));
  EXPECT_THAT(Errors("BAK04 in (1)"), ElementsAre("TYPE_MISMATCH@1"));
  EXPECT_THAT(Errors("count(BAK05 in 1..2) > 1"), ElementsAre("TYPE_MISMATCH@7"));
  EXPECT_THAT(Errors("BAK04 > 1.5"), ElementsAre("NUMBER_OUT_OF_RANGE@9"));
  EXPECT_THAT(Errors("BAK04 > 99999999999999999999"), ElementsAre("NUMBER_OUT_OF_RANGE@9"));
  EXPECT_THAT(Errors("unit.type == county"), ElementsAre("UNKNOWN_GROUP@14"));
  EXPECT_THAT(Errors("unit.imdi_region in (1,9)"), ElementsAre("UNKNOWN_GROUP@24"));
  EXPECT_THAT(Errors("unit.type < district"), ElementsAre("EXPRESSION_SYNTAX@11"));
  EXPECT_THAT(Errors("NOSUCH == 1 and BAK05 == 7 and unit.county == 1"),
              ElementsAre("UNKNOWN_QUESTION@1", "UNKNOWN_CODE@26", "UNKNOWN_ATTRIBUTE@32"));
}

TEST(Expression, SyntaxErrorsSayWhereAndStop) {
  EXPECT_THAT(Errors("BAK05 == 1 BAK05 == 2"), ElementsAre("EXPRESSION_SYNTAX@12"));
  EXPECT_THAT(Errors("(BAK05 == 1"), ElementsAre("EXPRESSION_SYNTAX@12"));
  EXPECT_THAT(Errors("BAK05 == 1)"), ElementsAre("EXPRESSION_SYNTAX@11"));
  EXPECT_THAT(Errors("BAK05 == BAK05"), ElementsAre("EXPRESSION_SYNTAX@10"));
  EXPECT_THAT(Errors("BAK05 = 1"), ElementsAre("EXPRESSION_SYNTAX@7"));
  EXPECT_THAT(Errors("and"), ElementsAre("UNKNOWN_QUESTION@1", "EXPRESSION_SYNTAX@4"));
  EXPECT_THAT(Errors("BAK05 in ()"), ElementsAre("EXPRESSION_SYNTAX@11"));
  EXPECT_THAT(Errors("BAK05 in (1,)"), ElementsAre("EXPRESSION_SYNTAX@13"));
  EXPECT_THAT(Errors("not"), ElementsAre("EXPRESSION_SYNTAX@4"));
  EXPECT_THAT(Errors("BAK05 == 1 or"), ElementsAre("EXPRESSION_SYNTAX@14"));
  EXPECT_THAT(Errors("BAK05 == \"1\""), ElementsAre("EXPRESSION_SYNTAX@10"));
  EXPECT_THAT(Errors(std::string_view("BAK05\0 == 1", 11)), ElementsAre("EXPRESSION_SYNTAX@6"));
  EXPECT_THAT(Errors("ＢＡＫ05 == 1"), ElementsAre("EXPRESSION_SYNTAX@1"));
}

TEST(Expression, LengthAndDepthAreBoundedAndTheBoundItselfIsFine) {
  std::string longest = "BAK05 == 1";
  while (longest.size() + 14 <= 4096) longest += " or BAK05 == 1";
  longest.append(4096 - longest.size(), ' ');
  EXPECT_THAT(Errors(longest), ElementsAre());
  EXPECT_THAT(Errors(longest + " "), ElementsAre("EXPRESSION_TOO_LONG@1"));
  std::string compact = "BAK05==1";
  while (compact.size() + 10 <= 4096) compact += "or BAK05==1";
  EXPECT_THAT(Errors(compact), ElementsAre("EXPRESSION_TOO_LONG@1"))
      << "printed canonically it could not be read back";
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "BAK05 == 1" +
           std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_THAT(Errors(nested(64)), ElementsAre());
  EXPECT_THAT(Errors(nested(65)), ElementsAre("EXPRESSION_TOO_DEEP@66"));
  std::string nots;
  for (int i = 0; i < 65; ++i) nots += "not ";
  EXPECT_THAT(Errors(nots + "BAK05 == 1"), ElementsAre("EXPRESSION_TOO_DEEP@261"));
}

TEST(Expression, WhatIsAllowedDependsOnTheUse) {
  const auto errors = [](std::string_view text) {
    std::vector<std::string> out;
    for (const ExpressionUse use : {ExpressionUse::kRoute, ExpressionUse::kBase,
                                    ExpressionUse::kNumerator, ExpressionUse::kCheck}) {
      const auto found = Errors(text, use);
      out.push_back(found.empty() ? "" : found.front());
    }
    return out;
  };
  EXPECT_THAT(errors("responded"), ElementsAre("NOT_ALLOWED_HERE@1", "", "", "NOT_ALLOWED_HERE@1"));
  EXPECT_THAT(errors("previous(INT01) == 1"),
              ElementsAre("NOT_ALLOWED_HERE@1", "NOT_ALLOWED_HERE@1", "NOT_ALLOWED_HERE@1", ""));
  EXPECT_THAT(errors("answered(INT01) and unit.type == district"), ElementsAre("", "", "", ""));
}

TEST(Expression, ARouteLooksBackOnly) {
  EXPECT_THAT(Errors("BAK05 == 1 and SYS06.a == 1", ExpressionUse::kRoute, 3),
              ElementsAre("FORWARD_REFERENCE@16"));
  EXPECT_THAT(Errors("BAK05 == 1 and SYS06.a == 1", ExpressionUse::kRoute, 4), ElementsAre());
}

TEST(Kleene, TheTablesAreKleenes) {
  constexpr Kleene F = Kleene::kFalse, T = Kleene::kTrue, U = Kleene::kUnknown;
  EXPECT_EQ(Not(F), T);
  EXPECT_EQ(Not(T), F);
  EXPECT_EQ(Not(U), U);
  const Kleene values[] = {F, T, U};
  const Kleene conjunction[3][3] = {{F, F, F}, {F, T, U}, {F, U, U}};
  const Kleene disjunction[3][3] = {{F, T, U}, {T, T, T}, {U, T, U}};
  for (int a = 0; a < 3; ++a) {
    for (int b = 0; b < 3; ++b) {
      EXPECT_EQ(And(values[a], values[b]), conjunction[a][b]) << Name(values[a]) << Name(values[b]);
      EXPECT_EQ(Or(values[a], values[b]), disjunction[a][b]) << Name(values[a]) << Name(values[b]);
    }
  }
}

// Value over the five items of Symbols(), all of them routed.
struct Unit {
  AnswerSet answers{5};
  AnswerSet previous{5};
  bool has_previous = false;
  std::vector<ItemState> states;
  std::vector<uint16_t> groups = {1};
  model::UnitType type = model::UNIT_TYPE_MUNICIPALITY;
  bool responded = true;

  std::string_view Of(std::string_view text, EvaluationMode mode = {}) const {
    const ParsedExpression parsed =
        ParseExpression(text, Symbols(),
                        text.find("previous") == std::string_view::npos ? ExpressionUse::kBase
                                                                        : ExpressionUse::kCheck);
    EXPECT_TRUE(parsed.expression.has_value()) << text;
    return Name(Evaluate(*parsed.expression,
                         {.answers = &answers,
                          .states = states,
                          .previous = has_previous ? &previous : nullptr,
                          .unit = {type, groups},
                          .responded = responded},
                         mode));
  }
};

TEST(Evaluation, MultipleChoicesAreAskedWithHasAnyAndCount) {
  Unit unit;
  EXPECT_EQ(unit.Of("BOS02 has_any (1..3)"), "unknown");
  EXPECT_EQ(unit.Of("count(BOS02 in 1..4) >= 0"), "unknown") << "a blank is not an empty set";
  unit.answers.Set(1, AnswerValue::OfCodes(Codes({2, 4})));
  EXPECT_EQ(unit.Of("BOS02 has_any (1..3)"), "true");
  EXPECT_EQ(unit.Of("BOS02 has_any (1,3,98)"), "false");
  EXPECT_EQ(unit.Of("count(BOS02 in 1..4) == 2"), "true");
  EXPECT_EQ(unit.Of("count(BOS02 in 1..3) >= 2"), "false");
  unit.answers.Set(1, AnswerValue::OfCodes(Codes({98})));
  EXPECT_EQ(unit.Of("BOS02 has_any (1..3)"), "false");
  EXPECT_EQ(unit.Of("BOS02 has_any (1..3)",
                    {.dont_know_is_unknown = true, .answered_means_routed = false}),
            "unknown");
}

TEST(Evaluation, ATestThatNamesDontKnowKnowsWhatItMeans) {
  Unit unit;
  const EvaluationMode open = {.dont_know_is_unknown = true, .answered_means_routed = true};
  unit.answers.Set(1, AnswerValue::OfCodes(Codes({98})));
  unit.answers.Set(4, AnswerValue::OfCode(98));
  EXPECT_EQ(unit.Of("INT01 == 1", open), "unknown");
  EXPECT_EQ(unit.Of("INT01 != 1", open), "unknown") << "true of 98, and not written with it";
  EXPECT_EQ(unit.Of("INT01 in (1,2)", open), "unknown");
  EXPECT_EQ(unit.Of("INT01 == 98", open), "true");
  EXPECT_EQ(unit.Of("INT01 != 98", open), "false");
  EXPECT_EQ(unit.Of("answered(INT01) and not INT01 in (2,98)", open), "false");
  EXPECT_EQ(unit.Of("BOS02 has_any (1,98)", open), "true");
  EXPECT_EQ(unit.Of("count(BOS02 in (1,98)) >= 2", open), "false");
  EXPECT_EQ(unit.Of("count(BOS02 in (1,2)) >= 2", open), "unknown");
}

TEST(Evaluation, AGridRowIsAnItemOfItsOwn) {
  Unit unit;
  unit.answers.Set(3, AnswerValue::OfCode(97));
  EXPECT_EQ(unit.Of("SYS06.a in (3,4)"), "false");
  EXPECT_EQ(unit.Of("not SYS06.a == 97"), "false");
  EXPECT_EQ(unit.Of("SYS06.a >= 97"), "true");
  EXPECT_EQ(unit.Of("answered(SYS06.a)"), "true");
}

TEST(Evaluation, NumbersCompareAndDontKnowIsUnknown) {
  Unit unit;
  EXPECT_EQ(unit.Of("BAK04 > 5"), "unknown");
  unit.answers.Set(2, AnswerValue::OfNumber(5));
  EXPECT_EQ(unit.Of("BAK04 > 5"), "false");
  EXPECT_EQ(unit.Of("BAK04 >= 5"), "true");
  EXPECT_EQ(unit.Of("BAK04 != 5"), "false");
  EXPECT_EQ(unit.Of("BAK04 > -3"), "true");
  unit.answers.Set(2, AnswerValue::DontKnow());
  EXPECT_EQ(unit.Of("BAK04 >= 0"), "unknown");
  EXPECT_EQ(unit.Of("answered(BAK04)"), "true");
}

TEST(Evaluation, PreviousIsUnknownWithoutAPredecessor) {
  Unit unit;
  EXPECT_EQ(unit.Of("previous(INT01) == 1"), "unknown");
  EXPECT_EQ(unit.Of("not previous(INT01) == 1"), "unknown");
  unit.has_previous = true;
  EXPECT_EQ(unit.Of("previous(INT01) == 1"), "unknown") << "it was left blank";
  unit.previous.Set(4, AnswerValue::OfCode(1));
  unit.answers.Set(4, AnswerValue::OfCode(2));
  EXPECT_EQ(unit.Of("previous(INT01) == 1 and INT01 == 2"), "true");
}

TEST(Evaluation, OnlyRoutedAnswersCountAndRoutedFollowsTheState) {
  Unit unit;
  for (ItemIndex item = 0; item < 5; ++item)
    unit.answers.Set(item, item == 1 ? AnswerValue::OfCodes(Codes({1})) : AnswerValue::OfCode(1));
  using S = ItemState;
  unit.states = {S::kNotRouted, S::kFilterUnknown, S::kNotInScope, S::kAnswered,
                 S::kItemNonresponse};
  EXPECT_EQ(unit.Of("BAK05 == 1"), "unknown") << "sent but not routed";
  EXPECT_EQ(unit.Of("answered(BAK05)"), "false");
  EXPECT_EQ(unit.Of("routed(BAK05)"), "false");
  EXPECT_EQ(unit.Of("routed(BOS02)"), "unknown");
  EXPECT_EQ(unit.Of("routed(BAK04)"), "false");
  EXPECT_EQ(unit.Of("SYS06.a == 1 and answered(SYS06.a) and routed(SYS06.a)"), "true");
  EXPECT_EQ(unit.Of("routed(INT01)"), "true");
  EXPECT_EQ(unit.Of("answered(INT01)"), "false");
  unit.states.assign(5, S::kPartMissing);
  EXPECT_EQ(unit.Of("routed(INT01)"), "unknown");
  unit.states.assign(5, S::kBreakoff);
  EXPECT_EQ(unit.Of("routed(INT01)"), "true");
  EXPECT_EQ(unit.Of("answered(INT01)"), "false");
  EXPECT_EQ(
      unit.Of("answered(INT01)", {.dont_know_is_unknown = false, .answered_means_routed = true}),
      "true");
}

TEST(Evaluation, TheFrameIsKnownExceptForTheGroupUnknown) {
  Unit unit;
  EXPECT_EQ(unit.Of("unit.type == municipality"), "true");
  EXPECT_EQ(unit.Of("unit.type != municipality"), "false");
  EXPECT_EQ(unit.Of("unit.imdi_region == 3"), "true");
  EXPECT_EQ(unit.Of("unit.imdi_region in (1,3)"), "true");
  EXPECT_EQ(unit.Of("unit.imdi_region != 1"), "true");
  unit.groups = {kUnknownGroup};
  EXPECT_EQ(unit.Of("unit.imdi_region == 3"), "unknown");
  EXPECT_EQ(unit.Of("unit.imdi_region != 3"), "unknown");
  EXPECT_EQ(unit.Of("responded"), "true");
  unit.responded = false;
  EXPECT_EQ(unit.Of("not responded"), "true");
}

}  // namespace
}  // namespace imdi::domain
