// Sums and numbers of units as the answer matrix keeps them, against plain loops over the units:
// random frames, measures, weight sets and histories.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/calibrated_weights.h"
#include "services/domain/count_numbers.h"
#include "services/domain/edition_counts.h"
#include "services/domain/weighted_estimate.h"
#include "tests/property/domain/some_survey.h"
#include "tests/support/campaign.h"
#include "tests/support/naive_counts.h"

namespace imdi::domain {
namespace {

using property::ChangeOne;
using property::CorrectOne;
using property::Random;
using property::SomeWorld;
using property::World;
using testing_support::NaiveUnit;
using Numbers = FigurePlan::Block::Numbers;

// What a unit is to a cell of a numeric block.
struct Naive {
  NaiveUnit standing;
  int64_t a = 0;
  int64_t b = 0;
  bool may_belong() const {
    return (standing.possible && !standing.responded()) || standing.item_nonresponse;
  }
};

Naive NaiveOf(const World& world, const FigurePlan::Cell& cell, UnitIndex unit) {
  const FigurePlan& plan = *world.plan;
  const CompiledIndicator& indicator = plan.IndicatorOf(plan.blocks()[cell.block]);
  const DerivedResponse* response =
      world.responses[unit].has_value() ? &*world.responses[unit] : nullptr;
  Naive out;
  out.standing = testing_support::StandingOf(plan, cell, unit, response, world.words[unit]);
  if (!out.standing.in_base) return out;
  out.a = *testing_support::NumberOf(plan, indicator.measure(), unit, response);
  out.b = *testing_support::NumberOf(plan, indicator.denominator(), unit, response);
  return out;
}

void ExpectSums(const World& world, const EditionCounts& counts, const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const uint32_t layout = plan.blocks()[cell.block].layout;
  std::map<uint16_t, SumsCell> expected;
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (!testing_support::InGroup(plan, cell, unit)) continue;
    const Naive one = NaiveOf(world, cell, unit);
    if (!one.standing.in_base) continue;
    expected[counts.collapse(layout).to[plan.layouts()[layout].strata.StratumOf(unit)]].Add(one.a,
                                                                                            one.b);
  }
  std::vector<uint16_t> numbers;
  const std::vector<StratumCell> strata = counts.StrataOf(cell, &numbers);
  const std::vector<SumsCell> sums = counts.SumsOf(cell);
  ASSERT_EQ(sums.size(), strata.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const SumsCell& wanted = expected[numbers[i]];
    ASSERT_EQ(sums[i].frame, strata[i].frame);
    ASSERT_EQ(sums[i].responded, strata[i].responded);
    ASSERT_EQ(sums[i].base, strata[i].base);
    ASSERT_EQ(sums[i].base, wanted.base) << plan.NameOf(cell);
    ASSERT_TRUE(sums[i].a == wanted.a && sums[i].b == wanted.b) << plan.NameOf(cell);
    ASSERT_TRUE(sums[i].aa == wanted.aa && sums[i].bb == wanted.bb && sums[i].ab == wanted.ab)
        << plan.NameOf(cell);
    expected.erase(numbers[i]);
  }
  ASSERT_TRUE(expected.empty()) << "a stratum with a unit in the base is missing";
}

// The sums of each weighting cell of a calibrated set, and the weighted number that they come to.
// Returns whether there is one.
bool ExpectWeightedSums(const World& world, const EditionCounts& counts,
                        const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const uint32_t number = plan.blocks()[cell.block].layout;
  const FigurePlan::WeightLayout& layout = plan.layouts()[number];
  const CalibratedWeights weights = WeightsOf(counts, number);
  std::map<uint32_t, SumsCell> expected;
  double a = 0;
  double b = 0;
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (!testing_support::InGroup(plan, cell, unit)) continue;
    const Naive one = NaiveOf(world, cell, unit);
    if (!one.standing.in_base) continue;
    expected[layout.cell_of_unit[unit]].Add(one.a, one.b);
    const double weight =
        weights.weighting.cells()[weights.cell_of[layout.cell_of_unit[unit]]].weight;
    a += weight * static_cast<double>(one.a);
    b += weight * static_cast<double>(one.b);
  }
  const std::vector<EditionCounts::WeightCellCounts> cells = counts.WeightCellsOf(cell);
  const std::vector<SumsCell> sums = counts.SumsByWeightCell(cell);
  std::vector<SumsCell> by_weight(weights.weighting.cells().size());
  EXPECT_EQ(sums.size(), cells.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const SumsCell& wanted = expected[cells[i].cell];
    EXPECT_EQ(sums[i].base, cells[i].base);
    EXPECT_EQ(sums[i].base, wanted.base) << plan.NameOf(cell);
    EXPECT_TRUE(sums[i].a == wanted.a && sums[i].b == wanted.b) << plan.NameOf(cell);
    EXPECT_TRUE(sums[i].aa == wanted.aa && sums[i].bb == wanted.bb && sums[i].ab == wanted.ab)
        << plan.NameOf(cell);
    if (sums[i].base > 0) by_weight[weights.cell_of[cells[i].cell]] = sums[i];
    expected.erase(cells[i].cell);
  }
  EXPECT_TRUE(expected.empty()) << "a weighting cell with a unit in the base is missing";
  if (testing::Test::HasFailure() || !weights.status.ok() || b == 0) return false;
  const auto near = [](double one, double other) {
    return std::fabs(one - other) <= 1e-9 * std::max({1.0, std::fabs(one), std::fabs(other)});
  };
  const LinearEstimate ratio =
      EstimateWeightedRatio(weights.weighting, by_weight, 1, 1, Lonely::kAdjust);
  const LinearEstimate total =
      EstimateWeightedTotal(weights.weighting, by_weight, 1, Lonely::kAdjust);
  EXPECT_PRED2(near, ratio.estimate, a / b) << plan.NameOf(cell);
  EXPECT_PRED2(near, total.estimate, a) << plan.NameOf(cell);
  return true;
}

