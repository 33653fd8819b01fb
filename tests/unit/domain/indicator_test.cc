// Indicators as documents: what each kind may say, what is refused and why, and what follows from a
// questionnaire without any document.

#include "services/domain/indicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/base/limits.h"
#include "services/domain/automatic_indicators.h"
#include "services/domain/figure_plan.h"
#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/said_findings.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

std::shared_ptr<const CompiledFrame> TypedFrame() {
  static const auto frame = [] {
    model::Frame out = SmallFrame("T");
    model::FrameVariable& type = *out.add_variables();
    type.set_id("unit_type");
    *type.mutable_title() = Words("type");
    for (const char* code : {"municipality", "district"}) {
      model::Group& group = *type.add_groups();
      group.set_code(code);
      *group.mutable_text() = Words(code);
    }
    for (model::Unit& unit : *out.mutable_units())
      (*unit.mutable_attributes())["unit_type"] =
          unit.type() == model::UNIT_TYPE_DISTRICT ? "district" : "municipality";
    return CompiledFrame::Compile(out).frame;
  }();
  return frame;
}

std::shared_ptr<const CompiledQuestionnaire> TypedForm() {
  static const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), TypedFrame().get())
          .questionnaire;
  return form;
}

CompiledIndicator::Result Compile(const model::Indicator& indicator) {
  CompiledIndicator::Result out =
      CompiledIndicator::Compile(indicator, *TypedForm(), *TypedFrame());
  EXPECT_EQ(out.indicator == nullptr, !out.findings.empty());
  return out;
}

using Edit = std::function<void(model::Indicator&)>;

std::vector<std::string> OfShare(const Edit& change) {
  model::Indicator out = SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  change(out);
  return Say(Compile(out).findings);
}

model::Indicator Selecting(const std::string& question, const std::vector<std::string>& rows,
                           const std::vector<int32_t>& codes,
                           model::RowRule rule = model::ROW_RULE_UNSPECIFIED) {
  model::Indicator out = SmallIndicator("IND", {"T"}, "", {{"ALL", "responded"}});
  model::Selection& selection = *out.mutable_selection();
  selection.set_question(question);
  for (const std::string& row : rows) selection.add_rows(row);
  for (const int32_t code : codes) selection.add_codes(code);
  selection.set_row_rule(rule);
  return out;
}

model::Indicator Distributing(const std::string& question, const std::string& base) {
  model::Indicator out = SmallIndicator("IND", {"T"}, "", {{"ANSWERED", base}});
  out.set_kind(model::INDICATOR_KIND_DISTRIBUTION);
  out.set_question(question);
  return out;
}

TEST(Indicator, ASelectionBecomesTheNumeratorThatOneWouldHaveWritten) {
  const auto numerator = [](const model::Indicator& indicator) {
    const auto compiled = Compile(indicator);
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    return compiled.indicator == nullptr ? "" : compiled.indicator->numerator().Print();
  };
  EXPECT_EQ(numerator(Selecting("A1", {}, {1})), "A1 == 1");
  EXPECT_EQ(numerator(Selecting("A1", {}, {2, 1, 3})), "A1 in (1..3)");
  EXPECT_EQ(numerator(Selecting("A2", {}, {90})), "A2 has_any (90)");
  EXPECT_EQ(numerator(Selecting("A5", {"a", "c"}, {1, 2}, model::ROW_RULE_ANY)),
            "A5.a in (1,2) or A5.c in (1,2)");
  EXPECT_EQ(numerator(Selecting("A5", {"a", "b"}, {97}, model::ROW_RULE_ALL)),
            "A5.a == 97 and A5.b == 97");
  EXPECT_TRUE(Compile(Selecting("X1", {}, {1})).indicator->not_asked());
}

