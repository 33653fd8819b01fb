// The answer matrix over random frames, definitions and histories: every cell equals a plain loop
// over the units, to the last count and state; setting units one by one equals building anew in any
// order; and what did not change is shared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "services/domain/answer_matrix.h"
#include "services/domain/automatic_indicators.h"
#include "tests/support/campaign.h"
#include "tests/support/naive_counts.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::CountNaively;
using testing_support::SmallEdition;
using testing_support::SmallIndicator;
using testing_support::SmallQuestionnaire;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int Below(int bound) { return static_cast<int>(engine_() % static_cast<uint64_t>(bound)); }
  bool OneIn(int n) { return Below(n) == 0; }
  std::string OneOf(const std::vector<std::string>& texts) {
    return texts[static_cast<size_t>(Below(static_cast<int>(texts.size())))];
  }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

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
    unit.set_code(std::to_string(district ? 100'000 + i : 1'000 + i));
    unit.set_name("unit");
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
  for (model::Indicator& one : out) {
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
      return random.OneIn(4) ? AnswerValue::DontKnow() : AnswerValue::OfNumber(random.Below(300));
    case ValueType::kText:
      break;
  }
  return AnswerValue::Text();
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

// One edition: its plan, and what is known of every unit.
struct World {
  std::shared_ptr<const FigurePlan> plan;
  std::vector<std::optional<DerivedResponse>> responses;
  std::vector<model::Disposition> words;

  std::vector<const DerivedResponse*> Borrowed() const {
    std::vector<const DerivedResponse*> out;
    for (const auto& response : responses)
      out.push_back(response.has_value() ? &*response : nullptr);
    return out;
  }
  void SetIn(AnswerMatrix& matrix, UnitIndex unit) const {
    matrix.SetUnit(unit, responses[unit].has_value() ? &*responses[unit] : nullptr, words[unit]);
  }
};

World SomeWorld(Random& random) {
  World out;
  const model::Frame definition = SomeFrame(random);
  const auto frame = CompiledFrame::Compile(definition).frame;
  EXPECT_NE(frame, nullptr);
  const auto form =
      CompiledQuestionnaire::Compile(SmallQuestionnaire("T"), SmallEdition("T"), frame.get())
          .questionnaire;
  EXPECT_NE(form, nullptr);
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators;
  for (const model::Indicator& one : SomeIndicators(random, definition)) {
    const auto compiled = CompiledIndicator::Compile(one, *form, *frame);
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

// One answer becomes another, and nothing else changes: not who answered what, nor how the unit
// stands.
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

void ExpectNaive(const World& world, const EditionCounts& counts, model::EditionState state) {
  const FigurePlan& plan = *world.plan;
  const std::vector<const DerivedResponse*> responses = world.Borrowed();
  for (size_t index = 0; index < plan.cell_count(); ++index) {
    const FigurePlan::Cell cell = plan.CellAt(index);
    const CellCounts one = counts.CountsOf(cell, state);
    ASSERT_EQ(one, CountNaively(plan, cell, responses, world.words, state)) << plan.NameOf(cell);
    ASSERT_LE(one.numerator, one.in_base) << plan.NameOf(cell);
    ASSERT_LE(one.in_base, one.possible) << plan.NameOf(cell);
    ASSERT_EQ(one.complete + one.partial, one.responded);
    const CompiledIndicator& indicator = plan.IndicatorOf(plan.blocks()[cell.block]);
    if (indicator.kind() != model::INDICATOR_KIND_OUTCOME_RATE) {
      ASSERT_EQ(one.in_base + one.filter_unknown + one.item_nonresponse + one.not_in_base,
                one.responded);
    }
  }
}

// By collapsed stratum, from the units alone.
void ExpectNaiveStrata(const World& world, const EditionCounts& counts,
                       const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const std::vector<const DerivedResponse*> responses = world.Borrowed();
  std::vector<StratumCell> expected(counts.collapse().count);
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    StratumCell& stratum = expected[counts.collapse().to[plan.strata().StratumOf(unit)]];
    const testing_support::NaiveUnit one =
        testing_support::StandingOf(plan, cell, unit, responses[unit], world.words[unit]);
    stratum.frame += one.invited;
    stratum.responded += one.responded();
    if (!testing_support::InGroup(plan, cell, unit)) continue;
    stratum.domain_frame += one.possible;
    stratum.base += one.in_base;
    stratum.yes += one.numerator;
  }
  std::vector<uint16_t> numbers;
  const std::vector<StratumCell> strata = counts.StrataOf(cell, &numbers);
  ASSERT_EQ(strata.size(), numbers.size());
  size_t at = 0;
  for (size_t number = 0; number < expected.size(); ++number) {
    if (expected[number].domain_frame == 0) continue;
    ASSERT_LT(at, strata.size());
    ASSERT_EQ(numbers[at], number);
    ASSERT_EQ(strata[at], expected[number]) << plan.NameOf(cell) << " stratum " << number;
    ++at;
  }
  ASSERT_EQ(at, strata.size());
}

void ExpectNaivePairs(const World& world, const EditionCounts& counts) {
  const FigurePlan& plan = *world.plan;
  const std::vector<const DerivedResponse*> responses = world.Borrowed();
  for (size_t pair = 0; pair < plan.pairs().size(); ++pair) {
    const FigurePlan::Pair& one = plan.pairs()[pair];
    ASSERT_EQ(plan.FindPair(one.block, one.a, one.b), pair);
    int32_t both = 0;
    for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
      const auto in = [&](uint32_t category) {
        return testing_support::StandingOf(plan, {one.block, category, 0, 0}, unit, responses[unit],
                                           world.words[unit])
            .numerator;
      };
      both += in(one.a) && in(one.b);
    }
    const EditionCounts::PairCounts joint = counts.CountsOfPair(pair);
    ASSERT_EQ(std::accumulate(joint.both.begin(), joint.both.end(), 0), both);
    ASSERT_EQ(joint.a.size(), joint.both.size());
    ASSERT_EQ(joint.b.size(), joint.both.size());
    for (size_t s = 0; s < joint.both.size(); ++s) {
      ASSERT_LE(joint.both[s], std::min(joint.a[s].yes, joint.b[s].yes));
      ASSERT_EQ(joint.a[s].base, joint.b[s].base);
    }
  }
}

