// Weight sets as documents: what each method takes, what a frame must have for them, and what a
// catalog does when one comes, changes, or is not there.

#include "services/domain/weight_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/said_findings.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

model::WeightSet Set(model::WeightMethod method,
                     const std::vector<std::vector<std::string>>& margins,
                     const std::string& id = "SET") {
  model::WeightSet out;
  out.set_name("surveys/SMALL/weightSets/" + id);
  *out.mutable_title() = Words(id);
  out.set_method(method);
  for (const std::vector<std::string>& margin : margins) {
    model::WeightMargin& one = *out.add_margins();
    for (const std::string& attribute : margin) one.add_attributes(attribute);
  }
  return out;
}

std::vector<std::string> Check(const model::WeightSet& set,
                               const std::function<void(model::WeightSet&)>& change = {}) {
  model::WeightSet changed = set;
  if (change) change(changed);
  return Say(CheckWeightSet(changed));
}

TEST(WeightSet, IsNamedBySurveyAndIdAndTheBuiltInOneIsTaken) {
  EXPECT_EQ(WeightSetNameOf("surveys/KU/weightSets/RAKED_1").survey, "KU");
  EXPECT_EQ(WeightSetNameOf("surveys/KU/weightSets/RAKED_1").id, "RAKED_1");
  const model::WeightSet set = Set(model::WEIGHT_METHOD_STRATA, {});
  EXPECT_THAT(Check(set), IsEmpty());
  for (const std::string& name :
       {std::string("SET"), std::string("surveys/KU/weightSets/"),
        std::string("surveys/KU/phrases"), std::string("surveys//weightSets/A"),
        std::string("surveys/KU/weightSets/lower"), std::string("surveys/KU/weightSets/A/B"),
        std::string("surveys/KU/weightSet/A"), "surveys/KU/weightSets/" + std::string(41, 'A')}) {
    EXPECT_EQ(WeightSetNameOf(name).id, "") << name;
    EXPECT_THAT(Check(set, [&](auto& one) { one.set_name(name); }),
                ElementsAre("weight_set.name BAD_NAME"));
  }
  EXPECT_THAT(Check(set, [](auto& one) { one.set_name(BuiltInWeightsOf("KU")); }),
              ElementsAre("weight_set.name RESERVED_ID"));
  EXPECT_THAT(Check(set, [](auto& one) { one.mutable_title()->clear_nb(); }),
              ElementsAre("weight_set.title MISSING_TEXT"));
  EXPECT_TRUE(IsBuiltInWeights(""));
  EXPECT_TRUE(IsBuiltInWeights("surveys/KU/weightSets/NONRESPONSE"));
  EXPECT_FALSE(IsBuiltInWeights("surveys/KU/weightSets/RAKED"));
  EXPECT_FALSE(IsBuiltInWeights("NONRESPONSE")) << "not a name";
}

TEST(WeightSet, EveryMethodTakesItsOwnMarginsAndTotals) {
  const std::string margins = "weight_set.margins MARGINS_NOT_FOR_METHOD";
  const auto total = [](model::WeightSet& one) { one.add_totals(model::FRAME_NUMBER_POPULATION); };
  const std::string totals = "weight_set.totals TOTALS_NOT_FOR_METHOD";
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_STRATA, {{"region"}})), ElementsAre(margins));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_STRATA, {}), total), ElementsAre(totals));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_POSTSTRATIFIED, {})), ElementsAre(margins));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_POSTSTRATIFIED, {{"region", "unit_type"}})),
              IsEmpty());
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_POSTSTRATIFIED, {{"region"}, {"unit_type"}}), total),
              ElementsAre(margins, totals));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_RAKED, {{"region"}})), ElementsAre(margins));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_RAKED, {{"region"}, {"unit_type"}})), IsEmpty());
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_RAKED, {{"region"}, {"unit_type"}}), total),
              ElementsAre(totals));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_LINEAR, {})),
              ElementsAre("weight_set MISSING_TOTALS"));
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_LINEAR, {}), total), IsEmpty());
  EXPECT_THAT(Check(Set(model::WEIGHT_METHOD_LINEAR, {{"region"}})), IsEmpty());
  for (const int method : {0, 9})
    EXPECT_THAT(Check(Set(static_cast<model::WeightMethod>(method), {})),
                ElementsAre("weight_set.method MISSING_METHOD"));
}

