// What is wrong with a definition document: every rule by the change that breaks it, at the path of
// the field.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "services/domain/frame.h"
#include "services/domain/indicator.h"
#include "services/domain/questionnaire.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::AddCheck;
using testing_support::AddQuestion;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

// "path:column RULE", all at once.
std::vector<std::string> SayPlaces(const DefinitionFindings& findings) {
  std::vector<std::string> out;
  for (const DefinitionFinding& finding : findings) {
    EXPECT_FALSE(finding.message.empty()) << finding.rule;
    EXPECT_FALSE(finding.remedy.empty()) << finding.rule;
    std::string path = finding.path;
    if (finding.column > 0) path += ":" + std::to_string(finding.column);
    out.push_back(path + " " + finding.rule);
  }
  return out;
}

// Questions of the small survey by id, to change them.
model::Question& In(model::Questionnaire& form, const std::string& id) {
  for (model::Question& question : *form.mutable_questions())
    if (question.id() == id) return question;
  ADD_FAILURE() << id;
  return *form.mutable_questions(0);
}

std::vector<std::string> Compile(const std::function<void(model::Questionnaire&)>& change) {
  model::Questionnaire form = SmallQuestionnaire("T");
  change(form);
  const CompiledFrame::Result frame = CompiledFrame::Compile(SmallFrame("T"));
  const CompiledQuestionnaire::Result result =
      CompiledQuestionnaire::Compile(form, SmallEdition("T"), frame.frame.get());
  EXPECT_EQ(result.questionnaire == nullptr, !result.findings.empty());
  return SayPlaces(result.findings);
}

// Questions of the small survey stand at: A1 0, A2 1, A3 2, A4 3, A5 4, A6 5, A7 6, A8 7, G1 8, B1
// 9, B2 10.

TEST(CompileQuestionnaire, TheSmallSurveyHasNoFindings) {
  EXPECT_THAT(Compile([](model::Questionnaire&) {}), IsEmpty());
}

TEST(CompileQuestionnaire, NamesAndIdsAreChecked) {
  const std::string name = "questionnaire.name BAD_NAME";
  for (const char* bad :
       {"editions/T/questionnaires/0", "editions/T/questionnaires/", "editions/U/questionnaires/1",
        "editions/T/questionnaires/1x", "questionnaires/1", ""})
    EXPECT_THAT(Compile([&](auto& form) { form.set_name(bad); }), Contains(name)) << bad;
  EXPECT_THAT(Compile([](auto& form) { In(form, "A8").set_id("a8"); }),
              ElementsAre("questionnaire.questions[7].id BAD_ID"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A8").set_id("A7"); }),
              Contains("questionnaire.questions[7].id DUPLICATE_ID"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A5").mutable_rows(1)->set_row("B"); }),
              Contains("questionnaire.questions[4].rows[1].row BAD_ID"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A5").mutable_rows(1)->set_row("a"); }),
              Contains("questionnaire.questions[4].rows[1].row DUPLICATE_ID"));
  EXPECT_THAT(Compile([](auto& form) { form.mutable_checks(1)->set_id("CHK01"); }),
              ElementsAre("questionnaire.checks[1].id BAD_ID"));
}

TEST(CompileQuestionnaire, SectionsBelongToOnePart) {
  EXPECT_THAT(Compile([](auto& form) { In(form, "A6").set_section("X"); }),
              ElementsAre("questionnaire.questions[5].section UNKNOWN_SECTION"));
  EXPECT_THAT(Compile([](auto& form) {
                model::Section& section = *form.add_sections();
                section.set_id("C");
                *section.mutable_title() = Words("C");
              }),
              ElementsAre("questionnaire.sections[3].id SECTION_WITHOUT_PART"));
  model::Edition edition = SmallEdition("T");
  edition.mutable_parts(1)->add_sections("A");
  const auto twice = CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), edition);
  EXPECT_THAT(SayPlaces(twice.findings), Contains("questionnaire.sections SECTION_IN_TWO_PARTS"));
}

TEST(CompileQuestionnaire, CodesComeFromOnePlaceAndAreInRange) {
  const std::string a1 = "questionnaire.questions[0]";
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").clear_options(); }),
              ElementsAre("questionnaire.questions[6] CODES_NOT_CLEAR"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").set_codelist("CL"); }),
              ElementsAre("questionnaire.questions[6] CODES_NOT_CLEAR"));
  EXPECT_THAT(Compile([](auto& form) {
                In(form, "A7").clear_options();
                In(form, "A7").set_codelist("CL");
              }),
              ElementsAre("questionnaire.questions[6].codelist UNKNOWN_CODELIST"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_options(0)->set_code(0); }),
              ElementsAre("questionnaire.questions[6].options[0].code BAD_CODE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_options(0)->set_code(99); }),
              ElementsAre("questionnaire.questions[6].options[0].code BAD_CODE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_options(0)->set_code(2); }),
              ElementsAre("questionnaire.questions[6].options[1].code DUPLICATE_CODE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A3").set_options_from("A1"); }),
              ElementsAre("questionnaire.questions[2].options_from BAD_OPTIONS_FROM"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A3").set_options_from("B2"); }),
              ElementsAre("questionnaire.questions[2].options_from BAD_OPTIONS_FROM"))
      << "a later question";
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").add_exclusive(77); }),
              ElementsAre("questionnaire.questions[1].exclusive[2] UNKNOWN_CODE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").add_exclusive(1); }),
              ElementsAre("questionnaire.questions[6].exclusive TYPE_MISMATCH"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").add_other_text(5); }),
              ElementsAre("questionnaire.questions[6].other_text[0] UNKNOWN_CODE"));
}

