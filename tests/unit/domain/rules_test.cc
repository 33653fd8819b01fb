// The rules over a small survey: what is refused, what is only remarked, what follows from answers,
// what is stored.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "services/base/error.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/answers.h"
#include "services/domain/definition_change.h"
#include "services/domain/derivation.h"
#include "services/domain/packed_answers.h"
#include "services/domain/validation.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;

std::shared_ptr<const CompiledFrame> Frame() {
  static const auto frame = CompiledFrame::Compile(SmallFrame("T")).frame;
  return frame;
}

std::shared_ptr<const CompiledQuestionnaire> Form() {
  static const auto form = [] {
    auto compiled =
        CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), Frame().get());
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    return compiled.questionnaire;
  }();
  return form;
}

constexpr uint32_t kFirst = 0;
constexpr uint32_t kSecond = 1;
constexpr PartMask kBoth = 3;

// Answers by hand: Code("A1", 1), Codes("A2", {1, 2}) …
class Sent {
 public:
  Sent& Code(const std::string& item, int32_t code) {
    Add(item).set_code(code);
    return *this;
  }
  Sent& Codes(const std::string& item, const std::vector<int32_t>& codes) {
    model::Answer& answer = Add(item);
    answer.mutable_codes();
    for (const int32_t code : codes) answer.mutable_codes()->add_codes(code);
    return *this;
  }
  Sent& Number(const std::string& item, int64_t number) {
    Add(item).set_number(number);
    return *this;
  }
  Sent& Text(const std::string& item, const std::string& text) {
    Add(item).set_text(text);
    return *this;
  }
  Sent& Nothing(const std::string& item) {
    Add(item);
    return *this;
  }
  // Beside the answer added last.
  Sent& Other(int32_t code, const std::string& text) {
    model::OtherText& other = *answers_.Mutable(answers_.size() - 1)->add_other_texts();
    other.set_code(code);
    other.set_text(text);
    return *this;
  }
  Sent& Comment(const std::string& check, const std::string& text) {
    model::CheckComment& comment = *comments_.Add();
    comment.set_check(check);
    comment.set_text(text);
    return *this;
  }
  const AnswerList& answers() const { return answers_; }
  const CommentList& comments() const { return comments_; }
  // As read, without any rule between items.
  AnswerSet Set() const {
    std::vector<model::Finding> findings;
    AnswerSet out = ReadAnswers(*Form(), answers_, &findings);
    EXPECT_TRUE(findings.empty());
    return out;
  }

 private:
  model::Answer& Add(const std::string& item) {
    model::Answer& answer = *answers_.Add();
    answer.set_item(item);
    return answer;
  }
  AnswerList answers_;
  CommentList comments_;
};

UnitFacts Municipality() { return Frame()->FactsOf(0); }
UnitFacts District() { return Frame()->FactsOf(7); }

struct Judged {
  std::vector<std::string> findings;  // "hard UNKNOWN_CODE A1"
  bool refused = false;
};

Judged Judge(const Sent& sent, UnitFacts unit = Municipality(), uint32_t part = kFirst,
             const AnswerSet* other_parts = nullptr, const AnswerSet* previous = nullptr) {
  const ValidationResult result = Validate(*Form(), {.part = part,
                                                     .unit = unit,
                                                     .answers = &sent.answers(),
                                                     .comments = &sent.comments(),
                                                     .other_parts = other_parts,
                                                     .previous = previous});
  Judged out{.findings = {}, .refused = result.refused};
  for (const model::Finding& finding : result.findings) {
    out.findings.push_back((finding.grade() == model::GRADE_HARD ? "hard " : "soft ") +
                           finding.rule() + (finding.item().empty() ? "" : " " + finding.item()));
    EXPECT_FALSE(finding.text().nn().empty()) << finding.rule();
    EXPECT_FALSE(finding.text().nb().empty()) << finding.rule();
  }
  return out;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Validation, AFaultlessSubmissionHasNoFindings) {
  const Judged judged = Judge(Sent()
                                  .Code("A1", 1)
                                  .Codes("A2", {2, 1})
                                  .Code("A3", 2)
                                  .Number("A4", 105)
                                  .Code("A5.a", 97)
                                  .Code("A5.c", 98)
                                  .Text("A6", "tjue teikn, ikkje fl")
                                  .Code("A7", 1)
                                  .Code("G1", 2));
  EXPECT_THAT(judged.findings, IsEmpty());
  EXPECT_FALSE(judged.refused);
}