TEST(WeightSet, MarginsAreOfOneToThreeDifferentVariablesAndEachStandsOnce) {
  const auto raked = [](std::vector<std::vector<std::string>> margins) {
    margins.push_back({"other"});
    return Check(Set(model::WEIGHT_METHOD_RAKED, margins));
  };
  EXPECT_THAT(raked({{"a", "b", "c"}}), IsEmpty());
  EXPECT_THAT(raked({{}}), ElementsAre("weight_set.margins[0] BAD_MARGIN"));
  EXPECT_THAT(raked({{"a", "b", "c", "d"}}), ElementsAre("weight_set.margins[0] BAD_MARGIN"));
  EXPECT_THAT(raked({{"a", "a"}}), ElementsAre("weight_set.margins[0] BAD_MARGIN"));
  EXPECT_THAT(raked({{"a", "b"}, {"b", "a"}}), ElementsAre("weight_set.margins[1] DUPLICATE"));
  EXPECT_THAT(raked({{"A"}}), ElementsAre("weight_set.margins[0] BAD_ID"));
  EXPECT_THAT(raked({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}}), IsEmpty());
  EXPECT_THAT(raked({{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}, {"h"}}),
              ElementsAre("weight_set.margins TOO_MANY_MARGINS"));
  model::WeightSet linear = Set(model::WEIGHT_METHOD_LINEAR, {});
  linear.add_totals(model::FRAME_NUMBER_POPULATION);
  linear.add_totals(model::FRAME_NUMBER_POPULATION);
  linear.add_totals(model::FRAME_NUMBER_UNSPECIFIED);
  EXPECT_THAT(Check(linear),
              ElementsAre("weight_set.totals[1] DUPLICATE", "weight_set.totals[2] MISSING_NUMBER"));
}

TEST(WeightSet, StrataAreMadeWithinOneVariableAlongAnother) {
  const model::WeightSet set = Set(model::WEIGHT_METHOD_STRATA, {});
  EXPECT_THAT(Check(set, [](auto& one) { one.set_within("Region"); }),
              ElementsAre("weight_set.within BAD_ID"));
  EXPECT_THAT(Check(set, [](auto& one) { one.set_along("imdi_region"); }),
              ElementsAre("weight_set.along DUPLICATE"))
      << "the built-in one, unless another is named";
  EXPECT_THAT(Check(set,
                    [](auto& one) {
                      one.set_within("region");
                      one.set_along("region");
                    }),
              ElementsAre("weight_set.along DUPLICATE"));
}