TEST(AnswerMatrixProperty, EveryCellEqualsAPlainLoopAndARebuildInAnyOrder) {
  const uint64_t seed = testing_support::CampaignSeed("answer matrix");
  std::vector<int> states(6);
  for (uint64_t round = 0; round < 25; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 7'919);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    const auto units = static_cast<int>(world.plan->frame().size());
    AnswerMatrix matrix(world.plan);
    std::shared_ptr<const EditionCounts> last = matrix.Count();
    const int counts = 1 + random.Below(6);
    for (int count = 0; count < counts; ++count) {
      // Few corrections, few changes, or many.
      const bool corrections = count > 0 && random.OneIn(2);
      const int changes =
          corrections || random.OneIn(3) ? random.Below(4) : random.Below(units * 2);
      for (int change = 0; change < changes; ++change) {
        const auto unit = static_cast<UnitIndex>(random.Below(units));
        if (corrections)
          CorrectOne(random, world, unit);
        else
          ChangeOne(random, world, unit);
        world.SetIn(matrix, unit);
      }
      const std::shared_ptr<const EditionCounts> now = matrix.Count();
      const auto state = static_cast<model::EditionState>(1 + random.Below(3));
      ExpectNaive(world, *now, state);
      if (testing::Test::HasFatalFailure()) return;
      for (size_t index = 0; index < world.plan->cell_count(); ++index)
        ++states[static_cast<size_t>(now->CountsOf(world.plan->CellAt(index), state).state)];
      for (int i = 0; i < 40; ++i) {
        const auto index =
            static_cast<size_t>(random.Below(static_cast<int>(world.plan->cell_count())));
        ExpectNaiveStrata(world, *now, world.plan->CellAt(index));
        if (testing::Test::HasFatalFailure()) return;
      }
      ExpectNaivePairs(world, *now);
      if (testing::Test::HasFatalFailure()) return;
      // Shared exactly where nothing differs.
      ASSERT_EQ(now->parts().size(), last->parts().size());
      for (size_t part = 0; part < now->parts().size(); ++part) {
        ASSERT_EQ(*now->parts()[part] == *last->parts()[part],
                  now->parts()[part] == last->parts()[part])
            << part;
      }
      last = now;
    }
    // Anew, in another order, some units by a detour.
    std::vector<UnitIndex> order(world.plan->frame().size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::shuffle(order, random.engine());
    AnswerMatrix rebuilt(world.plan);
    for (const UnitIndex unit : order) {
      if (random.OneIn(3)) {
        const DerivedResponse other =
            SomeResponse(random, world.plan->questionnaire(), world.plan->frame().FactsOf(unit));
        rebuilt.SetUnit(unit, &other, model::DISPOSITION_UNSPECIFIED);
        if (random.OneIn(20)) rebuilt.Count();
      }
      world.SetIn(rebuilt, unit);
      ASSERT_EQ(rebuilt.DispositionOf(unit), matrix.DispositionOf(unit));
    }
    const std::shared_ptr<const EditionCounts> again = rebuilt.Count();
    for (size_t part = 0; part < again->parts().size(); ++part) {
      ASSERT_EQ(again->parts()[part]->size(), EditionCounts::PartSize(*world.plan, part));
      ASSERT_EQ(*again->parts()[part], *last->parts()[part]) << part;
    }
  }
  for (size_t state = 0; state < states.size(); ++state)
    EXPECT_GT(states[state], 0) << Name(static_cast<CellState>(state)) << " was never met";
}

TEST(AnswerMatrixProperty, CountingTwiceSharesEveryPartAndAChangeThatIsUndoneTooSharesThem) {
  const uint64_t seed = testing_support::CampaignSeed("matrix sharing");
  for (uint64_t round = 0; round < 10; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 104'729);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    AnswerMatrix matrix(world.plan);
    for (UnitIndex unit = 0; unit < world.plan->frame().size(); ++unit) {
      ChangeOne(random, world, unit);
      world.SetIn(matrix, unit);
    }
    const auto first = matrix.Count();
    ASSERT_EQ(matrix.Count()->parts(), first->parts());
    const UnitIndex unit =
        static_cast<UnitIndex>(random.Below(static_cast<int>(world.plan->frame().size())));
    const DerivedResponse other =
        SomeResponse(random, world.plan->questionnaire(), world.plan->frame().FactsOf(unit));
    matrix.SetUnit(unit, &other, model::DISPOSITION_UNSPECIFIED);
    world.SetIn(matrix, unit);
    ASSERT_EQ(matrix.Count()->parts(), first->parts());
  }
}

TEST(AnswerMatrixProperty, ThePredictedMemoryIsEnoughAndNotTwiceTheTrueOne) {
  const uint64_t seed = testing_support::CampaignSeed("matrix memory");
  for (uint64_t round = 0; round < 20; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 15'485'863);
    const World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    AnswerMatrix matrix(world.plan);
    matrix.Count();
    const size_t predicted = AnswerMatrix::PredictBytes(*world.plan);
    EXPECT_GE(predicted, matrix.bytes());
    EXPECT_LE(predicted, 2 * matrix.bytes());
  }
}