void ExpectUnits(const World& world, const EditionCounts& counts, const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const std::vector<EditionCounts::UnitNumbers> units = counts.UnitsOf(cell);
  size_t at = 0;
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (!testing_support::InGroup(plan, cell, unit)) continue;
    const Naive one = NaiveOf(world, cell, unit);
    if (!one.standing.in_base) continue;
    ASSERT_LT(at, units.size());
    ASSERT_EQ(units[at].unit, unit) << plan.NameOf(cell);
    ASSERT_EQ(units[at].a, one.a) << plan.NameOf(cell);
    ASSERT_EQ(units[at].b, one.b) << plan.NameOf(cell);
    ++at;
  }
  ASSERT_EQ(at, units.size());
}

// Returns whether there is one.
bool ExpectDenominatorOfSilent(const World& world, const EditionCounts& counts,
                               const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const CompiledIndicator::Measure& below =
      plan.IndicatorOf(plan.blocks()[cell.block]).denominator();
  const std::optional<int64_t> counted = counts.DenominatorOfSilent(cell);
  if (below.source != CompiledIndicator::Measure::Source::kOne &&
      below.source != CompiledIndicator::Measure::Source::kFrame) {
    EXPECT_EQ(counted, std::nullopt);
    return false;
  }
  if (!counted.has_value()) {
    EXPECT_FALSE(below.when.empty()) << plan.NameOf(cell);
    return false;
  }
  int64_t expected = 0;
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (testing_support::InGroup(plan, cell, unit) && NaiveOf(world, cell, unit).may_belong())
      expected += *testing_support::NumberOf(plan, below, unit, nullptr);
  }
  EXPECT_EQ(*counted, expected) << plan.NameOf(cell);
  return true;
}

void ExpectWeightCells(const World& world, const EditionCounts& counts,
                       const FigurePlan::Cell& cell) {
  const FigurePlan& plan = *world.plan;
  const FigurePlan::WeightLayout& layout = plan.layouts()[plan.blocks()[cell.block].layout];
  std::vector<EditionCounts::WeightCellCounts> expected(layout.cells.size());
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    if (!testing_support::InGroup(plan, cell, unit)) continue;
    const DerivedResponse* response =
        world.responses[unit].has_value() ? &*world.responses[unit] : nullptr;
    const NaiveUnit one =
        testing_support::StandingOf(plan, cell, unit, response, world.words[unit]);
    EditionCounts::WeightCellCounts& into = expected[layout.cell_of_unit[unit]];
    into.domain_frame += one.possible;
    into.base += one.in_base;
    into.yes += one.numerator;
  }
  size_t at = 0;
  const std::vector<EditionCounts::WeightCellCounts> cells = counts.WeightCellsOf(cell);
  for (uint32_t number = 0; number < expected.size(); ++number) {
    if (expected[number].domain_frame == 0) continue;
    ASSERT_LT(at, cells.size());
    ASSERT_EQ(cells[at].cell, number) << plan.NameOf(cell);
    ASSERT_EQ(cells[at].domain_frame, expected[number].domain_frame);
    ASSERT_EQ(cells[at].base, expected[number].base);
    ASSERT_EQ(cells[at].yes, expected[number].yes);
    ++at;
  }
  ASSERT_EQ(at, cells.size());
}

