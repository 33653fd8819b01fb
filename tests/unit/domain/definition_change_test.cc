// What a definition may change, before and while answers exist, and what it must never break.

#include "services/domain/definition_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/domain/answers.h"
#include "services/domain/derivation.h"
#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing_support::AddCheck;
using testing_support::AddQuestion;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

const AnswerFacts kNoAnswers = {};
const AnswerFacts kAnswers = {
    .edition_has_answers = true,
    .unit_has_answers = [](std::string_view unit) { return unit == "0101"; }};

template <typename Document>
model::Definition AsDefinition(const Document& document) {
  model::Definition out;
  if constexpr (std::is_same_v<Document, model::Edition>) *out.mutable_edition() = document;
  if constexpr (std::is_same_v<Document, model::Questionnaire>)
    *out.mutable_questionnaire() = document;
  if constexpr (std::is_same_v<Document, model::Frame>) *out.mutable_frame() = document;
  if constexpr (std::is_same_v<Document, model::Indicator>) *out.mutable_indicator() = document;
  return out;
}

class DefinitionChange : public testing::Test {
 protected:
  DefinitionChange() {
    Hold(SmallEdition("SM2017"));
    Hold(SmallFrame("SM2017"));
    Hold(SmallQuestionnaire("SM2017"));
  }

  template <typename Document>
  DefinitionVerdict Judge(const Document& document, const AnswerFacts& facts) const {
    return catalog_->ValidateDefinition(AsDefinition(document), facts);
  }
  // Paths of the findings; each of them has rule, message and remedy.
  template <typename Document>
  std::vector<std::string> Paths(const Document& document, const AnswerFacts& facts,
                                 std::string_view rule = "CHANGE_WHILE_ANSWERS_EXIST") const {
    const DefinitionVerdict verdict = Judge(document, facts);
    EXPECT_EQ(verdict.changed, verdict.findings.empty());
    std::vector<std::string> out;
    for (const DefinitionFinding& finding : verdict.findings) {
      EXPECT_EQ(finding.rule, rule) << ToText(finding);
      EXPECT_NE(finding.message, "");
      EXPECT_NE(finding.remedy, "");
      out.push_back(finding.path);
    }
    return out;
  }
  // Judged and applied, as the log would.
  template <typename Document>
  void Hold(const Document& document, const AnswerFacts& facts = {}) {
    const DefinitionVerdict verdict = Judge(document, facts);
    ASSERT_TRUE(verdict.changed) << (verdict.findings.empty() ? "nothing changed"
                                                              : ToText(verdict.findings.front()));
    auto next = catalog_->Apply(AsDefinition(document), verdict.revision, verdict.new_items);
    ASSERT_TRUE(next.ok()) << next.status();
    catalog_ = *next;
  }
  const Catalog::EditionEntry& Edition() const { return *catalog_->FindEdition("SM2017"); }

  std::shared_ptr<const Catalog> catalog_ = Catalog::Empty();
};

model::Questionnaire Next() { return SmallQuestionnaire("SM2017", 2); }
model::Question& Find(model::Questionnaire& questionnaire, std::string_view id) {
  for (model::Question& question : *questionnaire.mutable_questions()) {
    if (question.id() == id) return question;
  }
  ADD_FAILURE() << "no question " << id;
  return *questionnaire.mutable_questions(0);
}
std::string PathOf(const model::Questionnaire& questionnaire, std::string_view id) {
  for (int i = 0; i < questionnaire.questions_size(); ++i) {
    if (questionnaire.questions(i).id() == id)
      return "questionnaire.questions[" + std::to_string(i) + "]";
  }
  return "";
}