TEST(Validation, EveryBuiltInRuleOfOneAnswerIsHard) {
  const auto of = [](const Sent& sent) {
    const Judged judged = Judge(sent);
    EXPECT_TRUE(judged.refused);
    return judged.findings;
  };
  const auto a1 = [] { return Sent().Code("A1", 1); };
  EXPECT_THAT(of(a1().Code("NOSUCH", 1)), ElementsAre("hard UNKNOWN_ITEM NOSUCH"));
  EXPECT_THAT(of(a1().Code("A5", 1)), ElementsAre("hard UNKNOWN_ITEM A5"));
  EXPECT_THAT(of(a1().Code("A5.d", 1)), ElementsAre("hard UNKNOWN_ITEM A5.d"));
  EXPECT_THAT(of(a1().Code("A1", 1)), ElementsAre("hard DUPLICATE A1"));
  EXPECT_THAT(of(a1().Nothing("A5.a")), ElementsAre("hard EMPTY_ANSWER A5.a"));
  EXPECT_THAT(of(a1().Codes("A2", {})), ElementsAre("hard EMPTY_ANSWER A2"));
  EXPECT_THAT(of(a1().Text("A6", "")), ElementsAre("hard EMPTY_ANSWER A6"));
  EXPECT_THAT(of(a1().Number("A5.a", 1)), ElementsAre("hard WRONG_TYPE A5.a"));
  EXPECT_THAT(of(a1().Code("A2", 1)), ElementsAre("hard WRONG_TYPE A2"));
  EXPECT_THAT(of(a1().Code("A4", 1)), ElementsAre("hard WRONG_TYPE A4"));
  EXPECT_THAT(of(Sent().Code("A1", 4)), ElementsAre("hard UNKNOWN_CODE A1"));
  EXPECT_THAT(of(Sent().Code("A1", -1)), ElementsAre("hard UNKNOWN_CODE A1"));
  EXPECT_THAT(of(Sent().Code("A1", 1 << 30)), ElementsAre("hard UNKNOWN_CODE A1"));
  EXPECT_THAT(of(a1().Codes("A2", {1, 4})), ElementsAre("hard UNKNOWN_CODE A2"));
  EXPECT_THAT(of(a1().Codes("A2", {1, 1})), ElementsAre("hard DUPLICATE A2"));
  EXPECT_THAT(of(a1().Number("A4", -1)), ElementsAre("hard OUT_OF_RANGE A4"));
  EXPECT_THAT(of(a1().Number("A4", 1001)), ElementsAre("hard OUT_OF_RANGE A4"));
  EXPECT_THAT(of(a1().Text("A6", "tjueein teikn lang te")), ElementsAre("hard TEXT_TOO_LONG A6"));
  EXPECT_THAT(of(Sent().Code("A1", 1).Other(3, "x")),
              ElementsAre("hard OTHER_TEXT_WITHOUT_CODE A1"));
  EXPECT_THAT(of(Sent().Code("A1", 1).Other(1, "x")),
              ElementsAre("hard OTHER_TEXT_WITHOUT_CODE A1"));
  EXPECT_THAT(of(Sent().Code("A1", 3).Other(3, std::string(501, 'x'))),
              ElementsAre("hard TEXT_TOO_LONG A1"));
}

TEST(Validation, CharactersAreCountedNotBytes) {
  std::string twenty;
  for (int i = 0; i < 20; ++i) twenty += "å";
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Text("A6", twenty)).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Text("A6", twenty + "å")).findings,
              ElementsAre("hard TEXT_TOO_LONG A6"));
  std::string thousand;
  for (int i = 0; i < 1'000; ++i) thousand += "å";
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Comment("CHK02", thousand)).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Comment("CHK02", thousand + "a")).findings,
              ElementsAre("hard TEXT_TOO_LONG"));
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Comment("CHK02", std::string(1'001, 'a'))).findings,
              ElementsAre("hard TEXT_TOO_LONG"));
}

