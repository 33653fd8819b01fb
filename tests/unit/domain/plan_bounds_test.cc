// What an edition may hold of weights and of numbers by unit.

#include "services/domain/plan_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/base/limits.h"
#include "services/domain/survey_catalog.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::SmallEdition;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;
using testing_support::Words;

std::vector<std::string> Rules(const DefinitionFindings& findings) {
  std::vector<std::string> out;
  for (const DefinitionFinding& finding : findings) out.push_back(finding.rule);
  return out;
}

// Districts with so many different numbers of inhabitants, and a variable with so many groups.
model::Frame FrameOf(int units, int populations, int groups) {
  model::Frame out = testing_support::SmallFrame("T");
  out.clear_units();
  model::FrameVariable& variable = *out.add_variables();
  variable.set_id("place");
  *variable.mutable_title() = Words("place");
  for (int g = 0; g < groups; ++g) {
    model::Group& group = *variable.add_groups();
    group.set_code(std::to_string(g));
    *group.mutable_text() = Words("g");
  }
  for (int i = 0; i < units; ++i) {
    model::Unit& unit = *out.add_units();
    unit.set_code(std::to_string(100'000 + i));
    unit.set_name("unit");
    unit.set_type(model::UNIT_TYPE_DISTRICT);
    unit.set_population(1 + i % populations);
    (*unit.mutable_attributes())["place"] = std::to_string(i % groups);
  }
  return out;
}

model::WeightSet Linear(bool of_people) {
  model::WeightSet out;
  out.set_name("surveys/SMALL/weightSets/LINEAR");
  *out.mutable_title() = Words("linear");
  out.set_method(model::WEIGHT_METHOD_LINEAR);
  if (of_people)
    out.add_totals(model::FRAME_NUMBER_POPULATION);
  else
    out.add_margins()->add_attributes("place");
  return out;
}

model::Indicator Weighted() {
  model::Indicator out = SmallIndicator("IND", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  out.set_weights("surveys/SMALL/weightSets/LINEAR");
  return out;
}

std::shared_ptr<const FigurePlan> PlanOfOne(const model::Frame& definition,
                                            const model::WeightSet* set,
                                            const model::Indicator& indicator, int times) {
  const auto frame = CompiledFrame::Compile(definition).frame;
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  const auto weights = set == nullptr ? nullptr : CompiledWeightSet::Compile(*set, *frame).set;
  const auto compiled = CompiledIndicator::Compile(indicator, *form, *frame, weights).indicator;
  EXPECT_NE(compiled, nullptr);
  return FigurePlan::Make(frame, form, std::vector(static_cast<size_t>(times), compiled), {});
}

TEST(PlanBounds, WeightsOfMoreKindsThanAReleaseCanHoldAreTooFine) {
  const auto most = static_cast<int>(base::kWeightCellsMax);
  const model::WeightSet linear = Linear(true);
  EXPECT_THAT(
      Rules(CheckPlanSizes(*PlanOfOne(FrameOf(most, most, 2), &linear, Weighted(), 1), "T", "it")),
      IsEmpty());
  EXPECT_THAT(Rules(CheckPlanSizes(
                  *PlanOfOne(FrameOf(most + 1, most + 1, 2), &linear, Weighted(), 1), "T", "it")),
              ElementsAre("WEIGHTS_TOO_FINE"));
}

TEST(PlanBounds, WeightsThatAreCalibratedToMoreLevelsThanCanBeSolvedQuicklyAreTooFine) {
  const auto most = static_cast<int>(base::kWeightLevelsMax);
  const model::WeightSet linear = Linear(false);
  EXPECT_THAT(
      Rules(CheckPlanSizes(*PlanOfOne(FrameOf(256, 9, most), &linear, Weighted(), 1), "T", "it")),
      IsEmpty());
  EXPECT_THAT(Rules(CheckPlanSizes(*PlanOfOne(FrameOf(257, 9, most + 1), &linear, Weighted(), 1),
                                   "T", "it")),
              ElementsAre("WEIGHTS_TOO_FINE"));
}

TEST(PlanBounds, WeightsThatBringManyKindsToManyNumbersAreTooFine) {
  const model::WeightSet linear = [] {
    model::WeightSet out = Linear(true);
    out.add_margins()->add_attributes("place");
    return out;
  }();
  // Units of so many kinds as there are units, a level for each place and the sum of inhabitants.
  const int places = 63;
  const auto most = static_cast<int>(base::kWeightWorkMax) / (places + 1);
  EXPECT_THAT(Rules(CheckPlanSizes(*PlanOfOne(FrameOf(most, most, places), &linear, Weighted(), 1),
                                   "T", "it")),
              IsEmpty());
  EXPECT_THAT(
      Rules(CheckPlanSizes(*PlanOfOne(FrameOf(most + 1, most + 1, places), &linear, Weighted(), 1),
                           "T", "it")),
      ElementsAre("WEIGHTS_TOO_FINE"));
}

TEST(PlanBounds, OnlySoManyWeightSetsAreNamedInOneEdition) {
  const auto frame = CompiledFrame::Compile(FrameOf(20, 9, 2)).frame;
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
  const auto rules = [&](size_t sets) {
    while (indicators.size() < sets) {
      model::WeightSet set = Linear(false);
      set.set_name("surveys/SMALL/weightSets/SET_" + std::to_string(indicators.size()));
      model::Indicator indicator = Weighted();
      indicator.set_weights(set.name());
      indicators.push_back(CompiledIndicator::Compile(indicator, *form, *frame,
                                                      CompiledWeightSet::Compile(set, *frame).set)
                               .indicator);
      EXPECT_NE(indicators.back(), nullptr);
    }
    return Rules(CheckPlanSizes(*FigurePlan::Make(frame, form, indicators, {}), "T", "it"));
  };
  EXPECT_THAT(rules(base::kWeightSetsMax), IsEmpty());
  EXPECT_THAT(rules(base::kWeightSetsMax + 1), ElementsAre("TOO_MANY_WEIGHT_SETS"));
}

TEST(PlanBounds, NumbersByUnitAreCountedOverAllBlocks) {
  model::Indicator median = SmallIndicator("IND", {"T"}, "", {{"ALL", "responded"}});
  median.set_kind(model::INDICATOR_KIND_QUANTILE);
  median.mutable_measure()->set_frame(model::FRAME_NUMBER_POPULATION);
  const model::Frame frame = FrameOf(5'000, 9, 2);
  const auto blocks = static_cast<int>(base::kUnitNumbersMax / 5'000);
  EXPECT_THAT(Rules(CheckPlanSizes(*PlanOfOne(frame, nullptr, median, blocks), "T", "it")),
              IsEmpty());
  EXPECT_THAT(Rules(CheckPlanSizes(*PlanOfOne(frame, nullptr, median, blocks + 1), "T", "it")),
              ElementsAre("TOO_MANY_UNIT_NUMBERS"));
}

TEST(PlanBounds, TheIndicatorThatUsesTooFineWeightsIsRefused) {
  std::shared_ptr<const Catalog> catalog = Catalog::Empty();
  const auto judge = [&](const auto& fill) {
    model::Definition definition;
    fill(definition);
    const DefinitionVerdict verdict = catalog->ValidateDefinition(definition, {});
    if (verdict.changed) catalog = *catalog->Apply(definition, verdict.revision, verdict.new_items);
    return Rules(verdict.findings);
  };
  ASSERT_THAT(judge([](auto& to) { *to.mutable_edition() = SmallEdition("T"); }), IsEmpty());
  ASSERT_THAT(judge([](auto& to) { *to.mutable_frame() = FrameOf(3'000, 3'000, 2); }), IsEmpty());
  ASSERT_THAT(judge([](auto& to) { *to.mutable_questionnaire() = SmallQuestionnaire("T"); }),
              IsEmpty());
  ASSERT_THAT(judge([](auto& to) { *to.mutable_weight_set() = Linear(true); }), IsEmpty())
      << "nobody uses it yet";
  EXPECT_THAT(judge([](auto& to) { *to.mutable_indicator() = Weighted(); }),
              ElementsAre("WEIGHTS_TOO_FINE"));
  ASSERT_THAT(judge([](auto& to) { *to.mutable_weight_set() = Linear(false); }), IsEmpty());
  ASSERT_THAT(judge([](auto& to) { *to.mutable_indicator() = Weighted(); }), IsEmpty());
  EXPECT_THAT(judge([](auto& to) { *to.mutable_weight_set() = Linear(true); }),
              ElementsAre("WEIGHTS_TOO_FINE"))
      << "also where the set changes under an indicator";

  // A log from elsewhere may hold more than fits: a set that nobody names is no matter of it.
  model::Definition fine;
  *fine.mutable_weight_set() = Linear(true);
  const DefinitionVerdict verdict = catalog->ValidateDefinition(fine, {});
  catalog = *catalog->Apply(fine, verdict.revision + 1, verdict.new_items);
  EXPECT_THAT(judge([](auto& to) {
                *to.mutable_weight_set() = Linear(false);
                to.mutable_weight_set()->set_name("surveys/SMALL/weightSets/OTHER");
              }),
              IsEmpty());
}

}  // namespace
}  // namespace imdi::domain