TEST(CompiledWeightSet, NamesVariablesAndNumbersOfItsFrame) {
  model::Frame document = SmallFrame("T");
  for (model::Unit& unit : *document.mutable_units())
    if (unit.code() != "0105") unit.set_population(1000);
  const auto frame = CompiledFrame::Compile(document).frame;
  model::WeightSet set = Set(model::WEIGHT_METHOD_LINEAR, {{"region"}});
  set.add_totals(model::FRAME_NUMBER_POPULATION);
  set.set_within("region");
  const auto compiled = CompiledWeightSet::Compile(set, *frame);
  ASSERT_NE(compiled.set, nullptr) << "0105 is out of scope and needs no number";
  EXPECT_EQ(compiled.set->within(), "region");
  EXPECT_EQ(compiled.set->along(), "size_group");
  EXPECT_THAT(compiled.set->margins(), ElementsAre(ElementsAre(0u)));
  EXPECT_THAT(compiled.set->totals(), ElementsAre(model::FRAME_NUMBER_POPULATION));
  EXPECT_EQ(NumberOf(*frame, *frame->Find("0101"), model::FRAME_NUMBER_POPULATION), 1000);
  EXPECT_EQ(NumberOf(*frame, *frame->Find("0105"), model::FRAME_NUMBER_POPULATION), 0);

  set.set_along("centrality");
  set.mutable_margins(0)->add_attributes("county");
  EXPECT_THAT(Say(CompiledWeightSet::Compile(set, *frame).findings),
              ElementsAre("weight_set.along UNKNOWN_VARIABLE",
                          "weight_set.margins[0].attributes[1] UNKNOWN_VARIABLE"));
  document.mutable_units(3)->clear_population();
  set = Set(model::WEIGHT_METHOD_LINEAR, {});
  set.add_totals(model::FRAME_NUMBER_POPULATION);
  const auto unknown = CompiledWeightSet::Compile(set, *CompiledFrame::Compile(document).frame);
  EXPECT_THAT(Say(unknown.findings), ElementsAre("weight_set.totals[0] NUMBER_UNKNOWN"));
  EXPECT_THAT(unknown.findings[0].message, HasSubstr(document.units(3).code()));
}

// A catalog with two editions of the small survey.
class WeightSetInCatalog : public testing::Test {
 protected:
  WeightSetInCatalog() {
    for (const char* id : {"SM2016", "SM2017"}) {
      model::Definition definition;
      *definition.mutable_edition() = SmallEdition(id);
      if (std::string_view(id) == "SM2016") definition.mutable_edition()->set_reference_year(2016);
      Hold(definition);
      *definition.mutable_frame() = SmallFrame(id);
      Hold(definition);
      *definition.mutable_questionnaire() = SmallQuestionnaire(id);
      Hold(definition);
    }
  }
  static model::Definition Of(const model::WeightSet& set) {
    model::Definition out;
    *out.mutable_weight_set() = set;
    return out;
  }
  static model::Definition Of(const model::Indicator& indicator) {
    model::Definition out;
    *out.mutable_indicator() = indicator;
    return out;
  }
  static model::WeightSet ByRegion() {
    return Set(model::WEIGHT_METHOD_POSTSTRATIFIED, {{"region"}}, "BY_REGION");
  }
  static model::Indicator Weighted(const std::string& id,
                                   const std::vector<std::string>& editions) {
    model::Indicator out = SmallIndicator(id, editions, "A1 == 1", {{"ALL", "responded"}});
    out.set_weights(ByRegion().name());
    return out;
  }
  void Hold(const model::Definition& definition) {
    const DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    for (const DefinitionFinding& finding : verdict.findings) ADD_FAILURE() << ToText(finding);
    auto applied = catalog_->Apply(definition, verdict.revision, verdict.new_items);
    ASSERT_TRUE(applied.ok()) << applied.status();
    catalog_ = *std::move(applied);
  }
  DefinitionFindings Try(const model::Definition& definition) const {
    const DefinitionVerdict verdict = catalog_->ValidateDefinition(definition, {});
    EXPECT_EQ(verdict.changed, verdict.findings.empty());
    EXPECT_EQ(catalog_->Apply(definition, verdict.revision + 1, verdict.new_items).ok(),
              verdict.findings.empty());
    return verdict.findings;
  }
  std::shared_ptr<const CompiledIndicator> Compiled(std::string_view id,
                                                    const std::string& edition) const {
    return catalog_->FindIndicator(id)->compiled.at(edition);
  }

  std::shared_ptr<const Catalog> catalog_ = Catalog::Empty();
};