TEST(Validation, AnExclusiveCodeStandsAlone) {
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {90})).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {98})).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {1, 90})).findings,
              ElementsAre("hard EXCLUSIVE_CODE A2"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {90, 98})).findings,
              ElementsAre("hard EXCLUSIVE_CODE A2"));
}

TEST(Validation, ARequiredBlankIsHardAndIsNamedOnceWhenItWasSentUnreadable) {
  EXPECT_THAT(Judge(Sent().Code("A7", 1)).findings, ElementsAre("hard REQUIRED A1"));
  EXPECT_THAT(Judge(Sent().Code("A1", 77)).findings, ElementsAre("hard UNKNOWN_CODE A1"));
}

TEST(Validation, ScopeAndPartAreHardAndARouteIsSoft) {
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Code("A8", 1)).findings,
              ElementsAre("hard NOT_IN_SCOPE A8"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Code("A7", 1), District()).findings,
              ElementsAre("hard NOT_IN_SCOPE A7"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Code("A8", 1), District()).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Code("B1", 1)).findings,
              ElementsAre("hard OTHER_PART B1"));
  const Judged judged = Judge(Sent().Code("A1", 3).Codes("A2", {1}).Code("A5.c", 1));
  EXPECT_THAT(judged.findings, ElementsAre("soft NOT_ROUTED A2", "soft NOT_ROUTED A5.c"));
  EXPECT_FALSE(judged.refused);
}

TEST(Validation, OnlyOptionsThatWereTickedAreOffered) {
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {1, 2}).Code("A3", 3)).findings,
              ElementsAre("hard OPTION_NOT_OFFERED A3"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Codes("A2", {1, 2}).Code("A3", 98)).findings,
              ElementsAre("hard UNKNOWN_CODE A3"))
      << "only substantive codes are taken over";
}

TEST(Validation, ChecksKeepTheirGradeAndUnknownIsNotViolated) {
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Number("A4", 901)).findings, ElementsAre("hard CHK01 A4"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Number("A4", 900)).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Number("A4", 0)).findings, ElementsAre("soft CHK02 A4"));
  EXPECT_THAT(Judge(Sent().Code("A1", 1)).findings, IsEmpty()) << "A4 is blank";
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Code("A4", 98)).findings, IsEmpty()) << "don't know";
  EXPECT_THAT(Judge(Sent().Code("A1", 2).Number("A4", 901)).findings,
              ElementsAre("soft NOT_ROUTED A4"))
      << "an answer that is not routed violates nothing";
}

TEST(Validation, ACheckOnTheLastEditionIsUnknownWithoutOne) {
  AnswerSet previous(Form()->item_count());
  EXPECT_THAT(Judge(Sent().Code("A1", 2)).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 2), Municipality(), kFirst, nullptr, &previous).findings,
              IsEmpty());
  previous.Set(*Form()->FindItem("A1"), AnswerValue::OfCode(1));
  EXPECT_THAT(Judge(Sent().Code("A1", 2), Municipality(), kFirst, nullptr, &previous).findings,
              ElementsAre("soft CHK03 A1"));
}

TEST(Validation, ACommentNamesACheckThatExists) {
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Comment("CHK02", "ja")).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("A1", 1).Comment("CHK99", "ja")).findings,
              ElementsAre("hard UNKNOWN_CHECK"));
}

TEST(Validation, TheTextOfACheckIsPipedByTypeOfUnit) {
  const Sent sent = Sent().Code("A1", 1).Number("A4", 0);
  const ValidationResult result = Validate(*Form(), {.part = kFirst,
                                                     .unit = District(),
                                                     .answers = &sent.answers(),
                                                     .comments = nullptr,
                                                     .other_parts = nullptr,
                                                     .previous = nullptr});
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].text().nn(), "CHK02 district nn nn");
  EXPECT_EQ(result.findings[0].text().nb(), "CHK02 district nb nb");
}

