// Shares under weights raked to margins, where who answers hangs on one of them, beside the weights
// of the strata alone.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "services/domain/weighted_estimate.h"
#include "services/domain/weighting.h"
#include "tests/bench/coverage/draws.h"

namespace imdi::coverage {
namespace {

// Strata are region x size; the third margin is no part of them.
constexpr size_t kSizes = 5;
constexpr size_t kLevels = 3;
constexpr std::array<double, kLevels> kLevelShare = {0.4, 0.35, 0.25};
// How many more answer, and say yes, with each level.
constexpr double kWillOfLevel = 1.5;
constexpr double kLogitOfLevel = 0.8;

struct LevelUnit {
  uint32_t level = 0;
  bool yes = false;
};

std::vector<LevelUnit> LevelPopulation(const Shape& shape, int number, Random& random) {
  const double logit = -4 + 8.0 * (number + 0.5) / kPopulations;
  std::vector<LevelUnit> units;
  for (const Stratum& h : shape.strata) {
    const double of_stratum = logit + 0.5 * random.Normal();
    for (int32_t i = 0; i < h.units; ++i) {
      const double place = random.Uniform();
      const uint32_t level = place < kLevelShare[0]                    ? 0
                             : place < kLevelShare[0] + kLevelShare[1] ? 1
                                                                       : 2;
      units.push_back({level, random.Chance(Expit(of_stratum + kLogitOfLevel * (level - 1.0)))});
    }
  }
  return units;
}

// Respondents of one stratum and level.
struct LevelCell {
  uint32_t stratum = 0;
  uint32_t level = 0;
  int32_t respondents = 0;
  int32_t yes = 0;
};

// As many answer as the stratum has, units of higher levels sooner than others.
std::vector<LevelCell> DrawByWill(const Shape& shape, const std::vector<LevelUnit>& units,
                                  Random& random) {
  std::vector<LevelCell> cells;
  std::vector<std::pair<double, size_t>> waits;
  size_t first = 0;
  for (uint32_t h = 0; h < shape.strata.size(); ++h) {
    waits.clear();
    for (size_t i = first; i < first + static_cast<size_t>(shape.strata[h].units); ++i)
      waits.emplace_back(-std::log(random.Uniform()) / std::pow(kWillOfLevel, units[i].level), i);
    std::ranges::nth_element(waits, waits.begin() + shape.strata[h].answers);
    std::array<LevelCell, kLevels> of{};
    for (int32_t i = 0; i < shape.strata[h].answers; ++i) {
      const LevelUnit& unit = units[waits[static_cast<size_t>(i)].second];
      ++of[unit.level].respondents;
      of[unit.level].yes += unit.yes ? 1 : 0;
    }
    for (uint32_t level = 0; level < kLevels; ++level) {
      if (of[level].respondents > 0)
        cells.push_back({h, level, of[level].respondents, of[level].yes});
    }
    first += static_cast<size_t>(shape.strata[h].units);
  }
  return cells;
}

// Region, size and level, with the frame's totals; their levels by cell.
std::vector<domain::Margin> MarginsOf(const Shape& shape, const std::vector<LevelUnit>& units,
                                      const std::vector<LevelCell>& cells) {
  const size_t regions = shape.strata.size() / kSizes;
  std::vector<domain::Margin> out = {{"region", {}, std::vector<double>(regions)},
                                     {"size", {}, std::vector<double>(kSizes)},
                                     {"level", {}, std::vector<double>(kLevels)}};
  for (size_t h = 0; h < shape.strata.size(); ++h) {
    out[0].total[h / kSizes] += shape.strata[h].units;
    out[1].total[h % kSizes] += shape.strata[h].units;
  }
  for (const LevelUnit& unit : units) ++out[2].total[unit.level];
  for (const LevelCell& cell : cells) {
    out[0].level.push_back(cell.stratum / kSizes);
    out[1].level.push_back(cell.stratum % kSizes);
    out[2].level.push_back(cell.level);
  }
  return out;
}

domain::Weighting WeightsOfStrata(const Shape& shape, const std::vector<LevelCell>& cells) {
  std::vector<domain::WeightStratum> strata;
  for (const Stratum& h : shape.strata) strata.push_back({static_cast<double>(h.units), h.answers});
  std::vector<domain::WeightCell> of;
  for (const LevelCell& cell : cells) {
    const Stratum& h = shape.strata[cell.stratum];
    of.push_back({cell.stratum, cell.respondents, static_cast<double>(h.units) / h.answers});
  }
  return {std::move(strata), std::move(of)};
}

void ScoreWeighted(const Shape& shape, const domain::Weighting& weighting,
                   const std::vector<LevelCell>& cells, double truth, ShareSums* sums) {
  std::vector<int32_t> base;
  std::vector<int32_t> yes;
  int32_t answers = 0;
  for (const LevelCell& cell : cells) {
    base.push_back(cell.respondents);
    yes.push_back(cell.yes);
    answers += cell.respondents;
  }
  const domain::Proportion share =
      EstimateWeightedProportion(weighting, base, yes, domain::Lonely::kAdjust, kLevel);
  const domain::ShareEstimate served = EstimateCalibratedShare(
      share, UnitsOf(shape), 0, domain::BaseKind::kFrame, UnitsOf(shape) - answers, kLevel,
      domain::IntervalChoice::kRecommended);
  sums->AddLinearised(share, truth);
  sums->of[kServed].Add({served.lower, served.upper}, truth);
}

}  // namespace

std::vector<IntervalRow> SimulateRakedShares(const Options& options, const Progress& progress) {
  const Shape shape = WholeFrame();
  std::vector<ShareSums> stratified(kPopulations);
  std::vector<ShareSums> raked(kPopulations);
  const int draws = std::max(1, options.draws / kPopulations);
  RunBlocks({kPopulations, 0, kPopulations}, options.threads, progress, [&](size_t number) {
    Random random(options.seed, 3000, number);
    const std::vector<LevelUnit> units = LevelPopulation(shape, static_cast<int>(number), random);
    const double truth = static_cast<double>(std::ranges::count_if(units, &LevelUnit::yes)) /
                         static_cast<double>(units.size());
    for (int draw = 0; draw < draws; ++draw) {
      const std::vector<LevelCell> cells = DrawByWill(shape, units, random);
      domain::Weighting weighting = WeightsOfStrata(shape, cells);
      ScoreWeighted(shape, weighting, cells, truth, &stratified[number]);
      // With some ninety answers of the rarest level and more this always has weights.
      if (!weighting.Rake(MarginsOf(shape, units, cells), {}).ok()) std::abort();
      ScoreWeighted(shape, weighting, cells, truth, &raked[number]);
    }
  });
  constexpr Method kShown[] = {kWald, kLogit, kBeta, kWilson, kServed};
  return {RowOf(shape.title + "; answering hangs on a margin, weights of the strata", stratified,
                kShown),
          RowOf(shape.title + "; the same, raked to it", raked, kShown)};
}

}  // namespace imdi::coverage