TEST(Indicator, ASelectionThatTheQuestionDoesNotAllowIsRefused) {
  const auto say = [](const model::Indicator& one) { return Say(Compile(one).findings); };
  EXPECT_THAT(say(Selecting("A1", {}, {1, 7})),
              ElementsAre("indicator.selection.codes[1] UNKNOWN_CODE"));
  EXPECT_THAT(say(Selecting("A1", {}, {})), ElementsAre("indicator.selection.codes MISSING_CODES"));
  EXPECT_THAT(say(Selecting("A1", {}, {1, 1})),
              ElementsAre("indicator.selection.codes[1] DUPLICATE"));
  EXPECT_THAT(say(Selecting("A4", {}, {1})),
              ElementsAre("indicator.selection.question TYPE_MISMATCH"));
  EXPECT_THAT(say(Selecting("A6", {}, {1})),
              ElementsAre("indicator.selection.question TYPE_MISMATCH"));
  EXPECT_THAT(say(Selecting("", {}, {1})),
              ElementsAre("indicator.selection.question MISSING_QUESTION"));
  EXPECT_THAT(say(Selecting("A9", {}, {1})),
              ElementsAre("indicator.selection.question UNKNOWN_QUESTION"));
  EXPECT_THAT(say(Selecting("A5.a", {}, {1})),
              ElementsAre("indicator.selection.question UNKNOWN_QUESTION"));
  EXPECT_THAT(say(Selecting("A5", {}, {1})), ElementsAre("indicator.selection.rows TYPE_MISMATCH"));
  EXPECT_THAT(say(Selecting("A1", {"a"}, {1}, model::ROW_RULE_ANY)),
              ElementsAre("indicator.selection.rows TYPE_MISMATCH"));
  EXPECT_THAT(say(Selecting("A5", {"a", "d"}, {1}, model::ROW_RULE_ANY)),
              ElementsAre("indicator.selection.rows[1] UNKNOWN_ROW"));
  EXPECT_THAT(say(Selecting("A5", {"a", "a"}, {1}, model::ROW_RULE_ANY)),
              ElementsAre("indicator.selection.rows[1] DUPLICATE"));
  EXPECT_THAT(say(Selecting("A5", {"a", "b"}, {1})),
              ElementsAre("indicator.selection.row_rule MISSING_ROW_RULE"));
  EXPECT_THAT(say(Selecting("A1", {}, {1}, model::ROW_RULE_ALL)),
              ElementsAre("indicator.selection.row_rule TYPE_MISMATCH"));
  model::Indicator both = Selecting("A1", {}, {1});
  both.set_numerator("A1 == 1");
  EXPECT_THAT(say(both), ElementsAre("indicator.selection NUMERATOR_TWICE"));
}

TEST(Indicator, ADistributionIsOfOneClosedQuestionOrRow) {
  const auto single = Compile(Distributing("A1", "answered(A1)"));
  ASSERT_NE(single.indicator, nullptr);
  EXPECT_EQ(single.indicator->item(), *TypedForm()->FindItem("A1"));
  EXPECT_THAT(single.indicator->bases()[0].codes, ElementsAre(1, 2, 3, 98));
  EXPECT_EQ(single.indicator->categories()[3].title.nn(), "A1 98 nn");
  EXPECT_THAT(single.indicator->items_read(), ElementsAre(*TypedForm()->FindItem("A1")));
  EXPECT_NE(Compile(Distributing("A5.c", "A5.c in (1,2)")).indicator, nullptr);
  EXPECT_NE(Compile(Distributing("A3", "not A3 == 1 and responded")).indicator, nullptr);
  EXPECT_NE(Compile(Distributing("A2", "answered(A1)")).indicator, nullptr)
      << "shares of a multiple choice need not add up";
  const auto say = [](const model::Indicator& one) { return Say(Compile(one).findings); };
  EXPECT_THAT(say(Distributing("A4", "responded")),
              ElementsAre("indicator.question TYPE_MISMATCH"));
  EXPECT_THAT(say(Distributing("A6", "responded")),
              ElementsAre("indicator.question TYPE_MISMATCH"));
  EXPECT_THAT(say(Distributing("A5", "responded")),
              ElementsAre("indicator.question TYPE_MISMATCH"));
  EXPECT_THAT(say(Distributing("A5.d", "responded")),
              ElementsAre("indicator.question UNKNOWN_QUESTION"));
  EXPECT_THAT(say(Distributing("A9", "responded")),
              ElementsAre("indicator.question UNKNOWN_QUESTION"));
  EXPECT_THAT(say(Distributing("", "responded")),
              ElementsAre("indicator.question MISSING_QUESTION"));
  EXPECT_THAT(say(Distributing("A1", "responded")),
              ElementsAre("indicator.bases[0].base BASE_TOO_WIDE"));
  EXPECT_THAT(say(Distributing("A1", "answered(A1) or answered(A7)")),
              ElementsAre("indicator.bases[0].base BASE_TOO_WIDE"));
  EXPECT_THAT(say(Distributing("A1", "not answered(A1)")),
              ElementsAre("indicator.bases[0].base BASE_TOO_WIDE"));
  model::Indicator numerator = Distributing("A1", "answered(A1)");
  numerator.set_numerator("A1 == 1");
  EXPECT_THAT(say(numerator), ElementsAre("indicator TYPE_MISMATCH"));
  model::Indicator no_base = Distributing("A1", "answered(A1)");
  no_base.clear_bases();
  EXPECT_THAT(say(no_base), ElementsAre("indicator MISSING_BASE"));
  const auto not_asked = Compile(Distributing("X1", "answered(X1)"));
  ASSERT_NE(not_asked.indicator, nullptr);
  EXPECT_TRUE(not_asked.indicator->not_asked());
  EXPECT_THAT(not_asked.indicator->bases()[0].codes, ElementsAre(0));
}