TEST(Validation, AnswersOfTheOtherPartDecideTheRouteAcrossParts) {
  const AnswerSet yes = Sent().Code("A1", 1).Set();
  const AnswerSet no = Sent().Code("A1", 2).Set();
  EXPECT_THAT(Judge(Sent().Code("B1", 1), Municipality(), kSecond, &yes).findings, IsEmpty());
  EXPECT_THAT(Judge(Sent().Code("B1", 1), Municipality(), kSecond, &no).findings,
              ElementsAre("soft NOT_ROUTED B1"));
  EXPECT_THAT(Judge(Sent().Code("B1", 1), Municipality(), kSecond).findings, IsEmpty())
      << "the other role may still answer the filter";
}

// ---- What follows from answers

DerivedResponse Derived(const Sent& sent, PartMask submitted = kBoth,
                        UnitFacts unit = Municipality()) {
  const AnswerSet answers = sent.Set();
  return Derive(*Form(),
                {.unit = unit, .answers = &answers, .submitted = submitted, .fielded = nullptr});
}
ItemState StateIn(const DerivedResponse& response, std::string_view item) {
  return response.states[*Form()->FindItem(item)];
}

TEST(Derivation, AnUnknownFilterIsNeverANo) {
  const DerivedResponse blank = Derived(Sent().Code("A7", 1));
  EXPECT_EQ(StateIn(blank, "A2"), ItemState::kFilterUnknown);
  EXPECT_EQ(StateIn(blank, "A5.a"), ItemState::kItemNonresponse);
  EXPECT_EQ(StateIn(blank, "A5.c"), ItemState::kFilterUnknown) << "the row has a filter of its own";
  const DerivedResponse dont_know = Derived(Sent().Code("A1", 98).Codes("A2", {1}));
  EXPECT_EQ(StateIn(dont_know, "A2"), ItemState::kFilterUnknown);
  EXPECT_FALSE(dont_know.answers.Has(*Form()->FindItem("A2"))) << "counted nowhere";
  EXPECT_EQ(StateIn(dont_know, "A3"), ItemState::kFilterUnknown) << "and so on down the routes";
  const DerivedResponse no = Derived(Sent().Code("A1", 3).Codes("A2", {1, 2}));
  EXPECT_EQ(StateIn(no, "A2"), ItemState::kNotRouted);
  EXPECT_EQ(StateIn(no, "B1"), ItemState::kNotRouted);
}

TEST(Derivation, StatesOfScopePartNonresponseAndBreakoff) {
  const DerivedResponse response = Derived(Sent().Code("A1", 1).Code("A5.b", 1), 1);
  EXPECT_EQ(StateIn(response, "A1"), ItemState::kAnswered);
  EXPECT_EQ(StateIn(response, "A2"), ItemState::kItemNonresponse);
  EXPECT_EQ(StateIn(response, "A3"), ItemState::kFilterUnknown);
  EXPECT_EQ(StateIn(response, "A5.a"), ItemState::kItemNonresponse);
  EXPECT_EQ(StateIn(response, "A5.c"), ItemState::kBreakoff);
  EXPECT_EQ(StateIn(response, "A7"), ItemState::kBreakoff);
  EXPECT_EQ(StateIn(response, "A8"), ItemState::kNotInScope);
  EXPECT_EQ(StateIn(response, "B1"), ItemState::kPartMissing);
  EXPECT_EQ(StateIn(Derived(Sent().Code("A8", 1), kBoth, District()), "A8"), ItemState::kAnswered);
}

TEST(Derivation, TheOutcomeFollowsTheAnsweredShareOutsideBackground) {
  // A municipality that answers A1 = 3 is asked A1, A5.a, A5.b, A6, A7; of part two only B2.
  const Sent all =
      Sent().Code("A1", 3).Code("A5.a", 1).Code("A5.b", 1).Text("A6", "x").Code("A7", 1);
  const DerivedResponse one = Derived(all, 1);
  EXPECT_EQ(one.parts[kFirst], (AnsweredShare{5, 5}));
  EXPECT_EQ(one.outcome, model::DISPOSITION_PARTIAL) << "the second part is missing";
  EXPECT_EQ(Derived(Sent(all).Codes("B2", {1})).outcome, model::DISPOSITION_COMPLETE);
  EXPECT_EQ(Derived(all).outcome, model::DISPOSITION_PARTIAL) << "0 of 1 in the second";
  EXPECT_EQ(Derived(Sent().Code("A1", 3), 1).outcome, model::DISPOSITION_BREAKOFF)
      << "1 of 5 < 30 %";
  EXPECT_EQ(Derived(Sent().Code("A1", 3).Code("A7", 1), 1).outcome, model::DISPOSITION_PARTIAL);
  EXPECT_EQ(Derived(Sent().Code("G1", 1), 1).total, (AnsweredShare{5, 0}))
      << "background counts in neither";
  EXPECT_EQ(Derived(Sent(), 0).outcome, model::DISPOSITION_UNSPECIFIED);
}