TEST(FigurePlanProperty, EveryCellIsFoundByItsNameAndNumberAndByNoOtherName) {
  const uint64_t seed = testing_support::CampaignSeed("figure plan");
  for (uint64_t round = 0; round < 20; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 32'452'843);
    const World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    const FigurePlan& plan = *world.plan;
    for (size_t index = 0; index < plan.cell_count(); ++index) {
      const FigurePlan::Cell cell = plan.CellAt(index);
      ASSERT_EQ(plan.IndexOf(cell), index);
      const std::string name = plan.NameOf(cell);
      ASSERT_EQ(plan.Find(name), index) << name;
      ASSERT_EQ(plan.Find(name + "."), std::nullopt) << name;
      ASSERT_EQ(plan.Find(name + ".x=1"), std::nullopt) << name;
    }
    ASSERT_GE(FigurePlan::PredictCells(plan.frame(), plan.indicators()), plan.cell_count());
    for (const FigurePlan::Breakdown& breakdown : plan.breakdowns()) {
      size_t atoms = 0;
      for (uint32_t group = 0; group < breakdown.groups.size(); ++group) {
        ASSERT_EQ(breakdown.groups[group].first_atom, atoms);
        for (uint32_t a = 0; a < breakdown.groups[group].atom_count; ++a, ++atoms)
          ASSERT_EQ(breakdown.atoms[atoms].group, group);
      }
      ASSERT_EQ(atoms, breakdown.atoms.size());
      for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit)
        ASSERT_EQ(breakdown.atoms[breakdown.atom_of_unit[unit]].cell,
                  plan.strata().StratumOf(unit));
    }
  }
}

}  // namespace
}  // namespace imdi::domain