TEST(Indicator, AnOutcomeRateHasNoExpressionsAndAShareNoQuestion) {
  EXPECT_THAT(OfShare([](auto& one) { one.set_question("A1"); }),
              ElementsAre("indicator.question TYPE_MISMATCH"));
  EXPECT_THAT(OfShare([](auto& one) { one.clear_numerator(); }),
              ElementsAre("indicator MISSING_BASE"));
  EXPECT_THAT(OfShare([](auto& one) { one.mutable_bases(0)->set_base(" "); }),
              ElementsAre("indicator.bases[0].base EMPTY_EXPRESSION"));
  EXPECT_THAT(OfShare([](auto& one) { one.mutable_bases(0)->set_id(std::string(31, 'A')); }),
              ElementsAre("indicator.bases[0].id BAD_ID"));
  model::Indicator rate = SmallIndicator("IND", {"T"}, "", {});
  EXPECT_NE(Compile(rate).indicator, nullptr);
  for (const Edit& change :
       std::vector<Edit>{[](auto& one) { one.set_numerator("A1 == 1"); },
                         [](auto& one) { one.mutable_selection()->set_question("A1"); },
                         [](auto& one) { one.set_question("A1"); },
                         [](auto& one) { one.add_bases()->set_id("B"); }}) {
    model::Indicator changed = rate;
    change(changed);
    EXPECT_THAT(Say(Compile(changed).findings), testing::Contains("indicator TYPE_MISMATCH"));
  }
}

TEST(Indicator, CrossingsAreOfTwoDifferentKnownVariablesAndFew) {
  const auto cross = [](model::Indicator& one, const std::vector<std::string>& attributes) {
    model::Crossing& crossing = *one.add_crossings();
    for (const std::string& attribute : attributes) crossing.add_attributes(attribute);
  };
  EXPECT_THAT(OfShare([&](auto& one) { cross(one, {"unit_type", "region"}); }), IsEmpty());
  EXPECT_THAT(OfShare([&](auto& one) {
                cross(one, {"region", "region"});
              }),
              ElementsAre("indicator.crossings[0] BAD_CROSSING"));
  EXPECT_THAT(OfShare([&](auto& one) { cross(one, {"region"}); }),
              ElementsAre("indicator.crossings[0] BAD_CROSSING"));
  EXPECT_THAT(OfShare([&](auto& one) {
                cross(one, {"region", "county"});
              }),
              ElementsAre("indicator.crossings[0].attributes UNKNOWN_ATTRIBUTE"));
  EXPECT_THAT(OfShare([&](auto& one) {
                cross(one, {"unit_type", "region"});
                cross(one, {"region", "unit_type"});
              }),
              ElementsAre("indicator.crossings[1] DUPLICATE"));
  EXPECT_THAT(OfShare([&](auto& one) {
                for (const char* other : {"a", "b", "c", "d", "e"}) cross(one, {"region", other});
              }),
              ElementsAre("indicator.crossings TOO_MANY_CROSSINGS"));
  EXPECT_THAT(OfShare([](auto& one) { one.add_breakdowns("region"); }),
              ElementsAre("indicator.breakdowns[1] DUPLICATE"));
}