TEST(Derivation, TheFinalDispositionHasAnOrder) {
  using model::DISPOSITION_BREAKOFF, model::DISPOSITION_COMPLETE, model::DISPOSITION_NON_CONTACT,
      model::DISPOSITION_OUT_OF_SCOPE, model::DISPOSITION_REFUSAL, model::DISPOSITION_UNSPECIFIED;
  EXPECT_EQ(FinalDisposition(true, DISPOSITION_UNSPECIFIED, DISPOSITION_COMPLETE),
            DISPOSITION_OUT_OF_SCOPE);
  EXPECT_EQ(FinalDisposition(false, DISPOSITION_OUT_OF_SCOPE, DISPOSITION_COMPLETE),
            DISPOSITION_OUT_OF_SCOPE);
  EXPECT_EQ(FinalDisposition(false, DISPOSITION_REFUSAL, DISPOSITION_BREAKOFF),
            DISPOSITION_BREAKOFF);
  EXPECT_EQ(FinalDisposition(false, DISPOSITION_REFUSAL, DISPOSITION_UNSPECIFIED),
            DISPOSITION_REFUSAL);
  EXPECT_EQ(FinalDisposition(false, DISPOSITION_NON_CONTACT, DISPOSITION_UNSPECIFIED),
            DISPOSITION_NON_CONTACT);
  EXPECT_EQ(FinalDisposition(false, DISPOSITION_UNSPECIFIED, DISPOSITION_UNSPECIFIED),
            DISPOSITION_NON_CONTACT);
}

// ---- Unknown at the root of numerators and bases

CellCounts CountOne(const std::string& numerator, const std::string& base, const Sent& sent) {
  const auto indicator = CompiledIndicator::Compile(
      SmallIndicator("IND", {"T"}, numerator, {{"BASE", base}}), *Form(), *Frame());
  for (const DefinitionFinding& finding : indicator.findings) ADD_FAILURE() << ToText(finding);
  AnswerMatrix matrix(FigurePlan::Make(Frame(), Form(), {indicator.indicator}, {}));
  const DerivedResponse response = Derived(sent);
  EXPECT_TRUE(response.responded());
  matrix.SetUnit(0, &response, model::DISPOSITION_UNSPECIFIED);
  return matrix.Count()->CountsOf({}, model::EDITION_STATE_OPEN);
}

TEST(Counts, UnknownIsFalseForANumeratorAndOutsideForABase) {
  const Sent half =
      Sent().Code("A1", 1).Code("A5.a", 1).Code("A5.b", 2).Code("A5.c", 2).Code("A7", 1).Codes("B2",
                                                                                               {1});
  const CellCounts numerator = CountOne("A4 >= 10", "A1 == 1", half);
  EXPECT_EQ(numerator.in_base, 1);
  EXPECT_EQ(numerator.numerator, 0) << "A4 is blank";
  const CellCounts base = CountOne("A1 == 1", "A4 >= 10", half);
  EXPECT_EQ(base.in_base, 0);
  EXPECT_EQ(base.numerator, 0);
  const CellCounts nonresponse = CountOne("A4 >= 10", "A1 == 1 and answered(A4)", half);
  EXPECT_EQ(nonresponse.in_base, 0);
  EXPECT_EQ(nonresponse.item_nonresponse, 1);
  const Sent open =
      Sent().Code("A1", 98).Code("A5.a", 1).Code("A5.b", 2).Text("A6", "x").Code("A7", 1).Codes(
          "B2", {1});
  const CellCounts filter = CountOne("A4 >= 10", "A1 == 1 and answered(A4)", open);
  EXPECT_EQ(filter.filter_unknown, 1);
  EXPECT_EQ(filter.item_nonresponse + filter.in_base + filter.not_in_base, 0);
  EXPECT_EQ(filter.state, CellState::kFilterUnknown);
  EXPECT_EQ(CountOne("A4 >= 10", "not A1 == 1 and not answered(A4)", half).not_in_base, 1);
}

