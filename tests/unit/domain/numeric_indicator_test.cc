// Indicators of numbers: what a measure may be, what it needs of answers, what it asks of the
// frame, and what may not stand beside it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/base/limits.h"
#include "services/domain/indicator.h"
#include "services/domain/measure.h"
#include "services/domain/survey_catalog.h"
#include "services/domain/weight_set.h"
#include "tests/unit/domain/said_findings.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;
using Source = CompiledIndicator::Measure::Source;

// The small frame with the municipality of the three districts, and inhabitants of all but 0107.
model::Frame Inhabited() {
  model::Frame out = SmallFrame("T");
  model::FrameVariable& county = *out.add_variables();
  county.set_id("county");
  *county.mutable_title() = Words("county");
  for (const char* code : {"01", "03"}) {
    model::Group& group = *county.add_groups();
    group.set_code(code);
    *group.mutable_text() = Words(code);
  }
  model::Unit& oslo = *out.add_units();
  oslo.set_code("0301");
  oslo.set_name("unit 0301");
  oslo.set_type(model::UNIT_TYPE_MUNICIPALITY);
  int64_t inhabitants = 1000;
  for (model::Unit& unit : *out.mutable_units()) {
    (*unit.mutable_attributes())["county"] = unit.code().substr(0, 2);
    if (unit.code() != "0107") unit.set_population(inhabitants += 100);
  }
  return out;
}

class NumericIndicator : public testing::Test {
 protected:
  NumericIndicator() { Build(); }
  void Build() {
    CompiledFrame::Result frame = CompiledFrame::Compile(frame_document_);
    for (const DefinitionFinding& finding : frame.findings) ADD_FAILURE() << ToText(finding);
    frame_ = std::move(frame.frame);
    form_ = CompiledQuestionnaire::Compile(form_document_, SmallEdition("T"), frame_.get())
                .questionnaire;
    ASSERT_NE(form_, nullptr);
  }
  CompiledIndicator::Result Compile(const model::Indicator& indicator) const {
    CompiledIndicator::Result out = CompiledIndicator::Compile(indicator, *form_, *frame_);
    EXPECT_EQ(out.indicator == nullptr, !out.findings.empty());
    return out;
  }
  std::vector<std::string> Findings(const model::Indicator& indicator) const {
    return Say(Compile(indicator).findings);
  }
  std::shared_ptr<const CompiledIndicator> Take(const model::Indicator& indicator) const {
    CompiledIndicator::Result out = Compile(indicator);
    for (const DefinitionFinding& finding : out.findings) ADD_FAILURE() << ToText(finding);
    return out.indicator;
  }
  std::string BaseOf(const model::Indicator& indicator) const {
    const auto taken = Take(indicator);
    return taken == nullptr ? std::string() : taken->bases()[0].base.Print();
  }

  model::Frame frame_document_ = Inhabited();
  model::Questionnaire form_document_ = SmallQuestionnaire("T");
  std::shared_ptr<const CompiledFrame> frame_;
  std::shared_ptr<const CompiledQuestionnaire> form_;
};

model::Indicator Of(model::IndicatorKind kind, const std::string& base) {
  model::Indicator out = SmallIndicator("IND", {"T"}, "", {{"BASE", base}});
  out.set_kind(kind);
  return out;
}
model::Indicator MeanOf(const std::string& question, const std::string& base = "responded") {
  model::Indicator out = Of(model::INDICATOR_KIND_MEAN, base);
  out.mutable_measure()->set_question(question);
  return out;
}
model::Indicator MeanOptions(const std::string& question, const std::string& base = "responded") {
  model::Indicator out = Of(model::INDICATOR_KIND_MEAN, base);
  out.mutable_measure()->set_options(question);
  return out;
}
model::Indicator Scoring(const std::string& question,
                         const std::vector<std::pair<int32_t, int32_t>>& scores,
                         const std::string& base = "responded") {
  model::Indicator out = Of(model::INDICATOR_KIND_MEAN, base);
  out.mutable_measure()->mutable_scores()->set_question(question);
  for (const auto& [code, score] : scores) {
    model::CodeScore& one = *out.mutable_measure()->mutable_scores()->add_scores();
    one.set_code(code);
    one.set_score(score);
  }
  return out;
}
// The part of all inhabitants that live where `when` holds.
model::Indicator PeopleWhere(const std::string& when, const std::string& base) {
  model::Indicator out = Of(model::INDICATOR_KIND_RATIO, base);
  out.mutable_measure()->set_frame(model::FRAME_NUMBER_POPULATION);
  out.mutable_measure()->set_when(when);
  out.mutable_denominator()->set_frame(model::FRAME_NUMBER_POPULATION);
  return out;
}

