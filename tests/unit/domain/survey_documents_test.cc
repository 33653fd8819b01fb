// The survey's own documents: every route and every indicator of 2017 is read, checked and printed
// canonically; its phrases, comparisons and sentences are as the findings state them. The texts
// beside the ids were copied by hand, so a change of a document or of the printer shows here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "services/base/text.h"
#include "services/domain/indicator.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {
namespace {

struct Survey {
  std::shared_ptr<const CompiledFrame> frame;
  std::shared_ptr<const CompiledQuestionnaire> questionnaire;
  std::map<std::string, model::Indicator> indicators;   // By id.
  std::map<std::string, model::Claim> claims;           // By id.
  std::map<std::string, model::WeightSet> weight_sets;  // By name.
  model::PhraseList phrases;
};

const Survey& Survey2017() {
  static const Survey survey = [] {
    const char* root = std::getenv("IMDI_ROOT");
    const cli::DefinitionDocuments documents =
        cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
    for (const config::Problem& problem : documents.problems)
      ADD_FAILURE() << config::ToText(problem);
    Survey out;
    model::Edition edition;
    for (const cli::DefinitionDocument& document : documents.documents) {
      const model::Definition& definition = document.definition;
      if (definition.has_indicator())
        out.indicators[definition.indicator().name().substr(11)] = definition.indicator();
      if (definition.has_claim())
        out.claims[definition.claim().name().substr(23)] = definition.claim();
      if (definition.has_phrases()) out.phrases = definition.phrases();
      if (definition.has_weight_set()) out.weight_sets[document.name] = definition.weight_set();
      if (document.name == "editions/KU2017") edition = definition.edition();
      if (document.name == "editions/KU2017/frame") {
        const CompiledFrame::Result frame = CompiledFrame::Compile(definition.frame());
        for (const DefinitionFinding& finding : frame.findings) ADD_FAILURE() << ToText(finding);
        out.frame = frame.frame;
      }
    }
    for (const cli::DefinitionDocument& document : documents.documents) {
      if (document.name != "editions/KU2017/questionnaires/1") continue;
      const CompiledQuestionnaire::Result compiled = CompiledQuestionnaire::Compile(
          document.definition.questionnaire(), edition, out.frame.get());
      for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
      out.questionnaire = compiled.questionnaire;
    }
    return out;
  }();
  return survey;
}

const std::map<std::string, std::string> kRoutes = {
    {"BAK04", "BAK03 == 1"},
    {"BOS02", "BOS01 in (1,2)"},
    {"BOS03", "count(BOS02 in (1..11)) >= 2"},
    {"BOS07", "BAK03 == 1"},
    {"SYS02", "SYS01 in (1,2)"},
    {"SYS03", "SYS01 in (1,2)"},
    {"SYS04", "SYS03 in (1,2)"},
    {"SYS05", "SYS03 in (1,2)"},
    {"SYS09", "BAK05 in (1,2)"},
    {"SYS10", "BAK05 in (1,2)"},
    {"SYS10.e", "SYS09 in (2,3)"},
    {"SYS11", "BAK05 in (1,2)"},
    {"INT01", "BAK05 in (1,2)"},
    {"INT02", "INT01 == 1"},
    {"INT03", "INT02 has_any (1..3)"},
    {"INT04", "INT01 == 1"},
    {"INT05", "BAK05 in (1,2)"},
    {"INT06", "INT05 in (1..5)"},
    {"INT07", "BAK05 in (1,2)"},
    {"INT08", "BAK05 in (1,2)"},
    {"INT09", "BAK05 in (1,2)"},
    {"NOR01", "BAK05 in (1,2)"},
    {"NOR02", "NOR01 has_any (1..8)"},
    {"NOR03", "NOR01 has_any (90)"},
    {"NOR05", "BAK03 == 1"},
    {"ARB01", "BAK05 in (1,2)"},
    {"ARB02", "ARB01 in (1,2)"},
    {"ARB03", "ARB02 has_any (2)"},
    {"ARB04", "BAK05 in (1,2)"},
    {"ARB05", "BAK05 in (1,2)"},
    {"ARB06", "BAK05 in (1,2)"},
    {"ARB07", "BAK05 in (1,2)"},
    {"ARB08", "BAK05 in (1,2)"},
};

const std::map<std::string, std::string> kChecks = {
    {"CHK01", "BAK03 == 1 and BAK04 == 0"},
    {"CHK02", "ARB02 has_any (2) and ARB03 == 0"},
    {"CHK03", "BAK04 > 500"},
    {"CHK04", "INT03 < 0 or INT03 > 100"},
    {"CHK05", "previous(INT01) == 1 and INT01 == 2"},
};

constexpr const char* kWithProgramme = "BAK05 in (1,2) and answered";

// Id → numerator, question and codes of a distribution, or measures; "{id}.{basis}" → base.
std::map<std::string, std::string> IndicatorTexts() {
  const std::string programme = kWithProgramme;
  return {
      {"IND_FLUCT", "BOS01 in (1,2)"},
      {"IND_FLUCT.ANSWERED", "answered(BOS01)"},
      {"IND_TARGET", "INT01 == 1"},
      {"IND_TARGET.WITH_PROGRAMME", programme + "(INT01)"},
      {"IND_TARGET.ALL", "responded"},
      {"IND_TARGET_KIND", "INT02: 1,2,3,4,5,6,7,98"},
      {"IND_TARGET_KIND.WITH_TARGET", "INT01 == 1 and answered(INT02)"},
      {"IND_MGMT_ASKS", "INT05 in (1..4)"},
      {"IND_MGMT_ASKS.WITH_PROGRAMME", programme + "(INT05)"},
      {"IND_COMBINE", "NOR01 has_any (1..8)"},
      {"IND_COMBINE.MUNICIPALITIES_WITH_PROGRAMME",
       "unit.type == municipality and " + programme + "(NOR01)"},
      {"IND_COMBINE_NO", "NOR01 has_any (90)"},
      {"IND_COMBINE_NO.MUNICIPALITIES_WITH_PROGRAMME",
       "unit.type == municipality and " + programme + "(NOR01)"},
      {"IND_BUSINESS", "ARB01 in (1,2)"},
      {"IND_BUSINESS.WITH_PROGRAMME", programme + "(ARB01)"},
      {"IND_BUSINESS_NAV", "ARB02 has_any (1)"},
      {"IND_BUSINESS_NAV.COOPERATING", "ARB01 in (1,2) and answered(ARB02)"},
      {"IND_OWN_AGREEMENTS", "ARB02 has_any (2)"},
      {"IND_OWN_AGREEMENTS.WITH_PROGRAMME", programme + "(ARB01)"},
      {"IND_OWN_AGREEMENTS.COOPERATING", "ARB01 in (1,2) and answered(ARB02)"},
      {"IND_SYS_IMPROVE", "SYS03 in (1,2)"},
      {"IND_SYS_IMPROVE.USERS", "SYS01 in (1,2) and answered(SYS03)"},
      {"IND_GUIDE_SYS", "SYS06.a in (3,4) or SYS06.b in (3,4)"},
      {"IND_GUIDE_SYS.ANSWERED_BOTH",
       "answered(SYS06.a) and answered(SYS06.b) and not SYS06.a == 97 and not SYS06.b == 97"},
      {"IND_GUIDE_NIR", "SYS06.c in (3,4) or SYS06.d in (3,4)"},
      {"IND_GUIDE_NIR.ANSWERED_BOTH",
       "answered(SYS06.c) and answered(SYS06.d) and not SYS06.c == 97 and not SYS06.d == 97"},
      {"IND_FLUCT_AREA", "BOS02: 1,2,3,4,5,6,7,8,9,10,11,98"},
      {"IND_FLUCT_AREA.CHALLENGED", "BOS01 in (1,2) and answered(BOS02)"},
      {"IND_BUSINESS_FORM", "ARB02: 1,2,3,4,5,6,7,8,9,10,98"},
      {"IND_BUSINESS_FORM.COOPERATING", "ARB01 in (1,2) and answered(ARB02)"},
      {"IND_IMDI_MEAN", "score(IMD01: 1=1, 2=2, 3=3, 4=4, 5=5)"},
      {"IND_IMDI_MEAN.JUDGED", "responded and answered(IMD01)"},
      {"IND_IMDI_GOOD", "IMD01 in (4,5)"},
      {"IND_IMDI_GOOD.JUDGED", "IMD01 in (1..5)"},
      {"IND_CAPACITY_BALANCE", "score(BOS05.a: 1=1, 2=0, 3=-1)"},
      {"IND_CAPACITY_BALANCE.PLANNING", "responded and answered(BOS05.a)"},
      {"IND_FLUCT_AREAS_MEAN", "options(BOS02)"},
      {"IND_FLUCT_AREAS_MEAN.CHALLENGED", "BOS01 in (1,2) and answered(BOS02)"},
      {"IND_WAIT_MEDIAN", "NOR05"},
      {"IND_WAIT_MEDIAN.SETTLED", "unit.type == municipality and BAK03 == 1 and answered(NOR05)"},
      {"IND_CAPACITY_TOTAL", "BOS10"},
      {"IND_CAPACITY_TOTAL.MUNICIPALITIES",
       "unit.type == municipality and responded and answered(BOS10)"},
      {"IND_CAPACITY_MEAN", "BOS10"},
      {"IND_CAPACITY_MEAN.MUNICIPALITIES",
       "unit.type == municipality and responded and answered(BOS10)"},
      {"IND_INTERPRETER", "IMD05 in (1,2)"},
      {"IND_INTERPRETER.ANSWERED", "answered(IMD05)"},
      {"IND_INTERPRETER_PEOPLE", "population where IMD05 in (1,2) / population"},
      {"IND_INTERPRETER_PEOPLE.MUNICIPALITIES", "answered(IMD05) and unit.type == municipality"},
      {"IND_INTERPRETER_PEOPLE.DISTRICTS",
       "answered(IMD05) and (unit.type == district or unit.county != 03)"},
      {"IND_TARGET_RAKED", "INT01 == 1"},
      {"IND_TARGET_RAKED.WITH_PROGRAMME", programme + "(INT01)"},
      {"IND_RR", ""},
      {"IND_RR.FRAME", ""},
  };
}

// Print → parse → the same value and the same text.
void ExpectRoundTrip(const Expression& expression, ExpressionUse use, ItemIndex limit = kNoItem) {
  const Survey& survey = Survey2017();
  const ParsedExpression again = ParseExpression(
      expression.Print(), survey.questionnaire->Symbols(survey.frame.get()), use, limit);
  ASSERT_TRUE(again.expression.has_value()) << expression.Print();
  EXPECT_EQ(*again.expression, expression) << expression.Print();
  EXPECT_EQ(again.expression->Print(), expression.Print());
}

TEST(SurveyDocuments, EveryRouteOf2017IsReadAndPrintedCanonically) {
  ASSERT_NE(Survey2017().questionnaire, nullptr);
  const CompiledQuestionnaire& questionnaire = *Survey2017().questionnaire;
  std::map<std::string, std::string> routes;
  for (const Question& question : questionnaire.questions()) {
    if (question.route.empty()) continue;
    routes[question.id] = question.route.Print();
    ExpectRoundTrip(question.route, ExpressionUse::kRoute, question.first_item);
  }
  for (const Item& item : questionnaire.items()) {
    if (item.route.empty()) continue;
    routes[item.id] = item.route.Print();
    ExpectRoundTrip(item.route, ExpressionUse::kRoute,
                    questionnaire.QuestionOf(*questionnaire.FindItem(item.id)).first_item);
  }
  EXPECT_EQ(routes, kRoutes);
}

TEST(SurveyDocuments, EveryCheckOf2017IsReadAndPrintedCanonically) {
  ASSERT_NE(Survey2017().questionnaire, nullptr);
  std::map<std::string, std::string> checks;
  for (const CompiledCheck& check : Survey2017().questionnaire->checks()) {
    checks[check.id] = check.violated.Print();
    ExpectRoundTrip(check.violated, ExpressionUse::kCheck);
  }
  EXPECT_EQ(checks, kChecks);
}

TEST(SurveyDocuments, EveryIndicatorIsReadOn2017AndPrintedCanonically) {
  const Survey& survey = Survey2017();
  ASSERT_NE(survey.questionnaire, nullptr);
  std::map<std::string, std::string> texts;
  for (const auto& [id, definition] : survey.indicators) {
    std::shared_ptr<const CompiledWeightSet> weights;
    if (const auto set = survey.weight_sets.find(definition.weights());
        set != survey.weight_sets.end())
      weights = CompiledWeightSet::Compile(set->second, *survey.frame).set;
    const CompiledIndicator::Result compiled =
        CompiledIndicator::Compile(definition, *survey.questionnaire, *survey.frame, weights);
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    ASSERT_NE(compiled.indicator, nullptr) << id;
    EXPECT_FALSE(compiled.indicator->not_asked()) << id;
    if (definition.kind() == model::INDICATOR_KIND_DISTRIBUTION) {
      std::vector<int32_t> codes;
      for (const auto& category : compiled.indicator->categories()) codes.push_back(category.code);
      texts[id] = definition.question() + ": " + base::StrJoin(codes, ",");
    } else if (compiled.indicator->numeric()) {
      texts[id] = compiled.indicator->measure().text;
      if (definition.has_denominator())
        base::StrAppend(texts[id], " / ", compiled.indicator->denominator().text);
    } else {
      texts[id] = compiled.indicator->numerator().Print();
      ExpectRoundTrip(compiled.indicator->numerator(), ExpressionUse::kNumerator);
    }
    for (const CompiledIndicator::Basis& basis : compiled.indicator->bases()) {
      texts[id + "." + basis.id] = basis.base.Print();
      ExpectRoundTrip(basis.base, ExpressionUse::kBase);
    }
  }
  EXPECT_EQ(texts, IndicatorTexts());
}

TEST(SurveyDocuments, SumsOfPeopleHoldEveryInhabitantOnce) {
  const Survey& survey = Survey2017();
  ASSERT_NE(survey.questionnaire, nullptr);
  const CompiledIndicator::Result compiled = CompiledIndicator::Compile(
      survey.indicators.at("IND_INTERPRETER_PEOPLE"), *survey.questionnaire, *survey.frame);
  ASSERT_NE(compiled.indicator, nullptr);
  std::map<std::string, int64_t> inhabitants;  // Of all units that a base can hold.
  std::map<std::string, std::map<std::string, int>> units;
  for (const CompiledIndicator::Basis& basis : compiled.indicator->bases()) {
    for (UnitIndex unit = 0; unit < survey.frame->size(); ++unit) {
      const UnitFacts facts = survey.frame->FactsOf(unit);
      if (!CanBeTrue(basis.base, facts, survey.questionnaire->ScopeFor(facts.type))) continue;
      inhabitants[basis.id] += NumberOf(*survey.frame, unit, model::FRAME_NUMBER_POPULATION);
      const std::string& code = survey.frame->unit(unit).code();
      ++units[basis.id][code == "0301"             ? "Oslo"
                        : code.starts_with("0301") ? "districts"
                                                   : "others"];
    }
  }
  // Norway on 1 January 2017; 6 224 of Oslo's 666 759 live in no district or in one that the frame
  // does not have.
  EXPECT_THAT(inhabitants, testing::ElementsAre(testing::Pair("DISTRICTS", 5'258'317 - 6'224),
                                                testing::Pair("MUNICIPALITIES", 5'258'317)));
  EXPECT_THAT(units["MUNICIPALITIES"],
              testing::ElementsAre(testing::Pair("Oslo", 1), testing::Pair("others", 425)));
  EXPECT_THAT(units["DISTRICTS"],
              testing::ElementsAre(testing::Pair("districts", 15), testing::Pair("others", 425)));
}

TEST(SurveyDocuments, NothingIsFoundWrongWithThemAndEachFindsWhatItRestsOn) {
  const char* root = std::getenv("IMDI_ROOT");
  const cli::DefinitionDocuments documents =
      cli::LoadDefinitions({std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku"});
  EXPECT_TRUE(documents.problems.empty());
  for (const config::Problem& problem : cli::ValidateOffline(documents.documents))
    ADD_FAILURE() << config::ToText(problem);
}

TEST(SurveyDocuments, ComparisonsAreDeclaredWith2014OnMunicipalitiesOnly) {
  const std::string all = "2014 unit_type=municipality, 2015, 2016";
  const std::map<std::string, std::string> expected = {{"IND_RR", all},
                                                       {"IND_TARGET", all},
                                                       {"IND_MGMT_ASKS", all},
                                                       {"IND_COMBINE", "2016"},
                                                       {"IND_COMBINE_NO", "2016"},
                                                       {"IND_BUSINESS", "2016"},
                                                       {"IND_OWN_AGREEMENTS", "2016"}};
  std::map<std::string, std::string> declared;
  for (const auto& [id, definition] : Survey2017().indicators) {
    for (const model::Comparison& comparison : definition.compare()) {
      std::string& text = declared[id];
      base::StrAppend(text, text.empty() ? "" : ", ", comparison.year(),
                      comparison.group().empty() ? "" : " ", comparison.group());
    }
  }
  EXPECT_EQ(declared, expected);
}

TEST(SurveyDocuments, ThePhrasesCoverThePercentsThatTheFindingsGiveThem) {
  const std::map<std::string, std::string> expected = {
      {"NEARLY_TENTHS", "10X [-500 0)"},
      {"TENTHS", "10X [-250 500)"},
      {"MORE_THAN_TENTHS", "10X (0 1000)"},
      {"WELL_OVER_HALF", "(5000 5700]"},
      {"HALF", "[4750 5250]"},
      {"SLIGHTLY_OVER_A_QUARTER", "(2500 2800]"},
      {"A_QUARTER", "[2250 2750]"},
  };
  std::map<std::string, std::string> ranges;
  EXPECT_EQ(Survey2017().phrases.name(), "surveys/KU/phrases");
  for (const model::Phrase& phrase : Survey2017().phrases.phrases()) {
    ranges[phrase.id()] =
        base::StrCat(phrase.from_tenths() ? "10X " : "", phrase.lower_included() ? "[" : "(",
                     phrase.lower_hundredths(), " ", phrase.upper_hundredths(),
                     phrase.upper_included() ? "]" : ")");
    EXPECT_FALSE(phrase.anchor().empty()) << phrase.id();
    EXPECT_FALSE(phrase.words().en().empty()) << phrase.id();
  }
  EXPECT_EQ(ranges, expected);
}

TEST(SurveyDocuments, EverySentenceStatesHowItIsTested) {
  const std::map<std::string, std::string> expected = {
      {"F00", "73 percent"},
      {"F01", "NEARLY_TENTHS 8"},
      {"F02",
       "above all: IND_FLUCT_AREA.CHALLENGED.answer=1 IND_FLUCT_AREA.CHALLENGED.answer=2 but "
       "11,98"},
      {"F03", "MORE_THAN_TENTHS 6"},
      {"F04", "above 2014,2015,2016"},
      {"F05", "above 2016"},
      {"F06", "above 2016"},
      {"F07", "10 percent"},
      {"F08", "above 2016; fleire"},
      {"F09", "above all: IND_BUSINESS_FORM.COOPERATING.answer=1 but 10,98"},
      {"F10", "above 2016"},
      {"F11", "fact"},
      {"F12", "no number; fleire"},
      {"F13", "no number"},
  };
  std::map<std::string, std::string> tests;
  for (const auto& [id, claim] : Survey2017().claims) {
    std::string& text = tests[id];
    switch (claim.test_case()) {
      case model::Claim::kShareInWords:
        text = base::StrCat(claim.share_in_words().phrase(), " ", claim.share_in_words().tenths());
        break;
      case model::Claim::kStatedPercent:
        text = base::StrCat(claim.stated_percent().percent(), " percent");
        break;
      case model::Claim::kIncrease:
        text = base::StrCat("above ", base::StrJoin(claim.increase().years(), ","));
        break;
      case model::Claim::kRanking:
        text = base::StrCat("above all: ", base::StrJoin(claim.ranking().top(), " "), " but ",
                            base::StrJoin(claim.ranking().except(), ","));
        break;
      case model::Claim::kNotTestable:
        text =
            claim.not_testable().reason() == model::NOT_TESTABLE_REASON_FACT ? "fact" : "no number";
        break;
      case model::Claim::TEST_NOT_SET:
        break;
    }
    for (const model::AmbiguousWord& word : claim.ambiguous())
      base::StrAppend(text, "; ", word.word());
    EXPECT_FALSE(claim.text().en().empty()) << id;
  }
  EXPECT_EQ(tests, expected);
}

TEST(SurveyDocuments, UnitsWithoutAValueAreInTheGroupUnknown) {
  const Survey& survey = Survey2017();
  ASSERT_NE(survey.frame, nullptr);
  const CompiledFrame& frame = *survey.frame;
  EXPECT_EQ(frame.size(), 441u);
  const auto district = frame.Find("030101");
  ASSERT_TRUE(district.has_value());
  EXPECT_EQ(frame.FactsOf(*district).type, model::UNIT_TYPE_DISTRICT);
  const auto region = frame.FindAttribute("imdi_region");
  ASSERT_TRUE(region.has_value());
  EXPECT_EQ(frame.GroupOf(*district, *region), kUnknownGroup);
  EXPECT_EQ(frame.GroupCode(*region, kUnknownGroup), "unknown");
  EXPECT_TRUE(frame.attributes()[*region].has_unknown);
  size_t unknown = 0;
  for (UnitIndex unit = 0; unit < frame.size(); ++unit)
    if (frame.GroupOf(unit, *region) == kUnknownGroup) ++unknown;
  EXPECT_EQ(unknown, 15u) << "Oslo's districts, and nobody else";
  const auto type = frame.FindAttribute("unit_type");
  ASSERT_TRUE(type.has_value());
  EXPECT_FALSE(frame.attributes()[*type].has_unknown);
}

}  // namespace
}  // namespace imdi::domain