TEST(Counts, EveryUnitStandsInOneGroupAndUnknownIsOneOfThem) {
  const auto indicator = CompiledIndicator::Compile(
      SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}}), *Form(), *Frame());
  const auto plan = FigurePlan::Make(Frame(), Form(), {indicator.indicator}, {});
  const auto counts = AnswerMatrix(plan).Count();
  std::map<std::string, int32_t> invited;
  for (size_t index = 0; index < plan->cell_count(); ++index)
    invited[plan->NameOf(plan->CellAt(index))] =
        counts->CountsOf(plan->CellAt(index), model::EDITION_STATE_OPEN).invited;
  EXPECT_THAT(invited, testing::UnorderedElementsAre(testing::Pair("IND.ALL", 9),
                                                     testing::Pair("IND.ALL.region=1", 3),
                                                     testing::Pair("IND.ALL.region=2", 1),
                                                     testing::Pair("IND.ALL.region=3", 1),
                                                     testing::Pair("IND.ALL.region=4", 0),
                                                     testing::Pair("IND.ALL.region=unknown", 4)));
  EXPECT_EQ(counts->Dispositions(0, 0).out_of_scope, 1);
  const auto region = plan->FindBreakdown({0});
  ASSERT_TRUE(region.has_value());
  EXPECT_EQ(counts->Dispositions(*region, 4).non_contact, 4) << "those without a region";
}

TEST(Frame, UnknownCannotBeDeclaredAndAnUnknownVariableOrGroupIsRefused) {
  const auto rules = [](const model::Frame& frame) {
    std::vector<std::string> out;
    for (const DefinitionFinding& finding : CompiledFrame::Compile(frame).findings)
      out.push_back(finding.rule);
    return out;
  };
  model::Frame frame = SmallFrame("T");
  frame.mutable_variables(0)->mutable_groups(0)->set_code("unknown");
  EXPECT_THAT(rules(frame), testing::Contains("BAD_CODE"));
  frame = SmallFrame("T");
  (*frame.mutable_units(0)->mutable_attributes())["county"] = "1";
  EXPECT_THAT(rules(frame), ElementsAre("UNKNOWN_ATTRIBUTE"));
  frame = SmallFrame("T");
  (*frame.mutable_units(0)->mutable_attributes())["region"] = "9";
  EXPECT_THAT(rules(frame), ElementsAre("UNKNOWN_GROUP"));
  frame = SmallFrame("T");
  (*frame.mutable_units(0)->mutable_attributes())["region"] = "unknown";
  EXPECT_THAT(rules(frame), ElementsAre("UNKNOWN_GROUP")) << "it is left out instead";
  frame = SmallFrame("T");
  frame.mutable_units(0)->set_code("０１０１");
  EXPECT_THAT(rules(frame), ElementsAre("BAD_UNIT_CODE"));
}

// ---- Packed answers

struct Numbered {
  ItemNumbers numbers;
  ItemBinding binding;
};
const Numbered& Items() {
  static const Numbered numbered = [] {
    Numbered out;
    // Other items of the survey came first, so numbers and indices differ.
    EXPECT_TRUE(out.numbers.Add({"OLD1", 1}));
    EXPECT_TRUE(out.numbers.Add({"B2", 2}));
    EXPECT_TRUE(out.numbers.Add({"A1", 3}));
    for (const ItemNumbers::Assigned& one : AssignItemNumbers(out.numbers, *Form()))
      EXPECT_TRUE(out.numbers.Add(one));
    out.binding = BindItems(*Form(), out.numbers);
    return out;
  }();
  return numbered;
}