TEST_F(WeightSetInCatalog, IsADocumentLikeAnyOther) {
  Hold(Of(ByRegion()));
  const std::string name = ByRegion().name();
  EXPECT_THAT(catalog_->Names(), Contains(name));
  EXPECT_EQ(catalog_->RevisionOf(name), 1);
  EXPECT_EQ(catalog_->RevisionOf("surveys/SMALL/weightSets/NONRESPONSE"), 0);
  ASSERT_NE(catalog_->FindWeightSet(name), nullptr);
  const auto held = catalog_->Get(name);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(NameOf(*held), name);
  EXPECT_EQ(held->weight_set().SerializeAsString(), ByRegion().SerializeAsString());
  EXPECT_FALSE(catalog_->ValidateDefinition(*held, {}).changed) << "the same again changes nothing";
  EXPECT_EQ(catalog_->FindPhrases("SMALL"), nullptr) << "the survey's name alone is no phrase list";
}

TEST_F(WeightSetInCatalog, AnIndicatorNamesASetThatExistsInItsSurvey) {
  const model::Definition weighted = Of(Weighted("IND_W", {"SM2017"}));
  EXPECT_THAT(Say(Try(weighted)), ElementsAre("indicator.weights UNKNOWN_WEIGHT_SET"));
  Hold(Of(ByRegion()));
  EXPECT_THAT(Try(weighted), IsEmpty());
  model::Definition other = weighted;
  other.mutable_indicator()->set_weights("surveys/OTHER/weightSets/BY_REGION");
  EXPECT_THAT(Say(Try(other)), ElementsAre("indicator.weights OTHER_SURVEY"));
  Hold(weighted);
  ASSERT_NE(Compiled("IND_W", "SM2017")->weights(), nullptr);
  EXPECT_EQ(Compiled("IND_W", "SM2017")->weights()->name(), ByRegion().name());
  model::Definition built_in = weighted;
  built_in.mutable_indicator()->set_weights("surveys/SMALL/weightSets/NONRESPONSE");
  Hold(built_in);
  EXPECT_EQ(Compiled("IND_W", "SM2017")->weights(), nullptr);
}

TEST_F(WeightSetInCatalog, AChangedSetCompilesAnewWhatUsesItAndNothingElse) {
  Hold(Of(ByRegion()));
  Hold(Of(Weighted("IND_W", {"SM2016", "SM2017"})));
  Hold(Of(SmallIndicator("IND_OTHER", {"SM2017"}, "A1 == 1", {{"ALL", "responded"}})));
  const auto weighted = Compiled("IND_W", "SM2017");
  const auto earlier = Compiled("IND_W", "SM2016");
  const auto other = Compiled("IND_OTHER", "SM2017");
  model::WeightSet changed = ByRegion();
  changed.set_within("region");
  const DefinitionVerdict verdict = catalog_->ValidateDefinition(
      Of(changed), {.edition_has_answers = true, .unit_has_answers = [](auto) { return true; }});
  EXPECT_THAT(verdict.findings, IsEmpty()) << "weights are method: they may change at any time";
  EXPECT_EQ(verdict.revision, 2);
  Hold(Of(changed));
  EXPECT_NE(Compiled("IND_W", "SM2017"), weighted);
  EXPECT_NE(Compiled("IND_W", "SM2016"), earlier);
  EXPECT_EQ(Compiled("IND_W", "SM2017")->weights()->within(), "region");
  EXPECT_EQ(Compiled("IND_OTHER", "SM2017"), other);
  EXPECT_EQ(catalog_->RevisionOf(changed.name()), 2);
}