TEST(Indicator, AComparisonInAGroupNeedsFiguresByThatVariable) {
  const auto compare = [](model::Indicator& one, int32_t year, const std::string& group) {
    one.add_compare()->set_year(year);
    one.mutable_compare(one.compare_size() - 1)->set_group(group);
  };
  EXPECT_THAT(OfShare([&](auto& one) {
                compare(one, 2014, "region=1");
                compare(one, 2015, "");
              }),
              IsEmpty());
  EXPECT_THAT(OfShare([&](auto& one) { compare(one, 2014, "unit_type=municipality"); }),
              ElementsAre("indicator.compare[0].group GROUP_WITHOUT_BREAKDOWN"));
  EXPECT_THAT(OfShare([&](auto& one) { compare(one, 2014, "region"); }),
              ElementsAre("indicator.compare[0].group BAD_GROUP"));
  EXPECT_THAT(OfShare([&](auto& one) { compare(one, 14, ""); }),
              ElementsAre("indicator.compare[0].year BAD_YEAR"));
  EXPECT_THAT(OfShare([&](auto& one) {
                compare(one, 2014, "");
                compare(one, 2014, "region=1");
              }),
              ElementsAre("indicator.compare[1].year DUPLICATE"));
}

TEST(Indicator, AggregateOnlyNeedsItsBounds) {
  EXPECT_THAT(OfShare([](auto& one) { one.set_min_base(4); }),
              ElementsAre("indicator.min_base POLICY_TOO_WEAK"));
  EXPECT_THAT(OfShare([](auto& one) {
                one.set_policy(model::DISCLOSURE_POLICY_AGGREGATE_ONLY);
                one.set_min_count(2);
              }),
              ElementsAre("indicator.min_count POLICY_TOO_WEAK"));
  EXPECT_THAT(OfShare([](auto& one) {
                one.set_policy(model::DISCLOSURE_POLICY_PUBLIC_PER_UNIT);
                one.set_min_base(0);
                one.set_min_count(0);
              }),
              IsEmpty());
  EXPECT_THAT(OfShare([](auto& one) {
                one.set_policy(model::DISCLOSURE_POLICY_INTERNAL_PER_UNIT);
                one.set_min_base(-1);
              }),
              ElementsAre("indicator.min_base POLICY_TOO_WEAK"));
  EXPECT_THAT(OfShare([](auto& one) { one.set_policy(static_cast<model::DisclosurePolicy>(9)); }),
              ElementsAre("indicator.policy BAD_POLICY"));
}