// Every indicator lies in the layout of the set that its document names, and keeps of numbers what
// its kind and weights need.
void ExpectBlocks(const FigurePlan& plan) {
  for (const FigurePlan::Block& block : plan.blocks()) {
    const CompiledIndicator& indicator = plan.IndicatorOf(block);
    const auto& set = plan.layouts()[block.layout].set;
    ASSERT_EQ(set == nullptr ? "" : set->name(), indicator.definition().weights());
    ASSERT_TRUE(plan.breakdowns()[block.breakdowns.front()].attributes.empty());
    for (const uint32_t number : block.breakdowns)
      ASSERT_EQ(plan.breakdowns()[number].layout, block.layout);
    Numbers wanted = Numbers::kNone;
    if (IsNumeric(indicator.kind())) {
      const bool adds_up = indicator.kind() != model::INDICATOR_KIND_QUANTILE &&
                           (set == nullptr || set->definition().totals().empty());
      wanted = adds_up ? Numbers::kSums : Numbers::kUnits;
    }
    ASSERT_EQ(block.numbers, wanted) << indicator.id();
  }
}

// Every unit lies in the one cell that has its stratum, levels and totals.
void ExpectLayouts(const World& world, const EditionCounts& counts) {
  const FigurePlan& plan = *world.plan;
  for (uint32_t number = 0; number < plan.layouts().size(); ++number) {
    const FigurePlan::WeightLayout& layout = plan.layouts()[number];
    std::vector<EditionCounts::Responded> expected(layout.cells.size());
    for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
      const FigurePlan::WeightLayout::Cell& cell = layout.cells[layout.cell_of_unit[unit]];
      ASSERT_EQ(cell.stratum, layout.strata.StratumOf(unit));
      for (size_t m = 0; m < layout.margins.size(); ++m) {
        std::string level;
        for (const uint32_t attribute : layout.set->margins()[m])
          level +=
              (level.empty() ? "" : ".") + plan.frame().attributes()[attribute].id + "=" +
              std::string(plan.frame().GroupCode(attribute, plan.frame().GroupOf(unit, attribute)));
        ASSERT_EQ(layout.margins[m].levels[cell.levels[m]], level);
      }
      if (!cell.totals.empty()) {
        ASSERT_EQ(cell.totals, (std::vector<int64_t>{plan.frame().unit(unit).population()}));
      }
      const DerivedResponse* response =
          world.responses[unit].has_value() ? &*world.responses[unit] : nullptr;
      const NaiveUnit one =
          testing_support::StandingOf(plan, {}, unit, response, world.words[unit]);
      expected[layout.cell_of_unit[unit]].invited += one.invited;
      expected[layout.cell_of_unit[unit]].responded += one.responded();
    }
    const auto cells = counts.RespondedByWeightCell(number);
    ASSERT_EQ(cells.size(), expected.size());
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      ASSERT_EQ(cells[cell].invited, expected[cell].invited);
      ASSERT_EQ(cells[cell].responded, expected[cell].responded);
    }
  }
}