TEST_F(DefinitionChange, AnEstimatorThatItsPolicyDoesNotAllowIsRefusedAndALogThatHasItIsRead) {
  model::Indicator total = SmallIndicator("IND", {"SM2017"}, "", {{"B", "responded"}});
  total.set_kind(model::INDICATOR_KIND_TOTAL);
  total.mutable_measure()->set_question("A4");
  total.set_min_base(base::kAggregateNumberBaseMin - 1);
  EXPECT_THAT(Paths(total, kNoAnswers, "ESTIMATOR_NOT_FOR_POLICY"),
              ElementsAre("indicator.min_base"));
  EXPECT_TRUE(catalog_->Apply(AsDefinition(total), 1, {}).ok());
  total.set_min_base(base::kAggregateNumberBaseMin);
  EXPECT_THAT(Paths(total, kNoAnswers), IsEmpty());
}

TEST_F(DefinitionChange, ANewVersionMayChangeTextsOrderSoftChecksAndAddItemsWhileAnswersExist) {
  model::Questionnaire next = Next();
  *Find(next, "A1").mutable_text() = Words("better words");
  next.mutable_questions()->SwapElements(5, 6);
  next.mutable_checks(1)->set_violated("A1 == 1 and A4 < 1");
  AddCheck(next, "CHK09", model::GRADE_SOFT, "A1 == 3");
  AddQuestion(next, "NEW1", "A", model::QUESTION_TYPE_SINGLE, {1, 2}, "A1 == 1");
  EXPECT_THAT(Paths(next, kAnswers), IsEmpty());
  const DefinitionVerdict verdict = Judge(next, kAnswers);
  ASSERT_EQ(verdict.new_items.size(), 1u);
  EXPECT_EQ(verdict.new_items[0].item, "NEW1");
  EXPECT_EQ(verdict.new_items[0].number,
            static_cast<uint32_t>(catalog_->NumbersOf("SMALL").largest()) + 1);
}