TEST_F(NumericIndicator, TheAnswerToANumericQuestionIsItsNumberWithItsDecimals) {
  const auto mean = Take(MeanOf("A4"));
  ASSERT_NE(mean, nullptr);
  EXPECT_TRUE(mean->numeric());
  EXPECT_EQ(mean->measure().source, Source::kNumber);
  EXPECT_EQ(mean->measure().item, *form_->FindItem("A4"));
  EXPECT_EQ(mean->measure().decimals, 1);
  EXPECT_EQ(mean->measure().text, "A4");
  EXPECT_EQ(mean->denominator().source, Source::kOne);
  EXPECT_THAT(mean->bases()[0].codes, ElementsAre(0));
  EXPECT_EQ(mean->weights(), nullptr);
  EXPECT_THAT(mean->items_read(), ElementsAre(*form_->FindItem("A4")));
}

TEST_F(NumericIndicator, WhatTheMeasureNeedsOfAnswersIsPartOfEveryBaseAndSaidOnce) {
  EXPECT_EQ(BaseOf(MeanOf("A4")), "responded and answered(A4)");
  EXPECT_EQ(BaseOf(MeanOf("A4", "A1 == 1 or A1 == 2")), "(A1 == 1 or A1 == 2) and answered(A4)");
  EXPECT_EQ(BaseOf(MeanOptions("A2")), "responded and answered(A2)");
  EXPECT_EQ(BaseOf(MeanOptions("A2", "answered(A2)")), "answered(A2)");
  EXPECT_EQ(BaseOf(Scoring("A1", {{1, 2}, {2, 1}})), "responded and answered(A1)");
  EXPECT_EQ(BaseOf(PeopleWhere("A1 == 1", "answered(A1) and unit.type == district")),
            "answered(A1) and unit.type == district");
  EXPECT_EQ(BaseOf(MeanOf("A4", "answered(A4)")), "answered(A4)");
}

TEST_F(NumericIndicator, ABaseThatGrowsTooDeepSaysWhatTheMeasureAdds) {
  const int deep = base::kExpressionDepthMax;
  const std::string base =
      absl::StrCat(std::string(deep, '('), "A1 == 1 or A1 == 2", std::string(deep, ')'));
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", base + " and unit.type == municipality and "
                                                     "unit.region != 4")),
              IsEmpty());
  const auto found = Compile(MeanOf("A4", base + " or A1 == 2")).findings;
  ASSERT_THAT(Say(found), ElementsAre("indicator.bases[0].base EXPRESSION_TOO_DEEP"));
  EXPECT_THAT(found[0].message, testing::HasSubstr("adds \"and answered(A4)\""));
}

