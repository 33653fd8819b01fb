#include "tests/property/domain/some_survey.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "services/domain/automatic_indicators.h"
#include "services/domain/weight_set.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain::property {
namespace {

using testing_support::SmallEdition;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;

void AddVariable(model::Frame& to, const std::string& id, const std::vector<std::string>& codes) {
  model::FrameVariable& variable = *to.add_variables();
  variable.set_id(id);
  *variable.mutable_title() = testing_support::Words(id);
  for (const std::string& code : codes) {
    model::Group& group = *variable.add_groups();
    group.set_code(code);
    *group.mutable_text() = testing_support::Words(code);
  }
}

model::Frame SomeFrame(Random& random) {
  model::Frame out = testing_support::SmallFrame("T");  // With the variable region, 1 to 4.
  out.clear_units();
  AddVariable(out, "size", {"s", "l"});
  if (!random.OneIn(4)) AddVariable(out, "imdi_region", {"e", "w", "n"});
  if (!random.OneIn(4)) AddVariable(out, "size_group", {"1", "2", "3"});
  const int units = 1 + random.Below(random.OneIn(3) ? 900 : 150);
  for (int i = 0; i < units; ++i) {
    model::Unit& unit = *out.add_units();
    const bool district = random.OneIn(4);
    unit.set_type(district ? model::UNIT_TYPE_DISTRICT : model::UNIT_TYPE_MUNICIPALITY);
    // No district lies in a municipality of the frame: nobody's inhabitants count twice.
    unit.set_code(std::to_string(district ? 900'000 + i : 1'000 + i));
    unit.set_name("unit");
    unit.set_population(random.OneIn(50) ? kMeasureMax - random.Below(9)
                                         : 1 + random.Below(random.OneIn(2) ? 5 : 900'000));
    unit.set_out_of_scope(random.OneIn(10));
    for (const model::FrameVariable& variable : out.variables()) {
      if (random.OneIn(5)) continue;
      (*unit.mutable_attributes())[variable.id()] =
          variable.groups(random.Below(variable.groups_size())).code();
    }
  }
  return out;
}

std::string SomeExpression(Random& random, int depth) {
  if (depth > 0 && !random.OneIn(3)) {
    const std::string left = SomeExpression(random, depth - 1);
    if (random.OneIn(4)) return "not (" + left + ")";
    return "(" + left + (random.OneIn(2) ? " and " : " or ") + SomeExpression(random, depth - 1) +
           ")";
  }
  return random.OneOf({"A1 == 1",
                       "A1 in (1,2)",
                       "A1 != 98",
                       "A2 has_any (1,3)",
                       "A2 has_any (98)",
                       "count(A2 in 1..3) >= 2",
                       "count(A2 in (1,90)) == 0",
                       "A3 == 2",
                       "A4 >= 10.5",
                       "A4 < 3",
                       "A5.a in (1,97)",
                       "A5.c == 98",
                       "answered(A1)",
                       "answered(A2)",
                       "answered(A4)",
                       "answered(A5.c)",
                       "answered(A6)",
                       "answered(A7)",
                       "answered(A8)",
                       "routed(A2)",
                       "routed(A4)",
                       "routed(B1)",
                       "responded",
                       "B1 == 1",
                       "B2 has_any (2,3)",
                       "unit.type == district",
                       "unit.type != district",
                       "unit.region == 2",
                       "unit.region in (1,4)",
                       "unit.size != l"});
}

model::WeightSet& AddSet(std::vector<model::WeightSet>& to, const std::string& id,
                         model::WeightMethod method,
                         const std::vector<std::vector<std::string>>& margins = {}) {
  model::WeightSet& out = to.emplace_back();
  out.set_name("surveys/SMALL/weightSets/" + id);
  *out.mutable_title() = testing_support::Words(id);
  out.set_method(method);
  for (const std::vector<std::string>& attributes : margins) {
    model::WeightMargin& margin = *out.add_margins();
    for (const std::string& attribute : attributes) margin.add_attributes(attribute);
  }
  return out;
}

// One of every method, over strata of the built-in variables or of others.
std::vector<model::WeightSet> SomeSets(Random& random) {
  std::vector<model::WeightSet> out;
  AddSet(out, "S_STRATA", model::WEIGHT_METHOD_STRATA);
  AddSet(out, "S_POST", model::WEIGHT_METHOD_POSTSTRATIFIED, {{random.OneOf({"region", "size"})}});
  AddSet(out, "S_RAKED", model::WEIGHT_METHOD_RAKED, {{"region"}, {"size"}});
  AddSet(out, "S_LINEAR", model::WEIGHT_METHOD_LINEAR, {{"region", "size"}});
  AddSet(out, "S_PEOPLE", model::WEIGHT_METHOD_LINEAR).add_totals(model::FRAME_NUMBER_POPULATION);
  for (model::WeightSet& one : out) {
    if (!random.OneIn(3)) continue;
    one.set_within("size");
    one.set_along("region");
  }
  return out;
}

void SetScores(model::CodeScores& to, const std::string& item,
               const std::vector<std::pair<int32_t, int32_t>>& scores) {
  to.set_question(item);
  for (const auto& [code, score] : scores) {
    model::CodeScore& one = *to.add_scores();
    one.set_code(code);
    one.set_score(score);
  }
}

// `below`: of a denominator, which has no scores below 0.
model::Measure SomeMeasure(Random& random, bool below = false) {
  model::Measure out;
  switch (random.Below(5)) {
    case 0:
      out.set_question("A4");
      break;
    case 1:
      SetScores(*out.mutable_scores(), "A1", {{1, below ? 2 : -1}, {2, 0}, {3, 1}});
      break;
    case 2:
      SetScores(*out.mutable_scores(), "A5.c",
                {{1, 1'000}, {2, below ? 5 : -999}, {97, 7}, {98, 0}});
      break;
    case 3:
      out.set_options("A2");
      break;
    default:
      out.set_frame(model::FRAME_NUMBER_POPULATION);
  }
  if (random.OneIn(2)) out.set_when(SomeExpression(random, 1));
  return out;
}

model::Indicator SomeNumeric(Random& random, const std::string& id, model::IndicatorKind kind) {
  model::Indicator out =
      SmallIndicator(id, {"T"}, "", {{"ALL", "responded"}, {"SOME", SomeExpression(random, 2)}});
  out.set_kind(kind);
  *out.mutable_measure() = SomeMeasure(random);
  if (kind == model::INDICATOR_KIND_QUANTILE)
    out.set_quantile_thousandths(random.OneIn(2) ? 0 : 1 + random.Below(999));
  if (kind != model::INDICATOR_KIND_RATIO) return out;
  model::Measure& below = *out.mutable_denominator();
  if (random.OneIn(3)) {
    below = SomeMeasure(random, true);
  } else {
    below.set_frame(model::FRAME_NUMBER_POPULATION);
    if (random.OneIn(2)) below.set_when("unit.size != l");
  }
  return out;
}

std::vector<model::Indicator> SomeIndicators(Random& random, const model::Frame& frame) {
  std::vector<model::Indicator> out = testing_support::SmallIndicators({"T"});
  for (int i = 0; i < 6; ++i) {
    out.push_back(
        SmallIndicator("IND_R" + std::to_string(i), {"T"}, SomeExpression(random, 2),
                       {{"ONE", SomeExpression(random, 3)}, {"TWO", SomeExpression(random, 1)}}));
  }
  for (const std::string item : {"A1", "A2", "A5.c", "B2"}) {
    model::Indicator one =
        SmallIndicator("IND_D" + item.substr(0, 2), {"T"}, "",
                       {{"ALL", "answered(" + item + ")"},
                        {"SOME", "answered(" + item + ") and " + SomeExpression(random, 1)}});
    one.set_kind(model::INDICATOR_KIND_DISTRIBUTION);
    one.set_question(item);
    out.push_back(one);
  }
  model::Indicator rows = SmallIndicator("IND_ROWS", {"T"}, "", {{"ALL", "responded"}});
  rows.mutable_selection()->set_question("A5");
  rows.mutable_selection()->add_rows("a");
  rows.mutable_selection()->add_rows("c");
  rows.mutable_selection()->set_row_rule(random.OneIn(2) ? model::ROW_RULE_ANY
                                                         : model::ROW_RULE_ALL);
  rows.mutable_selection()->add_codes(1);
  rows.mutable_selection()->add_codes(97);
  out.push_back(rows);
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    out.push_back(SomeNumeric(random, "IND_M" + number, model::INDICATOR_KIND_MEAN));
    out.push_back(SomeNumeric(random, "IND_T" + number, model::INDICATOR_KIND_TOTAL));
    out.push_back(SomeNumeric(random, "IND_Q" + number, model::INDICATOR_KIND_QUANTILE));
    out.push_back(SomeNumeric(random, "IND_V" + number, model::INDICATOR_KIND_RATIO));
  }
  for (model::Indicator& one : out) {
    // Rankings are made under the built-in weights.
    if (random.OneIn(2) && one.kind() != model::INDICATOR_KIND_OUTCOME_RATE &&
        one.name() != "indicators/IND_DA2")
      one.set_weights("surveys/SMALL/weightSets/" +
                      random.OneOf({"S_STRATA", "S_POST", "S_RAKED", "S_LINEAR", "S_PEOPLE"}));
    for (int v = 1; v < frame.variables_size(); ++v) {
      if (random.OneIn(2)) one.add_breakdowns(frame.variables(v).id());
    }
    if (random.OneIn(3)) {
      model::Crossing& crossing = *one.add_crossings();
      crossing.add_attributes("size");
      crossing.add_attributes(
          frame.variables(random.OneIn(2) ? 0 : frame.variables_size() - 1).id());
      if (crossing.attributes(0) == crossing.attributes(1)) one.clear_crossings();
    }
  }
  return out;
}

model::Claim SomeRanking(Random& random) {
  model::Claim claim;
  claim.set_name("editions/T/claims/C1");
  claim.mutable_ranking()->add_top("IND_DA2.ALL.answer=" + std::to_string(1 + random.Below(3)));
  if (random.OneIn(2)) claim.mutable_ranking()->add_top("IND_DA2.ALL.answer=90");
  if (random.OneIn(2)) claim.mutable_ranking()->add_except(98);
  return claim;
}

AnswerValue SomeAnswer(Random& random, const CompiledQuestionnaire& form, ItemIndex item) {
  const std::vector<int32_t> codes = form.QuestionOf(item).code_bits.Codes();
  const auto code = [&] {
    return codes[static_cast<size_t>(random.Below(static_cast<int>(codes.size())))];
  };
  switch (form.items()[item].type) {
    case ValueType::kCode:
      return AnswerValue::OfCode(code());
    case ValueType::kCodeSet: {
      CodeBits bits = CodeBits::Of(code());
      bits.Add(code());
      return AnswerValue::OfCodes(bits);
    }
    case ValueType::kNumber:
      // Answers to an older version may lie beyond what sums hold.
      if (random.OneIn(40)) return AnswerValue::OfNumber(kMeasureMax + random.Below(2));
      return random.OneIn(4) ? AnswerValue::DontKnow() : AnswerValue::OfNumber(random.Below(300));
    case ValueType::kText:
      break;
  }
  return AnswerValue::Text();
}

}  // namespace

std::vector<const DerivedResponse*> World::Borrowed() const {
  std::vector<const DerivedResponse*> out;
  for (const auto& response : responses) out.push_back(response.has_value() ? &*response : nullptr);
  return out;
}

void World::SetIn(AnswerMatrix& matrix, UnitIndex unit) const {
  matrix.SetUnit(unit, responses[unit].has_value() ? &*responses[unit] : nullptr, words[unit]);
}

DerivedResponse SomeResponse(Random& random, const CompiledQuestionnaire& form,
                             const UnitFacts& unit) {
  AnswerSet answers(form.item_count());
  const int silence = 1 + random.Below(6);
  for (ItemIndex item = 0; item < form.item_count(); ++item) {
    if (!random.OneIn(silence + 1)) answers.Set(item, SomeAnswer(random, form, item));
  }
  std::vector<bool> fielded(form.item_count(), true);
  for (ItemIndex item = 0; item < form.item_count(); ++item) fielded[item] = !random.OneIn(30);
  return Derive(form, {.unit = unit,
                       .answers = &answers,
                       .submitted = static_cast<PartMask>(random.Below(4)),
                       .fielded = random.OneIn(4) ? &fielded : nullptr});
}

World SomeWorld(Random& random) {
  World out;
  const model::Frame definition = SomeFrame(random);
  const auto frame = CompiledFrame::Compile(definition).frame;
  EXPECT_NE(frame, nullptr);
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  EXPECT_NE(form, nullptr);
  std::map<std::string, std::shared_ptr<const CompiledWeightSet>> sets;
  for (const model::WeightSet& one : SomeSets(random)) {
    for (const DefinitionFinding& finding : CheckWeightSet(one)) ADD_FAILURE() << ToText(finding);
    const auto compiled = CompiledWeightSet::Compile(one, *frame);
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    sets[one.name()] = compiled.set;
  }
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
  for (const model::Indicator& one : SomeIndicators(random, definition)) {
    for (const DefinitionFinding& finding : CheckIndicator(one)) ADD_FAILURE() << ToText(finding);
    const auto compiled = CompiledIndicator::Compile(one, *form, *frame, sets[one.weights()]);
    for (const DefinitionFinding& finding : compiled.findings) ADD_FAILURE() << ToText(finding);
    indicators.push_back(compiled.indicator);
  }
  for (auto& one : AutomaticIndicators(*form, *frame)) indicators.push_back(one);
  const std::vector<std::shared_ptr<const model::Claim>> claims = {
      std::make_shared<const model::Claim>(SomeRanking(random))};
  out.plan = FigurePlan::Make(frame, form, indicators, claims);
  out.responses.resize(frame->size());
  out.words.assign(frame->size(), model::DISPOSITION_UNSPECIFIED);
  return out;
}

void CorrectOne(Random& random, World& world, UnitIndex unit) {
  const CompiledQuestionnaire& form = world.plan->questionnaire();
  if (!world.responses[unit].has_value()) return;
  const auto item = static_cast<ItemIndex>(random.Below(static_cast<int>(form.item_count())));
  DerivedResponse& response = *world.responses[unit];
  if (response.states[item] == ItemState::kAnswered)
    response.answers.Set(item, SomeAnswer(random, form, item));
}

void ChangeOne(Random& random, World& world, UnitIndex unit) {
  world.responses[unit].reset();
  if (!random.OneIn(5))
    world.responses[unit] =
        SomeResponse(random, world.plan->questionnaire(), world.plan->frame().FactsOf(unit));
  world.words[unit] = random.OneIn(4) ? static_cast<model::Disposition>(4 + random.Below(3))
                                      : model::DISPOSITION_UNSPECIFIED;
}

}  // namespace imdi::domain::property
