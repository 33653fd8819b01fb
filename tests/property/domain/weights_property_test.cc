// The weights of a weight set, solved on cells, against weights that are made unit by unit: base
// weights of collapsed strata, then poststratification, proportional fitting or linear calibration
// written out over all respondents.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/domain/calibrated_weights.h"
#include "tests/property/domain/some_survey.h"
#include "tests/support/campaign.h"
#include "tests/support/naive_counts.h"

namespace imdi::domain {
namespace {

using property::Random;
using property::SomeWorld;
using property::World;

constexpr double kNear = 1e-7;

bool AboutEqual(double a, double b) {
  return std::fabs(a - b) <= kNear * std::max({1.0, std::fabs(a), std::fabs(b)});
}

// One unit with what its weight set knows of it: indicators of levels, then its totals.
struct InvitedUnit {
  UnitIndex index = 0;
  bool responded = false;
  double weight = 0;  // Of its stratum; 0 = it did not respond.
  std::vector<std::string> levels;
  std::vector<double> totals;
};

std::vector<InvitedUnit> InvitedUnits(const World& world, const EditionCounts& counts,
                                      uint32_t number) {
  const FigurePlan& plan = *world.plan;
  const FigurePlan::WeightLayout& layout = plan.layouts()[number];
  std::vector<InvitedUnit> out;
  std::map<uint16_t, std::pair<double, double>> strata;  // Invited and responded.
  std::map<UnitIndex, uint16_t> stratum_of;
  for (UnitIndex unit = 0; unit < plan.frame().size(); ++unit) {
    const DerivedResponse* response =
        world.responses[unit].has_value() ? &*world.responses[unit] : nullptr;
    const testing_support::NaiveUnit standing =
        testing_support::StandingOf(plan, {}, unit, response, world.words[unit]);
    if (!standing.invited) continue;
    InvitedUnit& one = out.emplace_back();
    one.index = unit;
    one.responded = standing.responded();
    stratum_of[unit] = counts.collapse(number).to[layout.strata.StratumOf(unit)];
    strata[stratum_of[unit]].first += 1;
    strata[stratum_of[unit]].second += one.responded;
    if (layout.set == nullptr) continue;
    for (const std::vector<uint32_t>& margin : layout.set->margins()) {
      std::string& level = one.levels.emplace_back();
      for (const uint32_t attribute : margin)
        level += plan.frame().GroupCode(attribute, plan.frame().GroupOf(unit, attribute)).data() +
                 std::string("|");
    }
    for (size_t t = 0; t < layout.set->totals().size(); ++t)
      one.totals.push_back(static_cast<double>(plan.frame().unit(unit).population()));
  }
  for (InvitedUnit& one : out) {
    const auto& [invited, responded] = strata[stratum_of[one.index]];
    if (one.responded) one.weight = invited / responded;
  }
  return out;
}

// Sums over units by level of a margin: of the frame, and of weights.
std::map<std::string, double> FrameBy(const std::vector<InvitedUnit>& units, size_t margin) {
  std::map<std::string, double> out;
  for (const InvitedUnit& unit : units) out[unit.levels[margin]] += 1;
  return out;
}
std::map<std::string, double> WeightsBy(const std::vector<InvitedUnit>& units,
                                        const std::vector<double>& weights, size_t margin) {
  std::map<std::string, double> out;
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i].responded) out[units[i].levels[margin]] += weights[i];
  }
  return out;
}