TEST_F(NumericIndicator, ARatioIsNotDividedByNumbersBelowZero) {
  model::Indicator ratio = MeanOf("A4");
  ratio.set_kind(model::INDICATOR_KIND_RATIO);
  const auto divide = [&](int32_t score) {
    *ratio.mutable_denominator() = Scoring("A1", {{1, score}, {2, 1}}).measure();
    return Findings(ratio);
  };
  EXPECT_THAT(divide(0), IsEmpty());
  EXPECT_THAT(divide(-1), ElementsAre("indicator.denominator.scores DENOMINATOR_NEGATIVE"));
  ratio.mutable_denominator()->set_question("A4");
  EXPECT_THAT(Findings(ratio), IsEmpty());
  form_document_.mutable_questions(3)->mutable_numeric()->set_min(-5);
  Build();
  EXPECT_THAT(Findings(ratio), ElementsAre("indicator.denominator.question DENOMINATOR_NEGATIVE"));
  EXPECT_THAT(Findings(MeanOf("A4")), IsEmpty()) << "above the line it may be";
}

TEST_F(NumericIndicator, ARatioNeedsBothOfItsNumbers) {
  model::Indicator ratio = MeanOf("A4", "responded and unit.type == municipality");
  ratio.set_kind(model::INDICATOR_KIND_RATIO);
  ratio.mutable_denominator()->set_options("A2");
  const auto taken = Take(ratio);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->bases()[0].base.Print(),
            "responded and unit.type == municipality and answered(A4) and answered(A2)");
  EXPECT_EQ(taken->denominator().source, Source::kOptions);
  EXPECT_THAT(taken->items_read(), ElementsAre(*form_->FindItem("A2"), *form_->FindItem("A4")));
  ratio.mutable_denominator()->set_question("A4");
  EXPECT_EQ(BaseOf(ratio), "responded and unit.type == municipality and answered(A4)");
}

TEST_F(NumericIndicator, ABaseStaysTheFramesWhereOnlySilenceKeepsUnitsOut) {
  const auto kind = [&](const model::Indicator& one) {
    const auto taken = Take(one);
    return taken == nullptr ? BaseKind::kFrame : taken->bases()[0].kind;
  };
  const std::vector<std::pair<int32_t, int32_t>> all = {{1, 3}, {2, 2}, {3, 1}, {98, 0}};
  EXPECT_EQ(BaseOf(Scoring("A1", all)), "responded and answered(A1)");
  EXPECT_EQ(kind(Scoring("A1", all)), BaseKind::kFrame) << "every code has a score";
  EXPECT_EQ(kind(Scoring("A1", {{1, 1}, {2, 0}})), BaseKind::kAnswers)
      << "who chose another code is in no base";
  EXPECT_EQ(kind(MeanOptions("B2")), BaseKind::kFrame);
  EXPECT_EQ(kind(MeanOptions("A2")), BaseKind::kAnswers) << "the question has a route";
  EXPECT_EQ(kind(MeanOf("A4")), BaseKind::kAnswers);
  EXPECT_EQ(kind(PeopleWhere("A1 == 1", "answered(A1) and unit.region == 1")), BaseKind::kFrame);
}

TEST_F(NumericIndicator, ScoresAreSortedByCodeAndReadAsTheyCount) {
  const auto mean = Take(Scoring("A5.c", {{2, -1}, {1, 1}}));
  ASSERT_NE(mean, nullptr);
  EXPECT_EQ(mean->measure().item, *form_->FindItem("A5.c"));
  EXPECT_THAT(mean->measure().scores, ElementsAre(Pair(1, 1), Pair(2, -1)));
  EXPECT_EQ(mean->measure().text, "score(A5.c: 1=1, 2=-1)");
  const auto options = Take(MeanOptions("A2"));
  EXPECT_EQ(options->measure().text, "options(A2)");
  const auto people = Take(PeopleWhere("A7 == 1", "unit.region == 1 and responded"));
  EXPECT_EQ(people->measure().text, "population where A7 == 1");
  EXPECT_EQ(people->denominator().text, "population");
  EXPECT_EQ(people->denominator().source, Source::kFrame);
  EXPECT_THAT(people->items_read(), ElementsAre(*form_->FindItem("A7")))
      << "the condition of a measure is read like a numerator";
}