// Fingerprints live as long as the log: these bytes may never change.
TEST(CanonicalContent, IsTheSameInEveryOrderAndHasTheseBytes) {
  const auto number = [](uint32_t value, int bytes = 4) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i)
      out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return out;
  };
  const auto text = [&](std::string_view bytes) {
    return number(static_cast<uint32_t>(bytes.size())) + std::string(bytes);
  };
  AnswerList answers;
  model::Answer& set = *answers.Add();
  set.set_item("LONGNAME1.b");
  set.mutable_codes()->add_codes(7);
  set.mutable_codes()->add_codes(2);
  model::Answer& code = *answers.Add();
  code.set_item("LONGNAME1.a");  // Differs from the one before beyond the eighth byte.
  code.set_code(3);
  model::OtherText& second = *code.add_other_texts();
  second.set_code(9);
  second.set_text("to");
  model::OtherText& first = *code.add_other_texts();
  first.set_code(3);
  first.set_text("ein");
  model::Answer& words = *answers.Add();
  words.set_item("A");
  words.set_text("ja");
  model::Answer& amount = *answers.Add();
  amount.set_item("AB");
  amount.set_number(258);
  model::Answer& twice = *answers.Add();
  twice.set_item("AB");
  twice.set_number(257);
  answers.Add()->set_item("B");
  CommentList comments;
  comments.Add()->set_check("K2");
  comments.Add()->set_check("K1");
  model::Contact contact;
  contact.set_name("n");
  SubmissionContent content{.edition = "KU",
                            .unit = "0301",
                            .part = "main",
                            .expected_revision = 5,
                            .questionnaire = 2,
                            .language = model::LANGUAGE_NB,
                            .answers = &answers,
                            .comments = &comments,
                            .contact = &contact};
  const auto kind = [](int value) { return std::string(1, static_cast<char>(value)); };
  const std::string none = number(0);
  std::string expected = kind(1) + text("KU") + text("0301") + text("main") + number(0) +
                         number(5) + number(2) + number(static_cast<uint32_t>(model::LANGUAGE_NB)) +
                         number(6);
  expected += text(text("A") + kind(model::Answer::kText) + text("ja") + none);
  expected += text(text("AB") + kind(model::Answer::kNumber) + number(0) + number(257) + none);
  expected += text(text("AB") + kind(model::Answer::kNumber) + number(0) + number(258) + none);
  expected += text(text("B") + kind(model::Answer::VALUE_NOT_SET) + none);
  expected += text(text("LONGNAME1.a") + kind(model::Answer::kCode) + number(3) + number(2) +
                   number(3) + text("ein") + number(9) + text("to"));
  expected += text(text("LONGNAME1.b") + kind(model::Answer::kCodes) + number(2) + number(2) +
                   number(7) + none);
  expected += number(2) + text("K1") + text("") + text("K2") + text("") + text("n") + text("");
  EXPECT_EQ(CanonicalContent(content), expected);

  for (int turn = 0; turn < answers.size(); ++turn) {
    answers.SwapElements(0, turn);
    EXPECT_EQ(CanonicalContent(content), expected);
  }
  comments.SwapElements(0, 1);
  set.mutable_codes()->mutable_codes()->SwapElements(0, 1);
  EXPECT_EQ(CanonicalContent(content), expected);
  content.expected_revision = 6;
  EXPECT_NE(CanonicalContent(content), expected);
}

TEST(PackedAnswers, ComeBackAsTheyWere) {
  const AnswerSet answers = Sent()
                                .Code("A1", 98)
                                .Codes("A2", {1, 3})
                                .Code("A4", 98)
                                .Code("A5.b", 97)
                                .Text("A6", "x")
                                .Codes("B2", {3})
                                .Set();
  const auto packed = PackAnswers(answers, Items().binding);
  const auto again = UnpackAnswers(packed, *Form(), Items().binding);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, answers);
  EXPECT_EQ(PackAnswers(*again, Items().binding).SerializeAsString(), packed.SerializeAsString());
  const AnswerSet number = Sent().Number("A4", 0).Set();
  EXPECT_EQ(*UnpackAnswers(PackAnswers(number, Items().binding), *Form(), Items().binding), number);
}

