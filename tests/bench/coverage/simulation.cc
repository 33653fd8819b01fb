#include "tests/bench/coverage/simulation.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "services/domain/change.h"
#include "services/domain/estimate.h"
#include "services/domain/intervals.h"

namespace imdi::coverage {
namespace {

constexpr double kLevel = 0.95;
constexpr int kPopulations = 25;  // Of every row of intervals.
constexpr int kBlocks = 20;       // Of every population.

class Random {
 public:
  Random(uint64_t seed, uint64_t row, uint64_t block) {
    std::seed_seq words{seed, row, block};
    engine_.seed(words);
  }
  // 0 … n - 1. What is lost to equality is below 2^-50 here.
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  double Uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) / 9007199254740992.0; }
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::numbers::pi * Uniform());
  }

 private:
  std::mt19937_64 engine_;
};

// Runs all blocks over the threads.
void RunBlocks(size_t blocks, unsigned threads, const Progress& progress, size_t before, size_t all,
               const std::function<void(size_t)>& run) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  size_t done = before;
  const auto work = [&] {
    for (size_t block = next++; block < blocks; block = next++) {
      run(block);
      const std::lock_guard lock(mutex);
      progress(++done, all);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < std::max(1U, threads); ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
}

// ---- Intervals

struct Stratum {
  int32_t units;
  int32_t answers;
};
struct Shape {
  std::string title;
  std::vector<Stratum> strata;
};

std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  const auto add = [&shapes](std::vector<Stratum> strata) {
    std::string units;
    std::string answers;
    for (const Stratum& h : strata) {
      units += (units.empty() ? "" : ",") + std::to_string(h.units);
      answers += (answers.empty() ? "" : ",") + std::to_string(h.answers);
    }
    shapes.push_back({units + "; " + answers, std::move(strata)});
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
  // About the whole frame: 30 strata of 8 to 22 units, of which 67 to 99 percent answer.
  Shape whole{"441 in 30 strata; 322", {}};
  for (int32_t h = 0; h < 30; ++h) {
    const int32_t units = 8 + (h * 7) % 15;
    whole.strata.push_back({units, units * (60 + h) / 90});
  }
  int32_t units = 0;
  int32_t answers = 0;
  for (const Stratum& h : whole.strata) {
    units += h.units;
    answers += h.answers;
  }
  whole.title = std::to_string(units) + " in 30 strata; " + std::to_string(answers);
  shapes.push_back(std::move(whole));
  return shapes;
}

// Units that say yes, by stratum: from none or few to nearly all over the populations, and strata
// apart from each other by about as much as size groups are.
std::vector<int32_t> Population(const Shape& shape, int number, Random& random) {
  const double logit = -4 + 8.0 * (number + 0.5) / kPopulations;
  std::vector<int32_t> yes;
  for (const Stratum& h : shape.strata) {
    const double p = 1 / (1 + std::exp(-(logit + 0.5 * random.Normal())));
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

enum Method { kWald, kLogit, kBeta, kWilson, kPredictive, kHypergeom, kServed, kMethods };
constexpr const char* kMethodNames[] = {"wald",       "logit",     "beta",  "wilson",
                                        "predictive", "hypergeom", "served"};

struct IntervalSums {
  int64_t draws = 0;
  int64_t covered[kMethods] = {};
  double width[kMethods] = {};
};

void ScoreDraw(const std::vector<domain::StratumCell>& cells, double truth, IntervalSums* sums) {
  const domain::Proportion share = EstimateProportion(cells, domain::Lonely::kAdjust, kLevel);
  const domain::ShareEstimate served = EstimateShare(cells, domain::BaseKind::kFrame, 0, kLevel);
  int32_t units = 0;
  for (const domain::StratumCell& h : cells) units += h.domain_frame;
  const auto of_units = [units](const domain::CountInterval& count) {
    return domain::Interval{static_cast<double>(count.lower) / units,
                            static_cast<double>(count.upper) / units};
  };
  std::optional<domain::Interval> intervals[kMethods];
  intervals[kWald] = WaldInterval(share, kLevel);
  intervals[kLogit] = LogitInterval(share, kLevel);
  intervals[kBeta] = BetaInterval(share, kLevel);
  intervals[kWilson] = WilsonInterval(share, kLevel);
  intervals[kPredictive] = of_units(domain::PredictiveInterval(cells, kLevel));
  if (cells.size() == 1)
    intervals[kHypergeom] =
        of_units(domain::HypergeometricInterval(units, share.n, share.x, kLevel));
  intervals[kServed] = domain::Interval{served.lower, served.upper};
  ++sums->draws;
  for (int m = 0; m < kMethods; ++m) {
    const domain::Interval interval =
        intervals[m].value_or(domain::Interval{share.estimate, share.estimate});
    // Ends are quotients as the truth is: no more than rounding lies between equal ones.
    if (interval.lower <= truth + 1e-12 && truth <= interval.upper + 1e-12) ++sums->covered[m];
    sums->width[m] += interval.upper - interval.lower;
  }
}

// ---- Changes

constexpr int32_t kUnits = 441;
constexpr int32_t kAnswers = 322;
constexpr double kShift = 0.05;

struct TwoYears {
  std::vector<bool> first;
  std::vector<bool> second;
};

// Four in ten say yes; `kept` of the units say it again, the others anew; and then as many turn as
// it takes to have `change` more yes than before.
TwoYears MakeYears(double kept, int32_t change, Random& random) {
  TwoYears out;
  int32_t before = 0;
  int32_t after = 0;
  for (int32_t i = 0; i < kUnits; ++i) {
    const bool yes = random.Uniform() < 0.4;
    const bool again = random.Uniform() < kept ? yes : random.Uniform() < 0.4;
    out.first.push_back(yes);
    out.second.push_back(again);
    before += yes;
    after += again;
  }
  while (after != before + change) {
    const size_t unit = random.Below(kUnits);
    const bool more = after < before + change;
    if (out.second[unit] != more) {
      out.second[unit] = more;
      after += more ? 1 : -1;
    }
  }
  return out;
}

// Who answers each year: the kAnswers most willing, where part of the will stays.
void DrawAnswers(double correlation, Random& random, std::vector<bool>* first,
                 std::vector<bool>* second) {
  std::vector<std::pair<double, size_t>> will_first(kUnits);
  std::vector<std::pair<double, size_t>> will_second(kUnits);
  const double common = std::sqrt(correlation);
  const double own = std::sqrt(1 - correlation);
  for (size_t i = 0; i < kUnits; ++i) {
    const double lasting = random.Normal();
    will_first[i] = {common * lasting + own * random.Normal(), i};
    will_second[i] = {common * lasting + own * random.Normal(), i};
  }
  for (const auto& [will, out] : {std::pair(&will_first, first), std::pair(&will_second, second)}) {
    std::ranges::nth_element(*will, will->begin() + kAnswers);
    out->assign(kUnits, false);
    for (int32_t i = 0; i < kAnswers; ++i) (*out)[(*will)[static_cast<size_t>(i)].second] = true;
  }
}

domain::PairCell CountPairs(const TwoYears& years, const std::vector<bool>& first,
                            const std::vector<bool>& second) {
  domain::PairCell cell;
  cell.frame_a = cell.frame_b = cell.frame_both = kUnits;
  const auto state = [](bool answers, bool yes) {
    return !answers ? domain::AnswerState::kSilent
           : yes    ? domain::AnswerState::kYes
                    : domain::AnswerState::kNo;
  };
  for (size_t i = 0; i < kUnits; ++i)
    ++cell.At(state(first[i], years.first[i]), state(second[i], years.second[i]));
  return cell;
}

enum Test { kOverlap, kStacked, kStackedWithout, kMidP, kExact, kTests };
constexpr const char* kTestNames[] = {"overlap_fpc", "stacked_fpc", "stacked_nofpc",
                                      "mcnemar mid-p", "mcnemar exact"};

struct ChangeSums {
  int64_t draws = 0;
  int64_t covered[kTests] = {};
  int64_t rejected[kTests] = {};
  double standard_error[kTests] = {};
  double estimate = 0;
  double square = 0;
};

void ScoreChange(const domain::PairCell& cell, double truth, ChangeSums* sums) {
  const std::vector<domain::PairCell> strata = {cell};
  const domain::Change changes[] = {
      EstimateChange(strata, kLevel),
      EstimateStackedChange(strata, domain::Stacked::kCorrected, kLevel),
      EstimateStackedChange(strata, domain::Stacked::kUncorrected, kLevel)};
  const domain::PanelTest panel = McNemar(strata);
  ++sums->draws;
  sums->estimate += changes[0].estimate;
  sums->square += (changes[0].estimate - truth) * (changes[0].estimate - truth);
  for (int m = 0; m < 3; ++m) {
    const domain::ChangeTest& test = changes[m].test;
    sums->standard_error[m] += test.standard_error;
    if (test.interval.has_value() && test.interval->lower <= truth && truth <= test.interval->upper)
      ++sums->covered[m];
    if (test.p.value_or(1) < 1 - kLevel) ++sums->rejected[m];
  }
  if (panel.tested && panel.p_mid < 1 - kLevel) ++sums->rejected[kMidP];
  if (panel.tested && panel.p_exact < 1 - kLevel) ++sums->rejected[kExact];
}

double Part(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<IntervalRow> SimulateIntervals(const Options& options, const Progress& progress) {
  const std::vector<Shape> shapes = Shapes();
  std::vector<IntervalRow> rows;
  const int draws = std::max(1, options.draws / kPopulations);
  for (size_t r = 0; r < shapes.size(); ++r) {
    const Shape& shape = shapes[r];
    std::vector<IntervalSums> sums(kPopulations);
    RunBlocks(kPopulations, options.threads, progress, r * kPopulations,
              shapes.size() * kPopulations, [&](size_t number) {
                Random random(options.seed, r, number);
                const std::vector<int32_t> yes =
                    Population(shape, static_cast<int>(number), random);
                const double truth =
                    std::accumulate(yes.begin(), yes.end(), 0.0) /
                    std::accumulate(shape.strata.begin(), shape.strata.end(), 0.0,
                                    [](double sum, const Stratum& h) { return sum + h.units; });
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
    IntervalRow row{shape.title, kPopulations, {}};
    for (int m = 0; m < kMethods; ++m) {
      if (m == kHypergeom && shape.strata.size() > 1) continue;
      IntervalScore score{kMethodNames[m], 0, 1, 0};
      int64_t all = 0;
      int64_t covered = 0;
      for (const IntervalSums& one : sums) {
        all += one.draws;
        covered += one.covered[m];
        score.width += one.width[m];
        score.worst_coverage = std::min(score.worst_coverage, Part(one.covered[m], one.draws));
      }
      score.coverage = Part(covered, all);
      score.width /= static_cast<double>(all);
      row.scores.push_back(score);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<ChangeRow> SimulateChanges(const Options& options, const Progress& progress) {
  std::vector<ChangeRow> rows;
  const double kept[] = {0.75, 0.95};
  const double correlations[] = {0, 0.5, 0.9};
  constexpr size_t kRows = std::size(kept) * std::size(correlations);
  const int draws = std::max(1, options.draws / kBlocks);
  const auto change = static_cast<int32_t>(std::lround(kShift * kUnits));
  for (const double keeping : kept) {
    for (const double correlation : correlations) {
      const size_t r = rows.size();
      // Without and with a change, by block.
      std::vector<ChangeSums> none(kBlocks);
      std::vector<ChangeSums> some(kBlocks);
      RunBlocks(kBlocks, options.threads, progress, r * kBlocks, kRows * kBlocks,
                [&](size_t block) {
                  Random random(options.seed, 1000 + r, block);
                  const TwoYears same = MakeYears(keeping, 0, random);
                  const TwoYears more = MakeYears(keeping, change, random);
                  std::vector<bool> first;
                  std::vector<bool> second;
                  for (int draw = 0; draw < draws; ++draw) {
                    DrawAnswers(correlation, random, &first, &second);
                    ScoreChange(CountPairs(same, first, second), 0, &none[block]);
                    ScoreChange(CountPairs(more, first, second),
                                static_cast<double>(change) / kUnits, &some[block]);
                  }
                });
      ChangeSums without;
      ChangeSums with;
      for (const auto& [blocks, to] : {std::pair(&none, &without), std::pair(&some, &with)}) {
        for (const ChangeSums& one : *blocks) {
          to->draws += one.draws;
          to->square += one.square;
          for (int m = 0; m < kTests; ++m) {
            to->covered[m] += one.covered[m];
            to->rejected[m] += one.rejected[m];
            to->standard_error[m] += one.standard_error[m];
          }
        }
      }
      ChangeRow row{correlation,
                    keeping,
                    static_cast<double>(change) / kUnits,
                    std::sqrt(without.square / static_cast<double>(without.draws)),
                    {}};
      for (int m = 0; m < kTests; ++m) {
        row.scores.push_back(
            {kTestNames[m], without.standard_error[m] / static_cast<double>(without.draws),
             m < kMidP ? Part(with.covered[m] + without.covered[m], with.draws + without.draws) : 0,
             Part(without.rejected[m], without.draws), Part(with.rejected[m], with.draws)});
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace imdi::coverage