TEST(Indicator, AggregateOnlyNeedsALargerBaseWhereOneUnitCanBeTheFigureOrMostOfIt) {
  const auto say = [](model::IndicatorKind kind, const auto& change) {
    model::Indicator one = SmallIndicator("IND", {"T"}, "", {{"B", "responded"}});
    one.set_kind(kind);
    one.mutable_measure()->set_question("A4");
    one.set_min_base(base::kAggregateNumberBaseMin - 1);
    change(one);
    EXPECT_THAT(Say(CheckIndicator(one)), IsEmpty());
    return Say(CheckEstimatorForPolicy(one));
  };
  const auto as_it_is = [](model::Indicator&) {};
  const std::string refused = "indicator.min_base ESTIMATOR_NOT_FOR_POLICY";
  for (const auto kind :
       {model::INDICATOR_KIND_MEAN, model::INDICATOR_KIND_TOTAL, model::INDICATOR_KIND_QUANTILE}) {
    EXPECT_THAT(say(kind, as_it_is), ElementsAre(refused)) << model::IndicatorKind_Name(kind);
    EXPECT_THAT(say(kind, [](auto& one) { one.set_min_base(base::kAggregateNumberBaseMin); }),
                IsEmpty());
    EXPECT_THAT(
        say(kind, [](auto& one) { one.set_policy(model::DISCLOSURE_POLICY_INTERNAL_PER_UNIT); }),
        IsEmpty());
    EXPECT_THAT(
        say(kind, [](auto& one) { one.set_policy(model::DISCLOSURE_POLICY_AGGREGATE_ONLY); }),
        ElementsAre(refused));
  }
  // Options have ends, so nobody is most of them; the middle one is somebody's all the same.
  const auto options = [](auto& one) { one.mutable_measure()->set_options("A2"); };
  EXPECT_THAT(say(model::INDICATOR_KIND_MEAN, options), IsEmpty());
  EXPECT_THAT(say(model::INDICATOR_KIND_QUANTILE, options), ElementsAre(refused));
  const auto people = [](auto& one) {
    one.mutable_measure()->set_options("A2");
    one.mutable_denominator()->set_frame(model::FRAME_NUMBER_POPULATION);
  };
  EXPECT_THAT(say(model::INDICATOR_KIND_RATIO, people), ElementsAre(refused));
  EXPECT_THAT(
      Say(CheckEstimatorForPolicy(SmallIndicator("IND", {"T"}, "A1 == 1", {{"B", "responded"}}))),
      IsEmpty())
      << "a share counts units";
}

TEST(Indicator, TheIdsOfAutomaticIndicatorsAreKept) {
  EXPECT_THAT(OfShare([](auto& one) { one.set_name("indicators/Q_A1"); }),
              ElementsAre("indicator.name RESERVED_ID"));
  EXPECT_THAT(OfShare([](auto& one) { one.set_name("indicators/QA1"); }), IsEmpty());
}

TEST(Indicator, ABaseIsGivenByTheFrameWhenOnlySilenceKeepsUnitsOut) {
  const auto kind = [](const std::string& base) {
    const auto compiled = Compile(SmallIndicator("IND", {"T"}, "A1 == 1", {{"B", base}}));
    EXPECT_NE(compiled.indicator, nullptr) << base;
    return compiled.indicator->bases()[0].kind;
  };
  EXPECT_EQ(kind("responded"), BaseKind::kFrame);
  EXPECT_EQ(kind("answered(A1)"), BaseKind::kFrame);
  EXPECT_EQ(kind("answered(A1) and unit.type == municipality and responded"), BaseKind::kFrame);
  EXPECT_EQ(kind("answered(A1) and (unit.region == 1 or not unit.type == district)"),
            BaseKind::kFrame);
  EXPECT_EQ(kind("answered(A5.a) and answered(A5.b)"), BaseKind::kFrame);
  EXPECT_EQ(kind("answered(A8)"), BaseKind::kFrame) << "a scope is the frame's";
  EXPECT_EQ(kind("answered(A2)"), BaseKind::kAnswers) << "the question has a route";
  EXPECT_EQ(kind("answered(A5.c)"), BaseKind::kAnswers) << "the row has a route";
  EXPECT_EQ(kind("A1 == 1"), BaseKind::kAnswers);
  EXPECT_EQ(kind("answered(A5.a) and not A5.a == 97"), BaseKind::kAnswers);
  EXPECT_EQ(kind("routed(A1)"), BaseKind::kAnswers);
  EXPECT_EQ(kind("not responded"), BaseKind::kAnswers);
  EXPECT_EQ(kind("answered(A1) or unit.type == district"), BaseKind::kAnswers);
}