TEST_F(WeightSetInCatalog, AChangeUnderWhichAnIndicatorNoLongerHoldsIsRefused) {
  model::Definition frame;
  *frame.mutable_frame() = SmallFrame("SM2017");
  frame.mutable_frame()->set_reason("one more variable");
  model::FrameVariable& county = *frame.mutable_frame()->add_variables();
  county.set_id("county");
  *county.mutable_title() = Words("county");
  model::Group& group = *county.add_groups();
  group.set_code("01");
  *group.mutable_text() = Words("01");
  Hold(frame);
  Hold(Of(ByRegion()));
  Hold(Of(Weighted("IND_W", {"SM2016", "SM2017"})));
  model::WeightSet by_county = ByRegion();
  by_county.mutable_margins(0)->set_attributes(0, "county");
  const DefinitionFindings findings = Try(Of(by_county));
  ASSERT_THAT(Say(findings), ElementsAre("weight_set BREAKS_INDICATOR"));
  EXPECT_THAT(findings[0].message, HasSubstr("indicators/IND_W"));
  EXPECT_THAT(findings[0].message, HasSubstr("editions/SM2016"));
  Hold(Of(Weighted("IND_W", {"SM2017"})));
  Hold(Of(by_county));
  *frame.mutable_frame() = SmallFrame("SM2017");
  frame.mutable_frame()->set_reason("one variable less");
  EXPECT_THAT(Say(Try(frame)), ElementsAre("frame BREAKS_INDICATOR"))
      << "the frame that a set in use needs";
  EXPECT_THAT(Say(Try(Of(Weighted("IND_X", {"SM2016"})))),
              ElementsAre("indicator.weights UNKNOWN_VARIABLE"));
}

TEST_F(WeightSetInCatalog, ASetThatFitsNoFrameOfItsSurveyIsRefused) {
  model::WeightSet set = Set(model::WEIGHT_METHOD_POSTSTRATIFIED, {{"county"}});
  const DefinitionVerdict verdict = catalog_->ValidateDefinition(Of(set), {});
  EXPECT_THAT(Say(verdict.findings),
              ElementsAre("weight_set.margins[0].attributes[0] UNKNOWN_VARIABLE"));
  set.set_name("surveys/NEW/weightSets/SET");
  EXPECT_THAT(Try(Of(set)), IsEmpty()) << "a survey may have its weights before its frames";
}

TEST_F(WeightSetInCatalog, ASentenceRestsOnSharesUnderTheBuiltInWeights) {
  Hold(Of(ByRegion()));
  Hold(Of(Weighted("IND_W", {"SM2017"})));
  model::Indicator mean = SmallIndicator("IND_MEAN", {"SM2017"}, "", {{"ALL", "responded"}});
  mean.set_kind(model::INDICATOR_KIND_MEAN);
  mean.mutable_measure()->set_question("A4");
  Hold(Of(mean));
  model::Indicator share =
      SmallIndicator("IND_SHARE", {"SM2017"}, "A1 == 1", {{"ALL", "responded"}});
  Hold(Of(share));
  const auto claim = [](const std::string& figure) {
    model::Definition out;
    out.mutable_claim()->set_name("editions/SM2017/claims/F01");
    *out.mutable_claim()->mutable_text() = Words("text");
    out.mutable_claim()->add_figures(figure);
    out.mutable_claim()->mutable_stated_percent()->set_percent(10);
    return out;
  };
  const auto judged = [&](const std::string& figure) {
    return Say(catalog_->ValidateDefinition(claim(figure), {}).findings);
  };
  EXPECT_THAT(judged("IND_MEAN.ALL"), ElementsAre("claim.figures[0] CLAIM_NEEDS_SHARE"));
  EXPECT_THAT(judged("IND_W.ALL"), ElementsAre("claim.figures[0] CLAIM_NEEDS_BUILT_IN_WEIGHTS"));
  Hold(claim("IND_SHARE.ALL"));
  share.set_weights(ByRegion().name());
  const auto broken = catalog_->ValidateDefinition(Of(share), {}).findings;
  ASSERT_THAT(Say(broken), ElementsAre("indicator BREAKS_CLAIM"));
  EXPECT_THAT(broken[0].message, HasSubstr("CLAIM_NEEDS_BUILT_IN_WEIGHTS"));
}

}  // namespace
}  // namespace imdi::domain