TEST(PackedAnswers, ItemsOfOtherEditionsAreSkippedAndNonsenseIsDataLoss) {
  survey::store::v1::PackedAnswers packed;
  packed.add_code_items(1);
  packed.add_codes(5);
  packed.add_code_items(3);
  packed.add_codes(2);
  packed.add_code_items(4'000'000'000);
  packed.add_codes(1);
  const auto skipped = UnpackAnswers(packed, *Form(), Items().binding);
  ASSERT_TRUE(skipped.ok()) << skipped.status();
  EXPECT_EQ(*skipped, Sent().Code("A1", 2).Set());

  const auto broken = [&](auto change) {
    survey::store::v1::PackedAnswers bad = packed;
    change(bad);
    const auto read = UnpackAnswers(bad, *Form(), Items().binding);
    return read.ok() ? base::Reason::kUnspecified : base::ReasonOf(read.status());
  };
  EXPECT_EQ(broken([](auto& bad) { bad.add_codes(1); }), base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) { bad.set_codes(1, 128); }), base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) { bad.set_code_items(1, 1); }), base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) { bad.set_code_items(1, 2); }), base::Reason::kStoreCorrupt)
      << "B2 is a multiple choice";
  EXPECT_EQ(broken([](auto& bad) { bad.add_set_codes(1); }), base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) {
              bad.add_set_items(2);
              bad.add_set_sizes(4'000'000'000);
            }),
            base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) {
              bad.add_set_items(2);
              bad.add_set_sizes(0);
            }),
            base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) {
              bad.add_number_items(3);
              bad.add_numbers(1);
            }),
            base::Reason::kStoreCorrupt);
  EXPECT_EQ(broken([](auto& bad) { bad.add_text_items(3); }), base::Reason::kStoreCorrupt);
}

// ---- Reading answers under a later version

TEST(TranslateAnswers, FollowsTheItemNumbersAndTheStatedRecode) {
  model::Questionnaire second = SmallQuestionnaire("T", 2);
  // A1 gets codes 11 and 12 for 1 and 2; 3 has no pair. B1 becomes a text under the same id. A new
  // item comes first.
  for (model::Question& question : *second.mutable_questions()) {
    if (question.id() == "A1") {
      question.clear_other_text();
      question.mutable_options(0)->set_code(11);
      question.mutable_options(1)->set_code(12);
      question.mutable_options()->DeleteSubrange(2, 1);
    } else if (question.id() == "B1") {
      question.set_type(model::QUESTION_TYPE_TEXT);
      question.clear_options();
      question.mutable_open_text()->set_max_chars(5);
    }
    question.clear_route();
    for (model::Row& row : *question.mutable_rows()) row.clear_route();
  }
  second.clear_checks();
  testing_support::AddQuestion(second, "A9", "A", model::QUESTION_TYPE_SINGLE, {1});
  model::Recode& recode = *second.add_recodes();
  recode.set_item("A1");
  for (const auto& [from, to] : {std::pair{1, 11}, {2, 12}, {98, 98}}) {
    recode.add_pairs()->set_from(from);
    recode.mutable_pairs(recode.pairs_size() - 1)->set_to(to);
  }
  const auto compiled = CompiledQuestionnaire::Compile(second, SmallEdition("T"), Frame().get());
  for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
  ASSERT_NE(compiled.questionnaire, nullptr);
  ItemNumbers numbers = Items().numbers;
  for (const auto& one : AssignItemNumbers(numbers, *compiled.questionnaire)) numbers.Add(one);
  const ItemBinding binding = BindItems(*compiled.questionnaire, numbers);
  std::vector<bool> fielded;
  const auto read = [&](const Sent& sent, std::string_view item) {
    return TranslateAnswers(sent.Set(), *Form(), Items().binding, *compiled.questionnaire, binding,
                            &fielded)[*compiled.questionnaire->FindItem(item)];
  };
  EXPECT_EQ(read(Sent().Code("A1", 2), "A1"), AnswerValue::OfCode(12));
  EXPECT_EQ(read(Sent().Code("A1", 98), "A1"), AnswerValue::OfCode(98));
  EXPECT_EQ(read(Sent().Code("A1", 3), "A1"), AnswerValue()) << "a code without a pair";
  EXPECT_EQ(read(Sent().Code("A7", 2), "A7"), AnswerValue::OfCode(2));
  EXPECT_EQ(read(Sent().Code("B1", 1), "B1"), AnswerValue()) << "the type changed";
  EXPECT_TRUE(fielded[*compiled.questionnaire->FindItem("A1")]);
  EXPECT_FALSE(fielded[*compiled.questionnaire->FindItem("A9")]);
}

}  // namespace
}  // namespace imdi::domain