TEST(AutomaticIndicators, EveryClosedQuestionAndRowHasItsDistribution) {
  std::vector<std::string> said;
  for (const auto& one : AutomaticIndicators(*TypedForm(), *TypedFrame())) {
    EXPECT_TRUE(one->automatic());
    EXPECT_EQ(one->kind(), model::INDICATOR_KIND_DISTRIBUTION);
    for (const CompiledIndicator::Basis& basis : one->bases())
      said.push_back(one->id() + "." + basis.id + ": " + basis.base.Print() + " (" +
                     std::to_string(basis.codes.size()) + ")");
  }
  EXPECT_THAT(said,
              ElementsAre("Q_A1.ANSWERED: answered(A1) (4)",
                          "Q_A1.SUBSTANTIVE: answered(A1) and not A1 in (98) (3)",
                          "Q_A2.ANSWERED: answered(A2) (5)",
                          "Q_A2.SUBSTANTIVE: answered(A2) and not A2 has_any (98) (4)",
                          "Q_A3.ANSWERED: answered(A3) (3)", "Q_A5_A.ANSWERED: answered(A5.a) (4)",
                          "Q_A5_A.SUBSTANTIVE: answered(A5.a) and not A5.a in (97,98) (2)",
                          "Q_A5_B.ANSWERED: answered(A5.b) (4)",
                          "Q_A5_B.SUBSTANTIVE: answered(A5.b) and not A5.b in (97,98) (2)",
                          "Q_A5_C.ANSWERED: answered(A5.c) (4)",
                          "Q_A5_C.SUBSTANTIVE: answered(A5.c) and not A5.c in (97,98) (2)",
                          "Q_A7.ANSWERED: answered(A7) (2)", "Q_A8.ANSWERED: answered(A8) (2)",
                          "Q_G1.ANSWERED: answered(G1) (2)", "Q_B1.ANSWERED: answered(B1) (3)",
                          "Q_B1.SUBSTANTIVE: answered(B1) and not B1 in (98) (2)",
                          "Q_B2.ANSWERED: answered(B2) (3)"));
}

TEST(AutomaticIndicators, TitlesAreTheTextsOfTheQuestionsInANeutralForm) {
  model::Questionnaire questionnaire = SmallQuestionnaire("T");
  for (model::Question& question : *questionnaire.mutable_questions()) {
    if (question.id() == "A1") *question.mutable_text() = Words("Har {UNIT} det?");
    if (question.id() == "A7") *question.mutable_text() = Words("Er {UNIT} det?");
  }
  const auto form =
      CompiledQuestionnaire::Compile(questionnaire, SmallEdition("T"), TypedFrame().get())
          .questionnaire;
  ASSERT_NE(form, nullptr);
  std::map<std::string, std::string> titles;
  for (const auto& one : AutomaticIndicators(*form, *TypedFrame())) {
    titles[one->id()] = one->definition().title().nn();
    EXPECT_NE(one->definition().title().nb(), "");
  }
  EXPECT_EQ(titles["Q_A1"], "Har municipality nn/district nn det? nn");
  EXPECT_EQ(titles["Q_A7"], "Er municipality nn det? nn") << "asked of municipalities only";
  EXPECT_EQ(titles["Q_A5_B"], "A5 nn – A5.b nn");
}

TEST(AutomaticIndicators, TwoItemsCannotShareAnId) {
  model::Questionnaire questionnaire = SmallQuestionnaire("T");
  testing_support::AddQuestion(questionnaire, "A5_B", "A", model::QUESTION_TYPE_SINGLE, {1});
  const auto compiled =
      CompiledQuestionnaire::Compile(questionnaire, SmallEdition("T"), TypedFrame().get());
  EXPECT_THAT(Say(compiled.findings), ElementsAre("questionnaire.questions[11].id DUPLICATE_ID"));
}

// ---- The plan

