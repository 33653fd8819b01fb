// Shares whose base the frame gives: everybody's.

#include <algorithm>
#include <numeric>
#include <utility>

#include "tests/bench/coverage/draws.h"

namespace imdi::coverage {
namespace {

std::vector<Shape> FrameShapes() {
  std::vector<Shape> shapes;
  const auto add = [&shapes](std::vector<Stratum> strata) {
    shapes.push_back(ShapeOf(std::move(strata)));
  };
  add({{8, 6}});
  add({{15, 11}});
  add({{20, 15}});
  add({{44, 32}});
  add({{100, 73}});
  add({{441, 322}});
  add({{12, 8}, {8, 6}, {3, 3}});
  add({{10, 5}, {9, 7}, {6, 5}});
  add({{20, 14}, {12, 9}, {6, 5}});
  add({{30, 18}, {20, 16}, {10, 9}});
  shapes.push_back(WholeFrame());
  return shapes;
}

// Units that say yes, by stratum: from none or few to nearly all over the populations, and strata
// apart from each other by about as much as size groups are.
std::vector<int32_t> Population(const Shape& shape, int number, Random& random) {
  const double logit = -4 + 8.0 * (number + 0.5) / kPopulations;
  std::vector<int32_t> yes;
  for (const Stratum& h : shape.strata) {
    const double p = Expit(logit + 0.5 * random.Normal());
    int32_t count = 0;
    for (int32_t unit = 0; unit < h.units; ++unit) count += random.Uniform() < p ? 1 : 0;
    yes.push_back(count);
  }
  return yes;
}

// Of `answers` drawn from `units`, of which `yes` say yes.
int32_t DrawYes(const Stratum& h, int32_t yes, Random& random) {
  int32_t left = h.units;
  int32_t drawn = 0;
  for (int32_t i = 0; i < h.answers; ++i, --left) {
    if (random.Below(static_cast<size_t>(left)) < static_cast<size_t>(yes - drawn)) ++drawn;
  }
  return drawn;
}

void ScoreDraw(const std::vector<domain::StratumCell>& cells, double truth, ShareSums* sums) {
  const domain::Proportion share = EstimateProportion(cells, domain::Lonely::kAdjust, kLevel);
  const domain::ShareEstimate served = EstimateShare(cells, domain::BaseKind::kFrame, 0, kLevel);
  int32_t units = 0;
  for (const domain::StratumCell& h : cells) units += h.domain_frame;
  const auto of_units = [units](const domain::CountInterval& count) {
    return domain::Interval{static_cast<double>(count.lower) / units,
                            static_cast<double>(count.upper) / units};
  };
  sums->AddLinearised(share, truth);
  sums->of[kPredictive].Add(of_units(domain::PredictiveInterval(cells, kLevel)), truth);
  if (cells.size() == 1)
    sums->of[kHypergeom].Add(
        of_units(domain::HypergeometricInterval(units, share.n, share.x, kLevel)), truth);
  sums->of[kServed].Add({served.lower, served.upper}, truth);
}

}  // namespace

std::vector<IntervalRow> SimulateIntervals(const Options& options, const Progress& progress) {
  const std::vector<Shape> shapes = FrameShapes();
  std::vector<IntervalRow> rows;
  const int draws = std::max(1, options.draws / kPopulations);
  for (size_t r = 0; r < shapes.size(); ++r) {
    const Shape& shape = shapes[r];
    std::vector<ShareSums> sums(kPopulations);
    const Blocks blocks{kPopulations, r * kPopulations, shapes.size() * kPopulations};
    RunBlocks(blocks, options.threads, progress, [&](size_t number) {
      Random random(options.seed, r, number);
      const std::vector<int32_t> yes = Population(shape, static_cast<int>(number), random);
      const double truth = std::accumulate(yes.begin(), yes.end(), 0.0) / UnitsOf(shape);
      for (int draw = 0; draw < draws; ++draw) {
        std::vector<domain::StratumCell> cells;
        for (size_t h = 0; h < shape.strata.size(); ++h) {
          const Stratum& stratum = shape.strata[h];
          cells.push_back({stratum.units, stratum.answers, stratum.units, stratum.answers,
                           DrawYes(stratum, yes[h], random)});
        }
        ScoreDraw(cells, truth, &sums[number]);
      }
    });
    std::vector<Method> methods = {kWald, kLogit, kBeta, kWilson, kPredictive};
    if (shape.strata.size() == 1) methods.push_back(kHypergeom);
    methods.push_back(kServed);
    rows.push_back(RowOf(shape.title, sums, methods));
  }
  return rows;
}

}  // namespace imdi::coverage