TEST_F(NumericIndicator, AMeasureIsOfAQuestionOfItsType) {
  EXPECT_THAT(Findings(MeanOf("A1")), ElementsAre("indicator.measure.question TYPE_MISMATCH"));
  EXPECT_THAT(Findings(MeanOf("A9")), ElementsAre("indicator.measure.question UNKNOWN_QUESTION"));
  EXPECT_THAT(Findings(MeanOf("")), ElementsAre("indicator.measure MISSING_QUESTION"));
  EXPECT_THAT(Findings(MeanOptions("A1")), ElementsAre("indicator.measure.options TYPE_MISMATCH"));
  EXPECT_THAT(Findings(MeanOptions("A4")), ElementsAre("indicator.measure.options TYPE_MISMATCH"));
  EXPECT_THAT(Findings(MeanOptions("")), ElementsAre("indicator.measure MISSING_QUESTION"));
  const std::string scores = "indicator.measure.scores";
  for (const char* other : {"A2", "A4", "A5", "A5.x", "A6"})
    EXPECT_THAT(Findings(Scoring(other, {{1, 1}, {2, 0}})),
                ElementsAre(scores + ".question TYPE_MISMATCH"))
        << other;
  EXPECT_THAT(Findings(Scoring("A9", {{1, 1}, {2, 0}})),
              ElementsAre(scores + ".question UNKNOWN_QUESTION"));
  EXPECT_THAT(Findings(Scoring("", {{1, 1}, {2, 0}})),
              ElementsAre(scores + ".question MISSING_QUESTION"));
  EXPECT_THAT(Findings(Scoring("A1", {{1, 1}, {4, 0}})),
              ElementsAre(scores + ".scores[1].code UNKNOWN_CODE"));
  EXPECT_THAT(Findings(Scoring("A1", {{1, 1}})), ElementsAre(scores + ".scores MISSING_CODES"));
  EXPECT_THAT(Findings(Scoring("A1", {{1, 1}, {1, 2}})),
              ElementsAre(scores + ".scores[1].code DUPLICATE"));
  EXPECT_THAT(
      Findings(Scoring("A1", {{1, 1001}, {2, -1001}})),
      ElementsAre(scores + ".scores[0].score BAD_BOUNDS", scores + ".scores[1].score BAD_BOUNDS"));
  EXPECT_THAT(Findings(Of(model::INDICATOR_KIND_TOTAL, "responded")),
              ElementsAre("indicator.measure MISSING_MEASURE"));
  model::Indicator frame = Of(model::INDICATOR_KIND_TOTAL, "responded");
  for (const int number : {0, 7}) {
    frame.mutable_measure()->set_frame(static_cast<model::FrameNumber>(number));
    EXPECT_THAT(Findings(frame), ElementsAre("indicator.measure.frame MISSING_NUMBER"));
  }
  model::Indicator when = MeanOf("A4");
  when.mutable_measure()->set_when("A1 == 7");
  EXPECT_THAT(Findings(when), ElementsAre("indicator.measure.when UNKNOWN_CODE"));
  model::Indicator both = MeanOf("A1");
  both.mutable_bases(0)->set_base("A1 == 7");
  EXPECT_THAT(Findings(both), ElementsAre("indicator.measure.question TYPE_MISMATCH",
                                          "indicator.bases[0].base UNKNOWN_CODE"))
      << "all that is wrong at once";
}

TEST_F(NumericIndicator, AnswersTooLargeToAddUpAreRefused) {
  model::NumericRule& rule = *form_document_.mutable_questions(3)->mutable_numeric();
  rule.set_max(kMeasureMax);
  Build();
  EXPECT_THAT(Findings(MeanOf("A4")), IsEmpty());
  rule.set_max(kMeasureMax + 1);
  Build();
  EXPECT_THAT(Findings(MeanOf("A4")), ElementsAre("indicator.measure.question MEASURE_TOO_LARGE"));
  rule.set_max(0);
  rule.set_min(-kMeasureMax - 1);
  Build();
  EXPECT_THAT(Findings(MeanOf("A4")), ElementsAre("indicator.measure.question MEASURE_TOO_LARGE"));
}