TEST(FigurePlan, NamesAreCanonicalAndSortedByAttribute) {
  model::Indicator one = Distributing("A1", "answered(A1)");
  model::Crossing& crossing = *one.add_crossings();
  crossing.add_attributes("unit_type");
  crossing.add_attributes("region");
  const auto plan = FigurePlan::Make(TypedFrame(), TypedForm(), {Compile(one).indicator}, {});
  EXPECT_EQ(plan->NameOf(plan->CellAt(0)), "IND.ANSWERED.answer=1");
  EXPECT_TRUE(plan->Find("IND.ANSWERED.answer=98.region=2").has_value());
  EXPECT_TRUE(plan->Find("IND.ANSWERED.answer=2.region=unknown.unit_type=district").has_value());
  EXPECT_TRUE(plan->Find("IND.ANSWERED.answer=2.region=4.unit_type=district").has_value())
      << "a pair of declared groups, though no unit is in it";
  for (const char* wrong :
       {"IND.ANSWERED", "IND", "", "IND.ANSWERED.answer=4", "IND.ANSWERED.answer=01",
        "IND.ANSWERED.region=1", "IND.ANSWERED.region=1.answer=1", "IND.ANSWERED.answer=1.region=9",
        "IND.ANSWERED.answer=1.county=1", "IND.ANSWERED.answer=1.unit_type=district.region=1",
        "IND.ANSWERED.answer=1.unit_type=district", "IND.ANSWERED.answer=1.region",
        "ind.ANSWERED.answer=1", "IND.ALL.answer=1"})
    EXPECT_FALSE(plan->Find(wrong).has_value()) << wrong;
  EXPECT_EQ(plan->FindBlock("IND", "ANSWERED"), 0u);
  EXPECT_FALSE(plan->FindBlock("IND", "ALL").has_value());
  // Total 1, region 5 (unknown among them), region × type: four regions and unknown, of two types.
  EXPECT_EQ(plan->cell_count(), 4u * (1 + 5 + 10));
}

TEST(FigurePlan, ItsFingerprintFollowsWhatCountsMean) {
  const auto print = [](const model::Indicator& one) {
    const auto compiled = Compile(one);
    EXPECT_NE(compiled.indicator, nullptr);
    return FigurePlan::Make(TypedFrame(), TypedForm(), {compiled.indicator}, {})->fingerprint();
  };
  const model::Indicator one = Distributing("A1", "answered(A1)");
  const std::string before = print(one);
  EXPECT_EQ(before.size(), 16u);
  EXPECT_EQ(print(one), before);
  model::Indicator title = one;
  *title.mutable_title() = Words("other words");
  EXPECT_EQ(print(title), before) << "words change no count";
  model::Indicator base = one;
  base.mutable_bases(0)->set_base("answered(A1) and responded");
  EXPECT_NE(print(base), before);
  model::Indicator breakdown = one;
  breakdown.add_breakdowns("unit_type");
  EXPECT_NE(print(breakdown), before);
  EXPECT_NE(print(Distributing("A7", "answered(A7)")), before);
}

TEST(FigurePlan, AnEditionsPlanHoldsDocumentsByIdThenTheAutomaticOnes) {
  auto catalog = Catalog::Empty();
  const auto hold = [&](auto&& fill) {
    model::Definition definition;
    fill(definition);
    const DefinitionVerdict verdict = catalog->ValidateDefinition(definition, {});
    ASSERT_TRUE(verdict.changed) << ToText(verdict.findings.front());
    catalog = *catalog->Apply(definition, verdict.revision, verdict.new_items);
  };
  EXPECT_EQ(PlanOf(*catalog, "T"), nullptr);
  hold([](model::Definition& to) { *to.mutable_edition() = SmallEdition("T"); });
  hold([](model::Definition& to) { *to.mutable_frame() = SmallFrame("T"); });
  EXPECT_EQ(PlanOf(*catalog, "T"), nullptr) << "no questionnaire yet";
  hold([](model::Definition& to) { *to.mutable_questionnaire() = SmallQuestionnaire("T"); });
  for (const char* id : {"IND_B", "IND_A"})
    hold([&](model::Definition& to) {
      *to.mutable_indicator() = SmallIndicator(id, {"T"}, "A1 == 1", {{"ALL", "responded"}});
    });
  const auto plan = PlanOf(*catalog, "T");
  ASSERT_NE(plan, nullptr);
  std::vector<std::string> ids;
  for (const auto& one : plan->indicators()) ids.push_back(one->id());
  ids.resize(4);
  EXPECT_THAT(ids, ElementsAre("IND_A", "IND_B", "Q_A1", "Q_A2"));
}