TEST(NumbersProperty, SumsUnitsAndWeightingCellsEqualAPlainLoopAfterEveryChange) {
  const uint64_t seed = testing_support::CampaignSeed("numbers");
  const auto rounds = static_cast<uint64_t>(testing_support::CampaignRounds(20));
  std::array<int, 3> of_numbers = {};
  int denominators = 0;
  int weighted = 0;
  for (uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 6'700'417);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    const FigurePlan& plan = *world.plan;
    const auto units = static_cast<int>(plan.frame().size());
    ExpectBlocks(plan);
    AnswerMatrix matrix(world.plan);
    const int counts = 1 + random.Below(4);
    for (int count = 0; count < counts; ++count) {
      const bool corrections = count > 0 && random.OneIn(2);
      for (int change = random.Below(corrections ? 4 : units * 2); change > 0; --change) {
        const auto unit = static_cast<UnitIndex>(random.Below(units));
        if (corrections)
          CorrectOne(random, world, unit);
        else
          ChangeOne(random, world, unit);
        world.SetIn(matrix, unit);
      }
      const std::shared_ptr<const EditionCounts> now = matrix.Count();
      ExpectLayouts(world, *now);
      if (testing::Test::HasFailure()) return;
      for (size_t index = 0; index < plan.cell_count(); ++index) {
        const FigurePlan::Cell cell = plan.CellAt(index);
        const FigurePlan::Block& block = plan.blocks()[cell.block];
        if (block.layout != 0 && random.OneIn(4)) ExpectWeightCells(world, *now, cell);
        if (block.numbers == Numbers::kNone) {
          ASSERT_EQ(now->DenominatorOfSilent(cell), std::nullopt);
          continue;
        }
        if (block.numbers == Numbers::kSums) {
          ExpectSums(world, *now, cell);
          if (block.layout != 0) weighted += ExpectWeightedSums(world, *now, cell);
        } else {
          ExpectUnits(world, *now, cell);
        }
        denominators += ExpectDenominatorOfSilent(world, *now, cell);
        if (testing::Test::HasFailure()) return;
        of_numbers[static_cast<size_t>(block.numbers)] += now->CountsOf(cell, {}).in_base;
      }
    }
  }
  EXPECT_GT(of_numbers[static_cast<size_t>(Numbers::kSums)], 0);
  EXPECT_GT(of_numbers[static_cast<size_t>(Numbers::kUnits)], 0);
  EXPECT_GT(denominators, 0);
  EXPECT_GT(weighted, 0);
}

TEST(NumbersProperty, ANumberThatIsCorrectedAloneIsCountedAgain) {
  const uint64_t seed = testing_support::CampaignSeed("corrected numbers");
  const auto rounds = static_cast<uint64_t>(testing_support::CampaignRounds(20));
  int corrected = 0;
  for (uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 2'147'483'647);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    const FigurePlan& plan = *world.plan;
    const ItemIndex item = *plan.questionnaire().FindItem("A4");
    AnswerMatrix matrix(world.plan);
    for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
      ChangeOne(random, world, unit);
      world.SetIn(matrix, unit);
    }
    matrix.Count();
    for (int i = 0; i < 20; ++i) {
      const auto unit = static_cast<UnitIndex>(random.Below(static_cast<int>(plan.frame().size())));
      if (!world.responses[unit].has_value() ||
          world.responses[unit]->states[item] != ItemState::kAnswered)
        continue;
      // Above every bound that an expression names, so that nothing else changes.
      world.responses[unit]->answers.Set(item, AnswerValue::OfNumber(200 + random.Below(700)));
      world.SetIn(matrix, unit);
      const std::shared_ptr<const EditionCounts> now = matrix.Count();
      ++corrected;
      for (size_t index = 0; index < plan.cell_count(); ++index) {
        const FigurePlan::Cell cell = plan.CellAt(index);
        const FigurePlan::Block& block = plan.blocks()[cell.block];
        if (cell.breakdown != block.breakdowns.front()) continue;
        if (block.numbers == Numbers::kSums) ExpectSums(world, *now, cell);
        if (block.numbers == Numbers::kUnits) ExpectUnits(world, *now, cell);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_GT(corrected, 0);
}

TEST(NumbersProperty, LimbsHoldEveryNumberThatSumsCanComeTo) {
  const uint64_t seed = testing_support::CampaignSeed("limbs");
  Random random(seed);
  const auto expect = [&](Int128 value, size_t limbs) {
    std::array<int32_t, kSquareLimbs> out = {};
    PutLimbs(value, limbs, out.data());
    EXPECT_TRUE(LimbsOf(out.data(), limbs) == value);
    for (size_t i = 0; i + 1 < limbs; ++i) EXPECT_GE(out[i], 0) << "a negative one costs ten bytes";
  };
  const Int128 most = Int128{1} << 60;  // 2^20 units of 2^40.
  const Int128 most_square = most * (Int128{1} << 40);
  for (const Int128 value : {Int128{0}, Int128{1}, Int128{0x7FFF'FFFF}, Int128{1} << 31, most}) {
    for (const Int128 one : {value, -value, value - 1, -value - 1}) {
      expect(one, kSumLimbs);
      expect(one, kSquareLimbs);
    }
  }
  expect(most_square, kSquareLimbs);
  expect(-most_square, kSquareLimbs);
  for (int i = 0; i < 10'000; ++i) {
    const auto bits = static_cast<int64_t>(random.engine()());
    expect(bits >> (4 + random.Below(60)), kSumLimbs);
    expect(static_cast<Int128>(bits) * static_cast<int64_t>(random.engine()() >> 30), kSquareLimbs);
  }
}

}  // namespace
}  // namespace imdi::domain