// Scales the weights of each level to the frame's, one margin after the other, until nothing moves.
// None where it does not come to rest.
std::optional<std::vector<double>> FitProportionally(const std::vector<InvitedUnit>& units,
                                                     size_t margins, int rounds) {
  std::vector<double> out;
  for (const InvitedUnit& unit : units) out.push_back(unit.weight);
  for (int round = 0; round < rounds; ++round) {
    double moved = 0;
    for (size_t m = 0; m < margins; ++m) {
      std::map<std::string, double> frame = FrameBy(units, m);
      std::map<std::string, double> sums = WeightsBy(units, out, m);
      for (size_t i = 0; i < units.size(); ++i) {
        if (!units[i].responded) continue;
        const double factor = frame[units[i].levels[m]] / sums[units[i].levels[m]];
        moved = std::max(moved, std::fabs(factor - 1));
        out[i] *= factor;
      }
    }
    if (moved < 1e-13) return out;
  }
  return std::nullopt;
}

// Solves a x = b with the largest pivot; a column that says nothing new gets 0.
std::vector<double> Solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const size_t n = b.size();
  std::vector<double> scale(n);
  for (size_t i = 0; i < n; ++i) scale[i] = a[i][i];
  std::vector<bool> used(n, false);
  std::vector<double> x(n, 0);
  for (size_t step = 0; step < n; ++step) {
    size_t pivot = n;
    for (size_t i = 0; i < n; ++i) {
      if (used[i] || scale[i] == 0 || a[i][i] <= 1e-9 * scale[i]) continue;
      if (pivot == n || a[i][i] / scale[i] > a[pivot][pivot] / scale[pivot]) pivot = i;
    }
    if (pivot == n) break;
    used[pivot] = true;
    for (size_t k = 0; k < n; ++k) {
      if (k == pivot) continue;
      const double factor = a[k][pivot] / a[pivot][pivot];
      for (size_t j = 0; j < n; ++j) a[k][j] -= factor * a[pivot][j];
      b[k] -= factor * b[pivot];
    }
  }
  for (size_t i = 0; i < n; ++i) {
    if (used[i]) x[i] = b[i] / a[i][i];
  }
  return x;
}

// w (1 + x'lambda) with lambda = (sum w x x')^-1 (T - sum w x); x: an intercept, the levels of
// every margin, and the totals.
std::vector<double> CalibrateLinearly(const std::vector<InvitedUnit>& units, size_t margins,
                                      size_t totals) {
  std::vector<std::map<std::string, double>> levels;
  for (size_t m = 0; m < margins; ++m) levels.push_back(FrameBy(units, m));
  const auto x_of = [&](const InvitedUnit& unit) {
    std::vector<double> x = {1};
    for (size_t m = 0; m < margins; ++m) {
      for (const auto& [level, frame] : levels[m]) x.push_back(unit.levels[m] == level ? 1 : 0);
    }
    // In their own size, so that pivots can be compared.
    for (size_t t = 0; t < totals; ++t) x.push_back(unit.totals[t]);
    return x;
  };
  const size_t n = x_of(units.front()).size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n, 0));
  std::vector<double> missing(n, 0);
  for (const InvitedUnit& unit : units) {
    const std::vector<double> x = x_of(unit);
    for (size_t j = 0; j < n; ++j) {
      missing[j] += x[j] * (1 - unit.weight);
      for (size_t k = 0; k < n; ++k) a[j][k] += unit.weight * x[j] * x[k];
    }
  }
  const std::vector<double> lambda = Solve(a, missing);
  std::vector<double> out;
  for (const InvitedUnit& unit : units) {
    const std::vector<double> x = x_of(unit);
    double factor = 1;
    for (size_t j = 0; j < n; ++j) factor += x[j] * lambda[j];
    out.push_back(unit.weight * factor);
  }
  return out;
}

// Whether every level with a unit has a respondent.
bool EveryLevelAnswered(const std::vector<InvitedUnit>& units, size_t margins) {
  std::vector<double> ones(units.size(), 1);
  for (size_t m = 0; m < margins; ++m) {
    if (FrameBy(units, m).size() != WeightsBy(units, ones, m).size()) return false;
  }
  return std::ranges::any_of(units, &InvitedUnit::responded);
}

struct Tally {
  std::map<model::WeightMethod, int> compared;
  std::map<absl::StatusCode, int> refused;
};

