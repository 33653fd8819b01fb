// The survey's own documents: every route and every indicator of 2017 is read, checked and printed
// canonically. The texts beside the ids were copied by hand, so a change of a document or of the
// printer shows here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "clients/cli/definition_documents.h"
#include "services/domain/indicator.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {
namespace {

struct Survey {
  std::shared_ptr<const CompiledFrame> frame;
  std::shared_ptr<const CompiledQuestionnaire> questionnaire;
  std::map<std::string, model::Indicator> indicators;  // By id.
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

// Id → numerator; "{id}.{basis}" → base.
std::map<std::string, std::string> IndicatorTexts() {
  const std::string programme = kWithProgramme;
  std::map<std::string, std::string> out = {
      {"IND_FLUCT", "BOS01 in (1,2)"},
      {"IND_FLUCT.ANSWERED", "answered(BOS01)"},
      {"IND_TARGET", "INT01 == 1"},
      {"IND_TARGET.WITH_PROGRAMME", programme + "(INT01)"},
      {"IND_TARGET.ALL", "responded"},
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
      {"IND_RR", ""},
      {"IND_RR.FRAME", ""},
  };
  for (int area = 1; area <= 11; ++area) {
    const std::string id = "IND_FLUCT_AREA_" + std::to_string(area);
    out[id] = "BOS02 has_any (" + std::to_string(area) + ")";
    out[id + ".CHALLENGED"] = "BOS01 in (1,2) and answered(BOS02)";
  }
  return out;
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
    const CompiledIndicator::Result compiled =
        CompiledIndicator::Compile(definition, *survey.questionnaire, *survey.frame);
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    ASSERT_NE(compiled.indicator, nullptr) << id;
    EXPECT_FALSE(compiled.indicator->not_asked()) << id;
    texts[id] = compiled.indicator->numerator().Print();
    ExpectRoundTrip(compiled.indicator->numerator(), ExpressionUse::kNumerator);
    for (const CompiledIndicator::Basis& basis : compiled.indicator->bases()) {
      texts[id + "." + basis.id] = basis.base.Print();
      ExpectRoundTrip(basis.base, ExpressionUse::kBase);
    }
  }
  EXPECT_EQ(texts, IndicatorTexts());
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
