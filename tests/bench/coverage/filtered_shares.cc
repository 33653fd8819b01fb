// Shares whose base answers give: a filter decides who is asked, and some who are leave it blank.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tests/bench/coverage/draws.h"

namespace imdi::coverage {
namespace {

constexpr double kAsked = 0.7;
constexpr double kBlank = 0.06;

struct AskedUnit {
  bool asked = false;  // The filter applies.
  bool yes = false;
};

// Units stratum by stratum; who is asked and who says yes differ between strata.
std::vector<AskedUnit> AskedPopulation(const Shape& shape, int number, Random& random) {
  const double logit = -4 + 8.0 * (number + 0.5) / kPopulations;
  std::vector<AskedUnit> units;
  for (const Stratum& h : shape.strata) {
    const double asked = Expit(std::log(kAsked / (1 - kAsked)) + 0.5 * random.Normal());
    const double yes = Expit(logit + 0.5 * random.Normal());
    for (int32_t i = 0; i < h.units; ++i)
      units.push_back({.asked = random.Chance(asked), .yes = random.Chance(yes)});
  }
  units.front().asked = true;  // There is a share.
  return units;
}

void ScoreFiltered(const Shape& shape, const std::vector<AskedUnit>& units,
                   std::span<const uint32_t> order, double truth, Random& random, ShareSums* sums) {
  std::vector<domain::StratumCell> cells;
  int32_t may_belong = 0;
  size_t first = 0;
  for (const Stratum& h : shape.strata) {
    domain::StratumCell& cell = cells.emplace_back(domain::StratumCell{
        .frame = h.units, .responded = h.answers, .domain_frame = h.units, .base = 0, .yes = 0});
    may_belong += h.units - h.answers;
    for (size_t i = first; i < first + static_cast<size_t>(h.answers); ++i) {
      const AskedUnit& unit = units[order[i]];
      if (!unit.asked) continue;
      if (random.Chance(kBlank)) {
        ++may_belong;
      } else {
        ++cell.base;
        cell.yes += unit.yes ? 1 : 0;
      }
    }
    first += static_cast<size_t>(h.units);
  }
  const domain::Proportion share = EstimateProportion(cells, domain::Lonely::kAdjust, kLevel);
  const domain::ShareEstimate served =
      EstimateShare(cells, domain::BaseKind::kAnswers, may_belong, kLevel);
  // Nobody of the base answered: no figure, no interval, and nothing to score.
  if (share.n == 0) return;
  sums->AddLinearised(share, truth);
  sums->of[kServed].Add({served.lower, served.upper}, truth);
}

}  // namespace

std::vector<IntervalRow> SimulateFilteredShares(const Options& options, const Progress& progress) {
  const std::vector<Shape> shapes = {ShapeOf({{44, 32}}), ShapeOf({{20, 14}, {12, 9}, {6, 5}}),
                                     WholeFrame()};
  constexpr Method kShown[] = {kWald, kLogit, kBeta, kWilson, kServed};
  std::vector<IntervalRow> rows;
  const int draws = std::max(1, options.draws / kPopulations);
  for (size_t r = 0; r < shapes.size(); ++r) {
    const Shape& shape = shapes[r];
    std::vector<ShareSums> sums(kPopulations);
    const Blocks blocks{kPopulations, r * kPopulations, shapes.size() * kPopulations};
    RunBlocks(blocks, options.threads, progress, [&](size_t number) {
      Random random(options.seed, 2000 + r, number);
      const std::vector<AskedUnit> units = AskedPopulation(shape, static_cast<int>(number), random);
      const auto asked = std::ranges::count_if(units, &AskedUnit::asked);
      const auto yes =
          std::ranges::count_if(units, [](const AskedUnit& u) { return u.asked && u.yes; });
      const double truth = static_cast<double>(yes) / static_cast<double>(asked);
      std::vector<uint32_t> order(units.size());
      std::iota(order.begin(), order.end(), 0U);
      for (int draw = 0; draw < draws; ++draw) {
        DrawAnswers(shape, order, random);
        ScoreFiltered(shape, units, order, truth, random, &sums[number]);
      }
    });
    rows.push_back(RowOf(shape.title + "; 70 % asked, 6 % of them blank", sums, kShown));
  }
  return rows;
}

}  // namespace imdi::coverage