TEST_F(DefinitionChange, EveryChangeOfWhatAnExistingItemMeansIsRefusedAndNamed) {
  struct Case {
    const char* what;
    std::function<void(model::Questionnaire&)> change;
    std::string question;
    std::string field;
  };
  const std::vector<Case> cases = {
      {"type", [](auto& q) { Find(q, "B2").set_type(model::QUESTION_TYPE_SINGLE); }, "B2", ".type"},
      {"code list",
       [](auto& q) {
         model::Code& code = *Find(q, "G1").add_options();
         code.set_code(3);
         *code.mutable_text() = Words("three");
       },
       "G1", ""},
      {"code taken away", [](auto& q) { Find(q, "G1").mutable_options()->RemoveLast(); }, "G1", ""},
      {"exclusive", [](auto& q) { Find(q, "A2").mutable_exclusive()->RemoveLast(); }, "A2",
       ".exclusive"},
      {"scope", [](auto& q) { Find(q, "A7").set_scope(model::SCOPE_BOTH); }, "A7", ".scope"},
      {"route", [](auto& q) { Find(q, "A4").set_route("A1 == 2"); }, "A4", ".route"},
      {"route added", [](auto& q) { Find(q, "A6").set_route("A1 == 2"); }, "A6", ".route"},
      {"row route", [](auto& q) { Find(q, "A5").mutable_rows(2)->clear_route(); }, "A5", ".route"},
      {"numeric rule", [](auto& q) { Find(q, "A4").mutable_numeric()->set_max(2000); }, "A4",
       ".numeric"},
      {"required", [](auto& q) { Find(q, "A7").set_required(true); }, "A7", ".required"},
      {"part", [](auto& q) { Find(q, "A6").set_section("B"); }, "A6", ".section"},
      {"background", [](auto& q) { Find(q, "A6").set_section("BG"); }, "A6", ".section"},
      {"shorter text", [](auto& q) { Find(q, "A6").mutable_open_text()->set_max_chars(19); }, "A6",
       ".open_text.max_chars"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    model::Questionnaire next = Next();
    one.change(next);
    EXPECT_THAT(Paths(next, kAnswers), ElementsAre(PathOf(next, one.question) + one.field));
    EXPECT_TRUE(Judge(next, kAnswers).change_refused);
    EXPECT_THAT(Paths(next, kNoAnswers), IsEmpty()) << "without answers everything is free";
  }
}

TEST_F(DefinitionChange, AnItemCannotDisappearAndHardChecksAndTheOutcomeRuleStay) {
  model::Questionnaire next = Next();
  next.mutable_questions()->RemoveLast();
  EXPECT_THAT(Paths(next, kAnswers), ElementsAre("questionnaire.questions"));

  next = Next();
  Find(next, "A5").mutable_rows()->RemoveLast();
  EXPECT_THAT(Paths(next, kAnswers), ElementsAre("questionnaire.questions"));

  for (const auto& change : std::vector<std::function<void(model::Questionnaire&)>>{
           [](auto& q) { q.mutable_checks(0)->set_violated("A4 > 95"); },
           [](auto& q) { q.mutable_checks(0)->set_grade(model::GRADE_SOFT); },
           [](auto& q) { q.mutable_checks(1)->set_grade(model::GRADE_HARD); },
           [](auto& q) { AddCheck(q, "CHK09", model::GRADE_HARD, "A1 == 3"); }}) {
    next = Next();
    change(next);
    EXPECT_THAT(Paths(next, kAnswers), ElementsAre("questionnaire.checks"));
  }

  next = Next();
  AddQuestion(next, "NEW1", "A", model::QUESTION_TYPE_SINGLE, {1, 2});
  AddCheck(next, "CHK09", model::GRADE_HARD, "NEW1 == 1");
  EXPECT_THAT(Paths(next, kAnswers), IsEmpty()) << "a hard check on new items alone is free";

  next = Next();
  next.mutable_outcome()->set_partial_percent(31);
  EXPECT_THAT(Paths(next, kAnswers), ElementsAre("questionnaire.outcome"));
}

TEST_F(DefinitionChange, AllRefusalsComeAtOnce) {
  model::Questionnaire next = Next();
  Find(next, "A7").set_scope(model::SCOPE_BOTH);
  Find(next, "A4").set_route("A1 == 2");
  next.mutable_checks(0)->set_violated("A4 > 95");
  EXPECT_THAT(Paths(next, kAnswers),
              UnorderedElementsAre(PathOf(next, "A7") + ".scope", PathOf(next, "A4") + ".route",
                                   "questionnaire.checks"));
}

TEST_F(DefinitionChange, AStatedRecodeAllowsAChangedCodeList) {
  model::Questionnaire next = Next();
  model::Question& g1 = Find(next, "G1");
  g1.clear_options();
  for (const int32_t code : {5, 6}) {
    model::Code& option = *g1.add_options();
    option.set_code(code);
    *option.mutable_text() = Words("G1");
  }
  model::Recode& recode = *next.add_recodes();
  recode.set_item("G1");
  model::CodePair& pair = *recode.add_pairs();
  pair.set_from(1);
  pair.set_to(5);
  EXPECT_THAT(Paths(next, kAnswers), IsEmpty());

  pair.set_from(4);
  EXPECT_THAT(Paths(next, kAnswers), ElementsAre("questionnaire.recodes"))
      << "there was no code 4 before";
  pair.set_from(1);
  pair.set_to(7);
  EXPECT_THAT(Paths(next, kAnswers, "UNKNOWN_CODE"),
              ElementsAre("questionnaire.recodes[0].pairs[0].to"));
  pair.set_to(5);
  *recode.add_pairs() = pair;
  EXPECT_THAT(Paths(next, kAnswers, "DUPLICATE_CODE"),
              ElementsAre("questionnaire.recodes[0].pairs[1].from"));
}

TEST_F(DefinitionChange,
       AVersionWithAnswersTakesTextsAndTheEndOfItsPredecessorButNoItemsOrRecodes) {
  model::Questionnaire same = SmallQuestionnaire("SM2017");
  same.set_accept_previous_version(true);
  *Find(same, "A1").mutable_text() = Words("better words");
  EXPECT_THAT(Paths(same, kAnswers), IsEmpty());
  AddQuestion(same, "NEW1", "A", model::QUESTION_TYPE_SINGLE, {1, 2});
  EXPECT_THAT(Paths(same, kAnswers), ElementsAre(PathOf(same, "NEW1")));
  EXPECT_THAT(Paths(same, kNoAnswers), IsEmpty());

  same = SmallQuestionnaire("SM2017");
  model::Recode& recode = *same.add_recodes();
  recode.set_item("G1");
  recode.add_pairs()->set_from(1);
  recode.mutable_pairs(0)->set_to(2);
  EXPECT_THAT(Paths(same, kAnswers), ElementsAre("questionnaire.recodes"));
}

TEST_F(DefinitionChange, AnswersAreReadThroughTheRecodesOfEveryVersionBetween) {
  const auto recode = [](model::Questionnaire& to, int32_t from, int32_t code) {
    model::Recode& out = *to.add_recodes();
    out.set_item("G1");
    out.add_pairs()->set_from(from);
    out.mutable_pairs(0)->set_to(code);
  };
  model::Questionnaire second = SmallQuestionnaire("SM2017", 2);
  recode(second, 1, 2);  // 2 had no pair: no longer read.
  Hold(second, kAnswers);
  model::Questionnaire third = SmallQuestionnaire("SM2017", 3);
  AddQuestion(third, "NEW1", "A", model::QUESTION_TYPE_SINGLE, {1, 2});
  Hold(third, kAnswers);

  const auto& v1 = *Edition().Version(1);
  const auto& v3 = *Edition().Version(3);
  const ItemIndex g1 = *v1.compiled->FindItem("G1");
  const ItemIndex a1 = *v1.compiled->FindItem("A1");
  AnswerSet given(v1.compiled->item_count());
  given.Set(g1, AnswerValue::OfCode(1));
  given.Set(a1, AnswerValue::OfCode(3));
  std::vector<bool> fielded;
  const AnswerSet read = Edition().ReadUnder(given, v1, v3, &fielded);
  EXPECT_EQ(read[*v3.compiled->FindItem("G1")].code, 2);
  EXPECT_EQ(read[*v3.compiled->FindItem("A1")].code, 3);
  EXPECT_FALSE(fielded[*v3.compiled->FindItem("NEW1")]);
  EXPECT_TRUE(fielded[*v3.compiled->FindItem("G1")]);
  given.Set(g1, AnswerValue::OfCode(2));
  EXPECT_FALSE(Edition().ReadUnder(given, v1, v3, nullptr).Has(*v3.compiled->FindItem("G1")));

  // Backwards a recode has no meaning; what it does not touch is read as it is.
  AnswerSet later(v3.compiled->item_count());
  later.Set(*v3.compiled->FindItem("G1"), AnswerValue::OfCode(2));
  later.Set(*v3.compiled->FindItem("A1"), AnswerValue::OfCode(2));
  const AnswerSet back = Edition().ReadUnder(later, v3, v1, nullptr);
  EXPECT_FALSE(back.Has(g1));
  EXPECT_EQ(back[a1].code, 2);
}

TEST_F(DefinitionChange, VersionsCountWithoutGapsAndOlderOnesAreImmutable) {
  EXPECT_THAT(Paths(SmallQuestionnaire("SM2017", 3), kNoAnswers, "VERSION_GAP"),
              ElementsAre("questionnaire.name"));
  Hold(Next());
  model::Questionnaire first = SmallQuestionnaire("SM2017");
  *Find(first, "A1").mutable_text() = Words("better words");
  EXPECT_THAT(Paths(first, kNoAnswers, "VERSION_GAP"), ElementsAre("questionnaire.name"));
}

TEST_F(DefinitionChange, TheCurrentVersionIsTakenAndItsPredecessorWhileTheCurrentOneSaysSo) {
  model::Questionnaire next = Next();
  next.set_accept_previous_version(true);
  Hold(next, kAnswers);
  EXPECT_TRUE(Edition().Accepts(1));
  EXPECT_TRUE(Edition().Accepts(2));
  EXPECT_FALSE(Edition().Accepts(3));
  next.set_accept_previous_version(false);
  Hold(next, kAnswers);
  EXPECT_FALSE(Edition().Accepts(1));
  model::Questionnaire third = SmallQuestionnaire("SM2017", 3);
  third.set_accept_previous_version(true);
  Hold(third, kAnswers);
  EXPECT_FALSE(Edition().Accepts(1)) << "the predecessor alone, not all earlier ones";
  EXPECT_TRUE(Edition().Accepts(2));
}

TEST_F(DefinitionChange, AFrameRevisionStatesItsReasonAndKeepsUnitsThatHaveAnswers) {
  model::Frame frame = SmallFrame("SM2017");
  frame.mutable_units(1)->set_population(4711);
  EXPECT_THAT(Paths(frame, kNoAnswers), ElementsAre("frame.reason"));
  frame.set_reason("inhabitants corrected");
  EXPECT_THAT(Paths(frame, kNoAnswers), IsEmpty());

  frame.mutable_units()->DeleteSubrange(0, 2);
  EXPECT_THAT(Paths(frame, kAnswers), ElementsAre("frame.units")) << "0101 has answers, 0102 none";
  const DefinitionVerdict verdict = Judge(frame, kAnswers);
  EXPECT_NE(verdict.findings[0].message.find("0101"), std::string::npos);
  EXPECT_NE(verdict.findings[0].remedy.find("out_of_scope"), std::string::npos);

  frame = SmallFrame("SM2017");
  frame.set_reason("out of scope");
  frame.mutable_units(0)->set_out_of_scope(true);
  EXPECT_THAT(Paths(frame, kAnswers), IsEmpty());

  frame.mutable_units(0)->set_type(model::UNIT_TYPE_DISTRICT);
  frame.mutable_units(0)->set_code("010101");
  EXPECT_THAT(Paths(frame, kAnswers), ElementsAre("frame.units")) << "another code is another unit";
}

TEST_F(DefinitionChange, ARevisedFrameIsReadByRoutesUnderItsNewNumbers) {
  model::Questionnaire next = Next();
  AddQuestion(next, "R1", "A", model::QUESTION_TYPE_SINGLE, {1, 2}, "unit.region == 3");
  Hold(next);
  model::Frame frame = SmallFrame("SM2017");
  frame.set_reason("another variable, regions in another order");
  model::FrameVariable first = frame.variables(0);
  first.set_id("another");
  frame.mutable_variables()->Clear();
  *frame.add_variables() = first;
  first.set_id("region");
  first.mutable_groups()->SwapElements(0, 2);
  *frame.add_variables() = first;
  Hold(frame);
  const CompiledQuestionnaire& questionnaire = *Edition().Current()->compiled;
  const AnswerSet none(questionnaire.item_count());
  for (const auto& [unit, routed] : {std::pair{"0106", true}, {"0101", false}}) {
    const DerivedResponse derived =
        Derive(questionnaire, {.unit = Edition().frame->FactsOf(*Edition().frame->Find(unit)),
                               .answers = &none,
                               .submitted = 3,
                               .fielded = nullptr});
    EXPECT_EQ(derived.states[*questionnaire.FindItem("R1")] != ItemState::kNotRouted, routed)
        << unit;
  }
}

TEST_F(DefinitionChange, NothingThatHoldsMayBreakThroughADocumentItRestsOn) {
  Hold(SmallIndicator("IND_G", {"SM2017"}, "G1 == 1", {{"ALL", "answered(G1)"}}));
  model::Questionnaire next = Next();
  next.mutable_questions()->DeleteSubrange(8, 1);
  ASSERT_EQ(PathOf(next, "G1"), "");
  EXPECT_THAT(Paths(next, kNoAnswers, "BREAKS_INDICATOR"), ElementsAre("questionnaire"));

  model::Frame frame = SmallFrame("SM2017");
  frame.set_reason("no regions");
  frame.clear_variables();
  for (model::Unit& unit : *frame.mutable_units()) unit.clear_attributes();
  EXPECT_THAT(Paths(frame, kNoAnswers, "BREAKS_INDICATOR"), ElementsAre("frame"));

  model::Edition edition = SmallEdition("SM2017");
  edition.mutable_parts(1)->clear_sections();
  EXPECT_THAT(Paths(edition, kNoAnswers, "BREAKS_QUESTIONNAIRE"), ElementsAre("edition"));
}

TEST_F(DefinitionChange, AnEditionWithAnswersKeepsItsParts) {
  model::Edition edition = SmallEdition("SM2017");
  edition.mutable_parts(0)->set_id("renamed");
  EXPECT_THAT(Paths(edition, kAnswers), ElementsAre("edition.parts"));
  EXPECT_THAT(Paths(edition, kNoAnswers), IsEmpty());
  edition = SmallEdition("SM2017");
  *edition.mutable_parts(0)->mutable_role() = Words("another name of the role");
  EXPECT_THAT(Paths(edition, kAnswers), IsEmpty());
  edition.set_survey("OTHER");
  EXPECT_THAT(Paths(edition, kNoAnswers), ElementsAre("edition.survey"));
}

TEST_F(DefinitionChange, AMissingNynorskOrBokmalTextIsRefusedWhereverPeopleCanMeetIt) {
  model::Edition edition = SmallEdition("SM2018");
  edition.mutable_title()->clear_nn();
  edition.mutable_addressed_to()->set_nb("alle");
  edition.mutable_parts(1)->mutable_role()->clear_nb();
  EXPECT_THAT(
      Paths(edition, kNoAnswers, "MISSING_TEXT"),
      UnorderedElementsAre("edition.title", "edition.addressed_to", "edition.parts[1].role"));

  model::Questionnaire next = Next();
  next.mutable_sections(0)->mutable_title()->clear_nn();
  Find(next, "A1").mutable_text()->clear_nb();
  Find(next, "A1").mutable_options(1)->mutable_text()->clear_nn();
  Find(next, "A5").mutable_rows(1)->mutable_text()->clear_nb();
  next.mutable_checks(0)->mutable_text()->clear_nn();
  next.mutable_text_piping(0)->mutable_district()->clear_nb();
  EXPECT_THAT(
      Paths(next, kNoAnswers, "MISSING_TEXT"),
      UnorderedElementsAre(
          "questionnaire.sections[0].title.nn", PathOf(next, "A1") + ".text.nb",
          PathOf(next, "A1") + ".options[1].text.nn", PathOf(next, "A5") + ".rows[1].text.nb",
          "questionnaire.checks[0].text.nn", "questionnaire.text_piping[0].district.nb"));

  model::Frame frame = SmallFrame("SM2017");
  frame.set_reason("texts");
  frame.mutable_variables(0)->mutable_title()->clear_nn();
  frame.mutable_variables(0)->mutable_groups(1)->mutable_text()->clear_nb();
  EXPECT_THAT(
      Paths(frame, kNoAnswers, "MISSING_TEXT"),
      UnorderedElementsAre("frame.variables[0].title", "frame.variables[0].groups[1].text"));

  model::Indicator indicator =
      SmallIndicator("IND_G", {"SM2017"}, "G1 == 1", {{"ALL", "responded"}});
  indicator.mutable_bases(0)->mutable_title()->clear_nn();
  EXPECT_THAT(Paths(indicator, kNoAnswers, "MISSING_TEXT"),
              ElementsAre("indicator.bases[0].title"));
}

TEST_F(DefinitionChange, AScheduleIsInUtcAscendingAndOpensOrCloses) {
  const auto add = [](model::Edition& edition, const std::string& at, model::EditionState to) {
    model::ScheduledTransition& transition = *edition.add_schedule();
    transition.set_at(at);
    transition.set_to(to);
  };
  model::Edition edition = SmallEdition("SM2018");
  add(edition, "2018-11-20T07:00:00Z", model::EDITION_STATE_OPEN);
  add(edition, "2019-01-31T23:00:00.5Z", model::EDITION_STATE_CLOSED);
  EXPECT_THAT(Paths(edition, kNoAnswers, ""), IsEmpty());

  for (const char* bad : {"2018-11-20", "2018-11-20T07:00:00", "2018-11-20T07:00:00+01:00",
                          "2018-13-20T07:00:00Z", "infinite-future", "", "yesterdayZ"}) {
    model::Edition wrong = edition;
    wrong.mutable_schedule(0)->set_at(bad);
    EXPECT_THAT(Paths(wrong, kNoAnswers, "BAD_TIME"), ElementsAre("edition.schedule[0].at")) << bad;
  }
  model::Edition wrong = edition;
  wrong.mutable_schedule(1)->set_at("2018-11-20T07:00:00Z");
  EXPECT_THAT(Paths(wrong, kNoAnswers, "NOT_ASCENDING"), ElementsAre("edition.schedule[1].at"));
  wrong = edition;
  wrong.mutable_schedule(1)->set_to(model::EDITION_STATE_DRAFT);
  EXPECT_THAT(Paths(wrong, kNoAnswers, "BAD_STATE"), ElementsAre("edition.schedule[1].to"));
}

TEST_F(DefinitionChange, ThePreviousEditionIsAnotherOneOfTheSameSurvey) {
  model::Edition edition = SmallEdition("SM2018");
  edition.set_previous_edition("editions/SM2017");
  EXPECT_THAT(Paths(edition, kNoAnswers, ""), IsEmpty());
  edition.set_previous_edition("editions/SM2016");
  EXPECT_THAT(Paths(edition, kNoAnswers, "UNKNOWN_EDITION"),
              ElementsAre("edition.previous_edition"));
  edition.set_previous_edition("editions/SM2017/frame");
  EXPECT_THAT(Paths(edition, kNoAnswers, "UNKNOWN_EDITION"),
              ElementsAre("edition.previous_edition"));
  edition.set_previous_edition("editions/SM2017");
  edition.set_survey("OTHER");
  EXPECT_THAT(Paths(edition, kNoAnswers, "OTHER_SURVEY"), ElementsAre("edition.previous_edition"));
}

TEST_F(DefinitionChange, ReapplyingAnIdenticalDocumentChangesNothing) {
  for (const AnswerFacts& facts : {kNoAnswers, kAnswers}) {
    const DefinitionVerdict verdict = Judge(SmallQuestionnaire("SM2017"), facts);
    EXPECT_FALSE(verdict.changed);
    EXPECT_THAT(verdict.findings, IsEmpty());
    EXPECT_EQ(verdict.revision, 1);
    EXPECT_FALSE(Judge(SmallFrame("SM2017"), facts).changed);
    EXPECT_FALSE(Judge(SmallEdition("SM2017"), facts).changed);
  }
}

TEST_F(DefinitionChange, AStateThatHoldsLeavesReopenedUnitsOpen) {
  const auto with = [&](model::EditionState state, const char* unit, int64_t revision) {
    auto next = catalog_->WithState("SM2017", state, unit, revision);
    ASSERT_TRUE(next.ok());
    catalog_ = *next;
  };
  with(model::EDITION_STATE_OPEN, "", 1);
  with(model::EDITION_STATE_CLOSED, "", 2);
  with(model::EDITION_STATE_OPEN, "0101", 3);
  EXPECT_TRUE(Edition().TakesSubmissions("0101"));
  EXPECT_FALSE(Edition().TakesSubmissions("0102"));
  with(model::EDITION_STATE_CLOSED, "", 4);
  EXPECT_TRUE(Edition().TakesSubmissions("0101"));
  with(model::EDITION_STATE_CLOSED, "0101", 5);
  EXPECT_FALSE(Edition().TakesSubmissions("0101"));
}

}  // namespace
}  // namespace imdi::domain