void ExpectUnitWeights(const std::vector<InvitedUnit>& units, const std::vector<double>& expected,
                       const CalibratedWeights& weights, const FigurePlan::WeightLayout& layout) {
  for (size_t i = 0; i < units.size(); ++i) {
    if (!units[i].responded) continue;
    const uint32_t cell = weights.cell_of[layout.cell_of_unit[units[i].index]];
    ASSERT_NE(cell, CalibratedWeights::kNoCell);
    ASSERT_LT(cell, weights.weighting.cells().size());
    ASSERT_PRED2(AboutEqual, weights.weighting.cells()[cell].weight, expected[i]);
  }
}

void ExpectTargets(const std::vector<InvitedUnit>& units, const std::vector<double>& after,
                   const CalibratedWeights& weights, const FigurePlan::WeightLayout& layout) {
  size_t at = 0;
  for (size_t m = 0; m < layout.margins.size(); ++m) {
    // Names of levels are in the frame's order; here they are found by a unit of each.
    std::map<std::string, size_t> place;
    for (const InvitedUnit& unit : units)
      place[unit.levels[m]] = layout.cells[layout.cell_of_unit[unit.index]].levels[m];
    std::map<std::string, double> frame = FrameBy(units, m);
    std::map<std::string, double> sums = WeightsBy(units, after, m);
    for (const auto& [level, number] : place) {
      const WeightTarget& target = weights.targets[at + number];
      ASSERT_EQ(target.level, layout.margins[m].levels[number]);
      ASSERT_EQ(target.frame, frame[level]);
      ASSERT_PRED2(AboutEqual, target.after, sums[level]);
      if (weights.status.ok() && sums[level] != 0) {
        ASSERT_PRED2(AboutEqual, target.after, target.frame);
      }
    }
    at += layout.margins[m].levels.size();
  }
  if (layout.margins.empty() && layout.set->method() == model::WEIGHT_METHOD_LINEAR) {
    ASSERT_EQ(weights.targets[at].level, "units");
    ASSERT_EQ(weights.targets[at].frame, static_cast<double>(units.size()));
    ++at;
  }
  for (size_t t = 0; t < layout.set->totals().size(); ++t, ++at) {
    double frame = 0;
    for (const InvitedUnit& unit : units) frame += unit.totals[t];
    ASSERT_EQ(weights.targets[at].level, "population");
    ASSERT_PRED2(AboutEqual, weights.targets[at].frame, frame);
    if (weights.status.ok()) {
      ASSERT_PRED2(AboutEqual, weights.targets[at].after, frame);
    }
  }
  ASSERT_EQ(at, weights.targets.size());
}