TEST(Indicator, TheGroupOfAComparisonIsKnownToBothEditions) {
  auto catalog = Catalog::Empty();
  const auto judge = [&](auto&& fill) {
    model::Definition definition;
    fill(definition);
    const DefinitionVerdict verdict = catalog->ValidateDefinition(definition, {});
    if (verdict.changed) catalog = *catalog->Apply(definition, verdict.revision, verdict.new_items);
    return Say(verdict.findings);
  };
  for (const auto& [id, year] : {std::pair{"T14", 2014}, {"T15", 2015}, {"T16", 2016}}) {
    const auto hold = [&](auto&& fill) { ASSERT_THAT(judge(fill), IsEmpty()); };
    hold([&, id = id, year = year](auto& to) {
      *to.mutable_edition() = SmallEdition(id);
      to.mutable_edition()->set_reference_year(year);
    });
    hold([&, id = id](auto& to) {
      *to.mutable_frame() = SmallFrame(id);
      // Before 2016 there was no fourth region.
      if (std::string(id) != "T16")
        to.mutable_frame()->mutable_variables(0)->mutable_groups()->RemoveLast();
    });
    hold([&, id = id](auto& to) { *to.mutable_questionnaire() = SmallQuestionnaire(id); });
  }
  const auto compare = [&](const std::vector<std::string>& editions, const std::string& group) {
    model::Indicator one = SmallIndicator("IND", editions, "A1 == 1", {{"ALL", "responded"}});
    one.add_compare()->set_year(2015);
    one.mutable_compare(0)->set_group(group);
    return judge([&](auto& to) { *to.mutable_indicator() = one; });
  };
  EXPECT_THAT(compare({"T14", "T15", "T16"}, "region=9"),
              ElementsAre("indicator.compare[0].group UNKNOWN_GROUP",
                          "indicator.compare[0].group UNKNOWN_GROUP"));
  EXPECT_THAT(compare({"T14", "T15", "T16"}, "region=4"),
              ElementsAre("indicator.compare[0].group UNKNOWN_GROUP"))
      << "2015 does not know it; 2014 is not compared";
  EXPECT_THAT(compare({"T14", "T16"}, "region=4"), IsEmpty());
  EXPECT_THAT(compare({"T15", "T16"}, "region=1"), IsEmpty());
}

TEST(Frame, NoVariableIsCalledLikeTheCategoriesOfADistribution) {
  model::Frame frame = SmallFrame("T");
  frame.mutable_variables(0)->set_id("answer");
  for (model::Unit& unit : *frame.mutable_units()) unit.clear_attributes();
  EXPECT_THAT(Say(CompiledFrame::Compile(frame).findings),
              ElementsAre("frame.variables[0].id RESERVED_ID"));
}

TEST(FigurePlan, AnEditionWithTooManyFiguresIsRefused) {
  auto catalog = Catalog::Empty();
  const auto judge = [&](auto&& fill) {
    model::Definition definition;
    fill(definition);
    const DefinitionVerdict verdict = catalog->ValidateDefinition(definition, {});
    if (verdict.changed) catalog = *catalog->Apply(definition, verdict.revision, verdict.new_items);
    return Say(verdict.findings);
  };
  model::Frame frame = SmallFrame("T");
  for (const char* id : {"many", "more"}) {
    model::FrameVariable& variable = *frame.add_variables();
    variable.set_id(id);
    *variable.mutable_title() = Words(id);
    for (int g = 0; g < 500; ++g) {
      model::Group& group = *variable.add_groups();
      group.set_code(std::to_string(g));
      *group.mutable_text() = Words("g");
    }
  }
  ASSERT_THAT(judge([](auto& to) { *to.mutable_edition() = SmallEdition("T"); }), IsEmpty());
  ASSERT_THAT(judge([&](auto& to) { *to.mutable_frame() = frame; }), IsEmpty());
  ASSERT_THAT(judge([](auto& to) { *to.mutable_questionnaire() = SmallQuestionnaire("T"); }),
              IsEmpty());
  model::Indicator one = SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  one.add_crossings()->add_attributes("many");
  one.mutable_crossings(0)->add_attributes("more");
  EXPECT_THAT(judge([&](auto& to) { *to.mutable_indicator() = one; }),
              ElementsAre("indicator TOO_MANY_FIGURES"));
}

}  // namespace
}  // namespace imdi::domain