TEST_F(NumericIndicator, MoreInhabitantsThanAddUpAreRefusedAtApplyAndUnknownInAnOlderLog) {
  const std::string districts = "responded and unit.type == district";
  const auto unit = std::ranges::find(frame_document_.units(), "030101", &model::Unit::code);
  ASSERT_NE(unit, frame_document_.units().end());
  const auto place = static_cast<int>(unit - frame_document_.units().begin());
  const auto with = [&](int64_t inhabitants) {
    frame_document_.mutable_units(place)->set_population(inhabitants);
    Build();
    auto edition = Catalog::Empty();
    model::Definition document;
    *document.mutable_edition() = SmallEdition("T");
    edition = *edition->Apply(document, 1, {});
    *document.mutable_frame() = frame_document_;
    document.mutable_frame()->set_name("editions/T/frame");
    EXPECT_TRUE(edition->Apply(document, 1, {}).ok()) << "a log that has it is read";
    return Say(edition->ValidateDefinition(document, {}).findings);
  };
  EXPECT_THAT(with(kMeasureMax), IsEmpty());
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", districts)), IsEmpty());
  EXPECT_THAT(with(kMeasureMax + 1),
              ElementsAre("frame.units[" + std::to_string(place) + "].population BAD_NUMBER"));
  EXPECT_EQ(NumberOf(*frame_, static_cast<UnitIndex>(place), model::FRAME_NUMBER_POPULATION), 0);
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", districts)),
              ElementsAre("indicator.measure.frame NUMBER_UNKNOWN",
                          "indicator.denominator.frame NUMBER_UNKNOWN"));
}

TEST_F(NumericIndicator, AQuestionThatWasNotFieldedIsNotAsked) {
  model::Indicator condition = PeopleWhere("X1 == 1", "unit.region == 1");
  for (const model::Indicator& one :
       {MeanOf("X1"), MeanOptions("X1"), Scoring("X1", {{1, 1}, {2, 0}}),
        Scoring("X1.a", {{1, 1}, {2, 0}}), MeanOf("A4", "answered(X1)"), condition}) {
    const auto taken = Take(one);
    ASSERT_NE(taken, nullptr);
    EXPECT_TRUE(taken->not_asked()) << one.ShortDebugString();
    EXPECT_TRUE(taken->numeric());
    EXPECT_THAT(taken->bases()[0].codes, ElementsAre(0));
  }
}

TEST_F(NumericIndicator, EachKindHasItsOwnFieldsAndNoOthers) {
  const auto changed = [&](model::Indicator one,
                           const std::function<void(model::Indicator&)>& change) {
    change(one);
    return Findings(one);
  };
  const model::Indicator mean = MeanOf("A4");
  EXPECT_THAT(changed(mean, [](auto& one) { one.clear_bases(); }),
              ElementsAre("indicator MISSING_BASE"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.set_numerator("A1 == 1"); }),
              ElementsAre("indicator TYPE_MISMATCH"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.set_question("A1"); }),
              ElementsAre("indicator TYPE_MISMATCH"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.mutable_denominator()->set_question("A4"); }),
              ElementsAre("indicator.denominator TYPE_MISMATCH"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.set_quantile_thousandths(500); }),
              ElementsAre("indicator.quantile_thousandths TYPE_MISMATCH"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.set_kind(model::INDICATOR_KIND_RATIO); }),
              ElementsAre("indicator.denominator MISSING_MEASURE"));
  EXPECT_THAT(changed(mean, [](auto& one) { one.mutable_unit()->set_nn("personar"); }),
              ElementsAre("indicator.unit MISSING_TEXT"));
  EXPECT_THAT(changed(mean, [](auto& one) { *one.mutable_unit() = Words("persons"); }), IsEmpty());
  const model::Indicator share = SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  EXPECT_THAT(changed(share, [](auto& one) { one.mutable_measure()->set_question("A4"); }),
              ElementsAre("indicator.measure TYPE_MISMATCH"));
  EXPECT_THAT(changed(share, [](auto& one) { one.mutable_denominator()->set_question("A4"); }),
              ElementsAre("indicator.denominator TYPE_MISMATCH"));
  EXPECT_THAT(changed(share, [](auto& one) { one.set_quantile_thousandths(250); }),
              ElementsAre("indicator.quantile_thousandths TYPE_MISMATCH"));
  EXPECT_THAT(changed(share, [](auto& one) { *one.mutable_unit() = Words("persons"); }),
              ElementsAre("indicator.unit TYPE_MISMATCH"));
  model::Indicator quantile = mean;
  quantile.set_kind(model::INDICATOR_KIND_QUANTILE);
  EXPECT_EQ(Take(quantile)->quantile_thousandths(), 500) << "the median, unless it says which";
  quantile.set_quantile_thousandths(250);
  EXPECT_EQ(Take(quantile)->quantile_thousandths(), 250);
  for (const int32_t thousandths : {-1, 1000}) {
    quantile.set_quantile_thousandths(thousandths);
    EXPECT_THAT(Findings(quantile), ElementsAre("indicator.quantile_thousandths BAD_BOUNDS"));
  }
}