void ExpectWeights(const World& world, const EditionCounts& counts, uint32_t number, Tally* tally) {
  const FigurePlan::WeightLayout& layout = world.plan->layouts()[number];
  const CalibratedWeights weights = WeightsOf(counts, number);
  const std::vector<InvitedUnit> units = InvitedUnits(world, counts, number);
  std::vector<double> expected;
  for (const InvitedUnit& unit : units) expected.push_back(unit.weight);
  const model::WeightMethod method =
      layout.set == nullptr ? model::WEIGHT_METHOD_STRATA : layout.set->method();
  const size_t margins = layout.margins.size();
  const size_t totals = layout.set == nullptr ? 0 : layout.set->totals().size();
  if (units.empty()) return;
  if (!weights.status.ok()) {
    // Thin levels and contradicting totals are refused, and nothing has changed.
    ASSERT_NE(method, model::WEIGHT_METHOD_STRATA);
    ASSERT_NE(method, model::WEIGHT_METHOD_POSTSTRATIFIED) << weights.status;
    if (!EveryLevelAnswered(units, margins)) {
      EXPECT_EQ(base::ReasonOf(weights.status), base::Reason::kMarginUnreachable);
      const auto unanswered = std::ranges::find_if(weights.targets, [](const WeightTarget& target) {
        return target.frame > 0 && target.before == 0;
      });
      ASSERT_NE(unanswered, weights.targets.end());
      EXPECT_THAT(weights.status.message(), testing::HasSubstr(unanswered->level));
    } else if (method == model::WEIGHT_METHOD_LINEAR) {
      const std::vector<double> linear = CalibrateLinearly(units, margins, totals);
      const bool negative = std::ranges::any_of(linear, [](double one) { return one < 1e-6; });
      // Fewer answers than totals, or all of them with one number, cannot have the totals either.
      const bool few = totals > 0 && std::ranges::count_if(units, &InvitedUnit::responded) < 3;
      ASSERT_TRUE(negative || few) << weights.status;
    }
    if (method == model::WEIGHT_METHOD_RAKED && EveryLevelAnswered(units, margins)) {
      // Where fitting comes to rest, and not at the edge, there are such weights.
      const auto fitted = FitProportionally(units, margins, 3'000);
      bool inside = fitted.has_value();
      for (size_t i = 0; inside && i < units.size(); ++i)
        inside = !units[i].responded || (*fitted)[i] > 1e-6 * units[i].weight;
      ASSERT_FALSE(inside) << weights.status;
    }
    ++tally->refused[weights.status.code()];
    ExpectUnitWeights(units, expected, weights, layout);
    ExpectTargets(units, expected, weights, layout);
    return;
  }
  switch (method) {
    case model::WEIGHT_METHOD_POSTSTRATIFIED:
      expected = *FitProportionally(units, 1, 2);
      break;
    case model::WEIGHT_METHOD_RAKED: {
      ASSERT_TRUE(EveryLevelAnswered(units, margins));
      const auto fitted = FitProportionally(units, margins, 3'000);
      if (!fitted.has_value()) return;  // Too slow to say.
      expected = *fitted;
      break;
    }
    case model::WEIGHT_METHOD_LINEAR:
      ASSERT_TRUE(EveryLevelAnswered(units, margins));
      expected = CalibrateLinearly(units, margins, totals);
      break;
    default:
      break;
  }
  ++tally->compared[method];
  ExpectUnitWeights(units, expected, weights, layout);
  if (testing::Test::HasFatalFailure()) return;
  if (layout.set == nullptr)
    ASSERT_TRUE(weights.targets.empty());
  else
    ExpectTargets(units, expected, weights, layout);
}

TEST(WeightsProperty, WeightsOfCellsAreThoseThatAreMadeUnitByUnit) {
  const uint64_t seed = testing_support::CampaignSeed("weights");
  const auto rounds = static_cast<uint64_t>(testing_support::CampaignRounds(60));
  Tally tally;
  for (uint64_t round = 0; round < rounds; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 999'983);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    AnswerMatrix matrix(world.plan);
    for (UnitIndex unit = 0; unit < world.plan->frame().size(); ++unit) {
      if (!random.OneIn(20)) ChangeOne(random, world, unit);
      world.SetIn(matrix, unit);
    }
    const std::shared_ptr<const EditionCounts> counts = matrix.Count();
    for (uint32_t layout = 0; layout < world.plan->layouts().size(); ++layout) {
      SCOPED_TRACE(layout == 0 ? "built in" : world.plan->layouts()[layout].set->name());
      ExpectWeights(world, *counts, layout, &tally);
      if (testing::Test::HasFailure()) return;
    }
  }
  for (const model::WeightMethod method :
       {model::WEIGHT_METHOD_STRATA, model::WEIGHT_METHOD_POSTSTRATIFIED,
        model::WEIGHT_METHOD_RAKED, model::WEIGHT_METHOD_LINEAR})
    EXPECT_GT(tally.compared[method], 0) << model::WeightMethod_Name(method);
}

}  // namespace
}  // namespace imdi::domain
