// Names and ids that documents bring along: each resource has one spelling.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

std::shared_ptr<const Catalog> With(const Catalog& catalog, const model::Definition& definition) {
  const DefinitionVerdict verdict = catalog.ValidateDefinition(definition, {});
  EXPECT_TRUE(verdict.changed) << verdict.name;
  auto applied = catalog.Apply(definition, verdict.revision, verdict.new_items);
  EXPECT_TRUE(applied.ok()) << applied.status();
  return *applied;
}

class DocumentNames : public testing::Test {
 protected:
  DocumentNames() {
    model::Definition edition, frame;
    *edition.mutable_edition() = SmallEdition("SM2017");
    *frame.mutable_frame() = SmallFrame("SM2017");
    catalog_ = With(*With(*Catalog::Empty(), edition), frame);
  }
  bool Takes(const model::Definition& definition) const {
    return catalog_->ValidateDefinition(definition, {}).findings.empty();
  }

  std::shared_ptr<const Catalog> catalog_;
};

TEST_F(DocumentNames, AClaimIsNamedByItsEditionAndAnId) {
  const auto takes = [&](const std::string& name) {
    model::Definition definition;
    definition.mutable_claim()->set_name(name);
    *definition.mutable_claim()->mutable_text() = Words("claim");
    return Takes(definition);
  };
  EXPECT_TRUE(takes("editions/SM2017/claims/F01"));
  for (const std::string& name :
       {std::string("editions/SM2017/claims/"), std::string("editions/SM2017/claims/.."),
        std::string("editions/SM2017/claims/F01@9"),
        std::string("editions/SM2017/claims/F01/claims/F02"),
        std::string("editions/SM2017/x/claims/F01"),
        std::string("editions/SM2017/claims/F01\0", 27), std::string("editions/NOPE/claims/F01")}) {
    EXPECT_FALSE(takes(name)) << name;
  }
}

TEST_F(DocumentNames, AQuestionnaireVersionHasOneSpelling) {
  const auto takes = [&](const std::string& version) {
    model::Definition definition;
    *definition.mutable_questionnaire() = SmallQuestionnaire("SM2017");
    definition.mutable_questionnaire()->set_name("editions/SM2017/questionnaires/" + version);
    return Takes(definition);
  };
  EXPECT_TRUE(takes("1"));
  for (const char* version : {"01", "+1", " 1", "1 ", "0", "-1", ""})
    EXPECT_FALSE(takes(version)) << version;
}

TEST_F(DocumentNames, ASurveyIsNamedByAnId) {
  for (const std::string& survey : {std::string(), std::string("K U"), std::string("K\0U", 3),
                                    std::string("../KU"), std::string(41, 'K')}) {
    model::Definition definition;
    *definition.mutable_edition() = SmallEdition("SM2018");
    EXPECT_TRUE(Takes(definition));
    definition.mutable_edition()->set_survey(survey);
    EXPECT_FALSE(Takes(definition)) << survey;
  }
}

TEST_F(DocumentNames, AFieldThatNobodyKnowsIsRefusedAtItsPlace) {
  model::Definition definition;
  *definition.mutable_frame() = SmallFrame("SM2017");
  model::Unit& unit = *definition.mutable_frame()->mutable_units(2);
  unit.GetReflection()->MutableUnknownFields(&unit)->AddVarint(77, 1);
  const DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
  ASSERT_EQ(verdict.findings.size(), 1U);
  EXPECT_EQ(verdict.findings[0].rule, "UNKNOWN_FIELD");
  EXPECT_EQ(verdict.findings[0].path, "frame.units[2]");
  EXPECT_FALSE(verdict.changed);
}

}  // namespace
}  // namespace imdi::domain