TEST_F(NumericIndicator, OnlySharesHaveAChoiceOfIntervalAndChangesUnderTheBuiltInWeights) {
  const std::string set = "surveys/SMALL/weightSets/RAKED";
  model::Indicator mean = MeanOf("A4");
  mean.set_interval(model::INTERVAL_CHOICE_WALD);
  EXPECT_THAT(Findings(mean), ElementsAre("indicator.interval INTERVAL_NOT_FOR_KIND"));
  mean.clear_interval();
  mean.add_compare()->set_year(2016);
  EXPECT_THAT(Findings(mean), ElementsAre("indicator.compare COMPARISON_NEEDS_SHARE"));
  model::Indicator rate = SmallIndicator("IND", {"T"}, "", {});
  rate.set_interval(model::INTERVAL_CHOICE_BETA);
  EXPECT_THAT(Findings(rate), ElementsAre("indicator.interval INTERVAL_NOT_FOR_KIND"));
  rate.clear_interval();
  rate.set_weights(set);
  EXPECT_THAT(Findings(rate), ElementsAre("indicator.weights WEIGHTS_NOT_FOR_KIND"));
  model::Indicator share = SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  for (const model::IntervalChoice choice :
       {model::INTERVAL_CHOICE_WILSON, model::INTERVAL_CHOICE_WALD, model::INTERVAL_CHOICE_LOGIT,
        model::INTERVAL_CHOICE_BETA}) {
    share.set_interval(choice);
    EXPECT_THAT(Findings(share), IsEmpty());
  }
  share.set_interval(static_cast<model::IntervalChoice>(9));
  EXPECT_THAT(Findings(share), ElementsAre("indicator.interval BAD_INTERVAL"));
  share.clear_interval();
  share.add_compare()->set_year(2016);
  share.set_weights("surveys/SMALL/weightSets/NONRESPONSE");
  EXPECT_THAT(Findings(share), IsEmpty()) << "the built-in set by its name";
  share.set_weights("weightSets/RAKED");
  EXPECT_THAT(Findings(share), Contains("indicator.weights BAD_NAME"));
  share.set_weights(set);
  EXPECT_THAT(Findings(share), ElementsAre("indicator.compare COMPARISON_NEEDS_BUILT_IN_WEIGHTS"));
}

