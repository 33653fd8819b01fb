// The answer matrix over random frames, definitions and histories: every cell equals a plain loop
// over the units, to the last count and state; setting units one by one equals building anew in any
// order; and what did not change is shared.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/answer_matrix.h"
#include "tests/property/domain/some_survey.h"
#include "tests/support/campaign.h"
#include "tests/support/naive_counts.h"

namespace imdi::domain {
namespace {

using property::ChangeOne;
using property::CorrectOne;
using property::Random;
using property::SomeResponse;
using property::SomeWorld;
using property::World;
using testing_support::CountNaively;

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
  const uint32_t layout = plan.blocks()[cell.block].layout;
  const Collapse& collapse = counts.collapse(layout);
  std::vector<StratumCell> expected(collapse.count);
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    StratumCell& stratum = expected[collapse.to[plan.layouts()[layout].strata.StratumOf(unit)]];
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
      const FigurePlan::WeightLayout& layout = plan.layouts()[breakdown.layout];
      for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit)
        ASSERT_EQ(breakdown.atoms[breakdown.atom_of_unit[unit]].cell, layout.cell_of_unit[unit]);
    }
  }
}

}  // namespace
}  // namespace imdi::domain