TEST(CompileQuestionnaire, EachTypeHasItsRules) {
  EXPECT_THAT(Compile([](auto& form) { In(form, "G1").clear_type(); }),
              Contains("questionnaire.questions[8].type MISSING_TYPE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A4").clear_numeric(); }),
              Contains("questionnaire.questions[3].numeric BAD_BOUNDS"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A4").mutable_numeric()->set_min(1'001); }),
              ElementsAre("questionnaire.questions[3].numeric BAD_BOUNDS"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A4").mutable_numeric()->set_decimals(5); }),
              Contains("questionnaire.questions[3].numeric BAD_BOUNDS"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A6").clear_open_text(); }),
              ElementsAre("questionnaire.questions[5].open_text.max_chars BAD_BOUNDS"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A6").mutable_open_text()->set_codeframe("F"); }),
              ElementsAre("questionnaire.questions[5].open_text.codeframe UNKNOWN_CODEFRAME"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A5").clear_rows(); }),
              Contains("questionnaire.questions[4].rows EMPTY_GRID"));
  EXPECT_THAT(Compile([](auto& form) {
                model::Row& row = *In(form, "A7").add_rows();
                row.set_row("a");
                *row.mutable_text() = Words("a");
              }),
              ElementsAre("questionnaire.questions[6].rows TYPE_MISMATCH"));
  EXPECT_THAT(Compile([](auto& form) { form.mutable_outcome()->set_partial_percent(81); }),
              ElementsAre("questionnaire.outcome BAD_BOUNDS"));
  EXPECT_THAT(Compile([](auto& form) { form.add_not_fielded("A7"); }),
              ElementsAre("questionnaire.not_fielded[1] FIELDED_AFTER_ALL"));
  EXPECT_THAT(Compile([](auto& form) { form.add_recodes()->set_item("X9"); }),
              ElementsAre("questionnaire.recodes[0].item UNKNOWN_QUESTION"));
}

TEST(CompileQuestionnaire, RoutesLookBackAndErrorsKnowTheirColumn) {
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").set_route("A1 == 1 and A4 > 5"); }),
              ElementsAre("questionnaire.questions[1].route:13 FORWARD_REFERENCE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").set_route("A2 has_any (1)"); }),
              ElementsAre("questionnaire.questions[1].route:1 FORWARD_REFERENCE"))
      << "nor does it read itself";
  EXPECT_THAT(Compile([](auto& form) { In(form, "A5").mutable_rows(2)->set_route("A5.a == 1"); }),
              ElementsAre("questionnaire.questions[4].rows[2].route:1 FORWARD_REFERENCE"))
      << "a row does not read its own grid";
  EXPECT_THAT(
      Compile([](auto& form) { In(form, "A2").set_route("A1 == 1 and A1 == 7 or NO == 1"); }),
      ElementsAre("questionnaire.questions[1].route:19 UNKNOWN_CODE",
                  "questionnaire.questions[1].route:24 UNKNOWN_QUESTION"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").set_route("responded"); }),
              ElementsAre("questionnaire.questions[1].route:1 NOT_ALLOWED_HERE"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").set_route("unit.region == 9"); }),
              ElementsAre("questionnaire.questions[1].route:16 UNKNOWN_GROUP"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A2").set_route("unit.region == 2"); }), IsEmpty());
  EXPECT_THAT(
      Compile([](auto& form) { In(form, "A1").set_position(model::QUESTION_POSITION_LAST); }),
      Contains("questionnaire.questions[1].route:1 FORWARD_REFERENCE"))
      << "the question that stands last comes after all others";
}

TEST(CompileQuestionnaire, AHardCheckReadsOnePart) {
  EXPECT_THAT(Compile([](auto& form) {
                AddCheck(form, "CHK09", model::GRADE_HARD, "A1 == 1 and B1 == 2");
              }),
              ElementsAre("questionnaire.checks[3].violated HARD_CHECK_ACROSS_PARTS"));
  EXPECT_THAT(Compile([](auto& form) {
                AddCheck(form, "CHK09", model::GRADE_SOFT, "A1 == 1 and B1 == 2");
              }),
              IsEmpty());
  EXPECT_THAT(Compile([](auto& form) { AddCheck(form, "CHK09", model::GRADE_SOFT, ""); }),
              ElementsAre("questionnaire.checks[3].violated EMPTY_EXPRESSION"));
  EXPECT_THAT(
      Compile([](auto& form) { AddCheck(form, "CHK09", model::GRADE_UNSPECIFIED, "A1 == 1"); }),
      ElementsAre("questionnaire.checks[3].grade MISSING_GRADE"));
}

TEST(CompileQuestionnaire, TextsAreCompleteAndTheirMarksKnown) {
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_text()->clear_nn(); }),
              ElementsAre("questionnaire.questions[6].text.nn MISSING_TEXT"));
  EXPECT_THAT(
      Compile([](auto& form) { In(form, "A7").mutable_options(1)->mutable_text()->clear_nb(); }),
      ElementsAre("questionnaire.questions[6].options[1].text.nb MISSING_TEXT"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_text()->set_en("to {WHOM}"); }),
              ElementsAre("questionnaire.questions[6].text.en:4 UNKNOWN_PIPING_MARK"));
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_text()->set_nn("to {UNIT}"); }),
              IsEmpty());
  EXPECT_THAT(Compile([](auto& form) { In(form, "A7").mutable_text()->set_nn("an open {UNIT"); }),
              ElementsAre("questionnaire.questions[6].text.nn:9 UNKNOWN_PIPING_MARK"));
  EXPECT_THAT(Compile([](auto& form) { *form.add_text_piping() = form.text_piping(0); }),
              ElementsAre("questionnaire.text_piping[1].mark DUPLICATE_ID"));
  EXPECT_THAT(
      Compile([](auto& form) { In(form, "A7").mutable_text()->set_nb(std::string(4'001, 'x')); }),
      ElementsAre("questionnaire.questions[6].text.nb TEXT_TOO_LONG"));
}

TEST(CompileQuestionnaire, AllFindingsComeAtOnce) {
  EXPECT_THAT(Compile([](auto& form) {
                In(form, "A2").set_route("A1 == 9");
                In(form, "A7").mutable_text()->clear_nn();
                form.mutable_checks(0)->set_violated("A4 >");
                form.mutable_outcome()->set_complete_percent(101);
              }),
              testing::UnorderedElementsAre("questionnaire.questions[1].route:7 UNKNOWN_CODE",
                                            "questionnaire.questions[6].text.nn MISSING_TEXT",
                                            "questionnaire.checks[0].violated:5 EXPRESSION_SYNTAX",
                                            "questionnaire.outcome BAD_BOUNDS"));
}

TEST(CompileQuestionnaire, TheFormIsInItsOrderAndKnowsThePartsBehindARoute) {
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T")).questionnaire;
  ASSERT_NE(form, nullptr);
  EXPECT_EQ(form->item_count(), 13u);
  EXPECT_EQ(form->items()[*form->FindItem("A5.b")].row, 1);
  EXPECT_FALSE(form->FindItem("A5").has_value());
  EXPECT_EQ(form->FindQuestion("B1")->route_parts, 1u) << "only the first part decides";
  EXPECT_EQ(form->FindQuestion("B2")->route_parts, 0u);
  EXPECT_TRUE(form->FindQuestion("G1")->background);
  std::vector<int32_t> offered;
  for (const model::Code& code : form->FindQuestion("A3")->codes) offered.push_back(code.code());
  EXPECT_THAT(offered, ElementsAre(1, 2, 3));
  EXPECT_EQ(form->FindCheck("CHK02")->parts, 1u);
  EXPECT_EQ(form->FindPart("second"), 1u);
  EXPECT_TRUE(form->IsNotFielded("X1"));
}

TEST(CompileIndicator, ExpressionsAreCheckedOnTheEditionAndTheFrame) {
  const auto frame = CompiledFrame::Compile(SmallFrame("T")).frame;
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  const auto compile = [&](const std::function<void(model::Indicator&)>& change) {
    model::Indicator indicator =
        testing_support::SmallIndicator("IND_CODE", {"T"}, "A1 == 1", {{"ALL", "responded"}});
    change(indicator);
    const CompiledIndicator::Result result = CompiledIndicator::Compile(indicator, *form, *frame);
    EXPECT_EQ(result.indicator == nullptr, !result.findings.empty());
    return SayPlaces(result.findings);
  };
  EXPECT_THAT(compile([](auto&) {}), IsEmpty());
  EXPECT_THAT(compile([](auto& one) { one.set_name("indicators/ind"); }),
              ElementsAre("indicator.name BAD_NAME"));
  EXPECT_THAT(compile([](auto& one) { one.clear_kind(); }),
              ElementsAre("indicator.kind MISSING_KIND"));
  EXPECT_THAT(compile([](auto& one) { one.clear_bases(); }), ElementsAre("indicator MISSING_BASE"));
  EXPECT_THAT(compile([](auto& one) { one.set_kind(model::INDICATOR_KIND_OUTCOME_RATE); }),
              ElementsAre("indicator TYPE_MISMATCH"));
  EXPECT_THAT(compile([](auto& one) { *one.add_bases() = one.bases(0); }),
              ElementsAre("indicator.bases[1].id BAD_ID"));
  EXPECT_THAT(compile([](auto& one) { one.mutable_title()->clear_nn(); }),
              ElementsAre("indicator.title MISSING_TEXT"));
  EXPECT_THAT(compile([](auto& one) { one.set_precision(4); }),
              ElementsAre("indicator.precision BAD_BOUNDS"));
  EXPECT_THAT(compile([](auto& one) { one.clear_editions(); }),
              ElementsAre("indicator.editions MISSING_EDITION"));
  EXPECT_THAT(compile([](auto& one) { one.add_editions(one.editions(0)); }),
              ElementsAre("indicator.editions[1] DUPLICATE"));
  EXPECT_THAT(compile([](auto& one) { one.add_breakdowns("county"); }),
              ElementsAre("indicator.breakdowns[1] UNKNOWN_ATTRIBUTE"));
  EXPECT_THAT(compile([](auto& one) {
                one.set_numerator("A1 == 7");
                one.mutable_bases(0)->set_base("previous(A1) == 1");
              }),
              ElementsAre("indicator.numerator:7 UNKNOWN_CODE",
                          "indicator.bases[0].base:1 NOT_ALLOWED_HERE"));
}

TEST(CompileIndicator, WhatWasNotFieldedIsNotAskedAndWhatIsUnknownIsAnError) {
  const auto frame = CompiledFrame::Compile(SmallFrame("T")).frame;
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  const auto compile = [&](const std::string& numerator, const std::string& base) {
    return CompiledIndicator::Compile(
        testing_support::SmallIndicator("IND", {"T"}, numerator, {{"ALL", base}}), *form, *frame);
  };
  EXPECT_TRUE(compile("X1 == 1", "answered(X1)").indicator->not_asked());
  EXPECT_TRUE(compile("X1 == 1", "responded").indicator->not_asked());
  EXPECT_TRUE(compile("A1 == 1", "A1 == 1 and answered(X1.a)").indicator->not_asked());
  EXPECT_FALSE(compile("A1 == 1", "responded").indicator->not_asked());
  EXPECT_THAT(SayPlaces(compile("X2 == 1", "responded").findings),
              ElementsAre("indicator.numerator:1 UNKNOWN_QUESTION"));
  EXPECT_THAT(SayPlaces(compile("X1 == 1 and X2 == 1", "responded").findings),
              Contains("indicator.numerator:13 UNKNOWN_QUESTION"));
}

}  // namespace
}  // namespace imdi::domain