TEST_F(NumericIndicator, ItsWeightSetIsGivenToItAndMustBeTheOneItNames) {
  model::WeightSet document;
  document.set_name("surveys/SMALL/weightSets/BY_REGION");
  document.set_method(model::WEIGHT_METHOD_POSTSTRATIFIED);
  document.add_margins()->add_attributes("region");
  const auto set = CompiledWeightSet::Compile(document, *frame_).set;
  ASSERT_NE(set, nullptr);
  model::Indicator mean = MeanOf("A4");
  mean.set_weights(document.name());
  const auto compiled = CompiledIndicator::Compile(mean, *form_, *frame_, set);
  ASSERT_NE(compiled.indicator, nullptr);
  EXPECT_EQ(compiled.indicator->weights(), set);
  EXPECT_THAT(Findings(mean), ElementsAre("indicator.weights UNKNOWN_WEIGHT_SET"));
  mean.set_weights("surveys/SMALL/weightSets/OTHER");
  EXPECT_THAT(Say(CompiledIndicator::Compile(mean, *form_, *frame_, set).findings),
              ElementsAre("indicator.weights UNKNOWN_WEIGHT_SET"));
}

TEST_F(NumericIndicator, ANumberThatTheFrameDoesNotKnowIsRefusedWhereItCouldCount) {
  const std::string measure = "indicator.measure.frame NUMBER_UNKNOWN";
  const std::string denominator = "indicator.denominator.frame NUMBER_UNKNOWN";
  const std::string municipalities = "answered(A1) and unit.type == municipality";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", municipalities)), ElementsAre(measure, denominator));
  const auto found = Compile(PeopleWhere("A1 == 1", municipalities)).findings;
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found[0].message, testing::HasSubstr("0107"));
  EXPECT_THAT(Findings(PeopleWhere("unit.region == 1", municipalities)), ElementsAre(denominator))
      << "above the line it is 0 there, known or not";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", municipalities + " and unit.region != 4")), IsEmpty())
      << "0107 has no region, so such a base never holds it";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", "answered(A8)")), IsEmpty())
      << "no municipality is asked";
  for (model::Unit& unit : *frame_document_.mutable_units())
    if (unit.code() == "0107") unit.set_out_of_scope(true);
  Build();
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", municipalities)), IsEmpty())
      << "what is out of scope is in no base";
}

TEST_F(NumericIndicator, NobodyIsCountedInAMunicipalityAndInADistrictOfIt) {
  for (model::Unit& unit : *frame_document_.mutable_units()) unit.set_population(1000);
  Build();
  const std::string twice = "indicator.bases[0].base OSLO_TWICE";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", "answered(A1)")), ElementsAre(twice))
      << "above and below the line, and said once";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", "answered(A1) and unit.type == municipality")),
              IsEmpty());
  EXPECT_THAT(Findings(PeopleWhere(
                  "A1 == 1", "answered(A1) and (unit.county != 03 or unit.type == district)")),
              IsEmpty())
      << "by districts";
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", "answered(A7)")), IsEmpty())
      << "districts are not asked";
  for (const model::IndicatorKind kind :
       {model::INDICATOR_KIND_MEAN, model::INDICATOR_KIND_TOTAL, model::INDICATOR_KIND_QUANTILE}) {
    model::Indicator one = Of(kind, "responded");
    one.mutable_measure()->set_frame(model::FRAME_NUMBER_POPULATION);
    EXPECT_THAT(Findings(one), ElementsAre(twice));
    one.mutable_measure()->set_when("unit.type == municipality");
    if (kind == model::INDICATOR_KIND_TOTAL)
      EXPECT_THAT(Findings(one), IsEmpty()) << "districts bring 0";
    else
      EXPECT_THAT(Findings(one), ElementsAre(twice)) << "districts are units with 0";
  }
  const auto found = Compile(PeopleWhere("A1 == 1", "answered(A1)")).findings;
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found[0].message, testing::HasSubstr("0301"));
  for (model::Unit& unit : *frame_document_.mutable_units())
    if (unit.code() == "0301") unit.set_out_of_scope(true);
  Build();
  EXPECT_THAT(Findings(PeopleWhere("A1 == 1", "answered(A1)")), IsEmpty());
}

}  // namespace
}  // namespace imdi::domain
