// Changes between two years of the same units, in one stratum or in many.

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "services/domain/change.h"
#include "tests/bench/coverage/draws.h"

namespace imdi::coverage {
namespace {

constexpr int kBlocksOfRow = 20;
constexpr double kShift = 0.05;

struct TwoYears {
  std::vector<bool> first;
  std::vector<bool> second;
};

// Four in ten say yes, in several strata around as much as size groups differ; `kept` of the units
// say it again, the others anew; and then as many turn as it takes to have `change` more yes than
// before.
TwoYears MakeYears(const Shape& shape, double kept, int32_t change, Random& random) {
  TwoYears out;
  int32_t before = 0;
  int32_t after = 0;
  for (const Stratum& h : shape.strata) {
    const double p =
        shape.strata.size() == 1 ? 0.4 : Expit(std::log(0.4 / 0.6) + 0.5 * random.Normal());
    for (int32_t i = 0; i < h.units; ++i) {
      const bool yes = random.Chance(p);
      const bool again = random.Chance(kept) ? yes : random.Chance(p);
      out.first.push_back(yes);
      out.second.push_back(again);
      before += yes;
      after += again;
    }
  }
  while (after != before + change) {
    const size_t unit = random.Below(out.second.size());
    const bool more = after < before + change;
    if (out.second[unit] != more) {
      out.second[unit] = more;
      after += more ? 1 : -1;
    }
  }
  return out;
}

// Who answers each year: the most willing of each stratum, where part of the will stays.
void DrawTwoYears(const Shape& shape, double correlation, Random& random, std::vector<bool>* first,
                  std::vector<bool>* second) {
  using Will = std::vector<std::pair<double, size_t>>;
  const double common = std::sqrt(correlation);
  const double own = std::sqrt(1 - correlation);
  const auto units = static_cast<size_t>(UnitsOf(shape));
  first->assign(units, false);
  second->assign(units, false);
  size_t begin = 0;
  for (const Stratum& h : shape.strata) {
    Will will_first;
    Will will_second;
    for (size_t i = begin; i < begin + static_cast<size_t>(h.units); ++i) {
      const double lasting = random.Normal();
      will_first.emplace_back(common * lasting + own * random.Normal(), i);
      will_second.emplace_back(common * lasting + own * random.Normal(), i);
    }
    for (const auto& [will, out] :
         {std::pair(&will_first, first), std::pair(&will_second, second)}) {
      std::ranges::nth_element(*will, will->begin() + h.answers);
      for (int32_t i = 0; i < h.answers; ++i) (*out)[(*will)[static_cast<size_t>(i)].second] = true;
    }
    begin += static_cast<size_t>(h.units);
  }
}

std::vector<domain::PairCell> CountPairs(const Shape& shape, const TwoYears& years,
                                         const std::vector<bool>& first,
                                         const std::vector<bool>& second) {
  const auto state = [](bool answers, bool yes) {
    return !answers ? domain::AnswerState::kSilent
           : yes    ? domain::AnswerState::kYes
                    : domain::AnswerState::kNo;
  };
  std::vector<domain::PairCell> cells;
  size_t i = 0;
  for (const Stratum& h : shape.strata) {
    domain::PairCell& cell = cells.emplace_back();
    cell.frame_a = cell.frame_b = cell.frame_both = h.units;
    for (const size_t end = i + static_cast<size_t>(h.units); i < end; ++i)
      ++cell.At(state(first[i], years.first[i]), state(second[i], years.second[i]));
  }
  return cells;
}

enum Test { kOverlap, kStacked, kStackedWithout, kMidP, kExact, kTests };
constexpr const char* kTestNames[] = {"overlap_fpc", "stacked_fpc", "stacked_nofpc",
                                      "mcnemar mid-p", "mcnemar exact"};

struct ChangeSums {
  int64_t draws = 0;
  int64_t covered[kTests] = {};
  int64_t rejected[kTests] = {};
  double standard_error[kTests] = {};
  double square = 0;
};

void ScoreChange(const std::vector<domain::PairCell>& strata, double truth, ChangeSums* sums) {
  const domain::Change changes[] = {
      EstimateChange(strata, kLevel),
      EstimateStackedChange(strata, domain::Stacked::kCorrected, kLevel),
      EstimateStackedChange(strata, domain::Stacked::kUncorrected, kLevel)};
  const domain::PanelTest panel = McNemar(strata);
  ++sums->draws;
  sums->square += (changes[0].estimate - truth) * (changes[0].estimate - truth);
  for (int m = 0; m < kMidP; ++m) {
    const domain::ChangeTest& test = changes[m].test;
    sums->standard_error[m] += test.standard_error;
    if (test.interval.has_value() && test.interval->lower <= truth && truth <= test.interval->upper)
      ++sums->covered[m];
    if (test.p.value_or(1) < 1 - kLevel) ++sums->rejected[m];
  }
  if (panel.tested && panel.p_mid < 1 - kLevel) ++sums->rejected[kMidP];
  if (panel.tested && panel.p_exact < 1 - kLevel) ++sums->rejected[kExact];
}

ChangeSums SumOf(const std::vector<ChangeSums>& blocks) {
  ChangeSums out;
  for (const ChangeSums& one : blocks) {
    out.draws += one.draws;
    out.square += one.square;
    for (int m = 0; m < kTests; ++m) {
      out.covered[m] += one.covered[m];
      out.rejected[m] += one.rejected[m];
      out.standard_error[m] += one.standard_error[m];
    }
  }
  return out;
}

}  // namespace

std::vector<ChangeRow> SimulateChanges(const Options& options, const Progress& progress) {
  struct Case {
    Shape shape;
    double kept;
    double correlation;
  };
  const Shape one = ShapeOf({{441, 322}});
  const Shape many = WholeFrame();
  const std::vector<Case> cases = {{one, 0.75, 0},    {one, 0.75, 0.5},  {one, 0.75, 0.9},
                                   {one, 0.95, 0},    {one, 0.95, 0.5},  {one, 0.95, 0.9},
                                   {many, 0.75, 0.5}, {many, 0.95, 0.5}, {many, 0.95, 0.9}};
  std::vector<ChangeRow> rows;
  const int draws = std::max(1, options.draws / kBlocksOfRow);
  for (size_t r = 0; r < cases.size(); ++r) {
    const Shape& shape = cases[r].shape;
    const double units = UnitsOf(shape);
    const auto change = static_cast<int32_t>(std::lround(kShift * units));
    // Without and with a change, by block.
    std::vector<ChangeSums> none(kBlocksOfRow);
    std::vector<ChangeSums> some(kBlocksOfRow);
    const Blocks blocks{kBlocksOfRow, r * kBlocksOfRow, cases.size() * kBlocksOfRow};
    RunBlocks(blocks, options.threads, progress, [&](size_t block) {
      Random random(options.seed, 1000 + r, block);
      const TwoYears same = MakeYears(shape, cases[r].kept, 0, random);
      const TwoYears more = MakeYears(shape, cases[r].kept, change, random);
      std::vector<bool> first;
      std::vector<bool> second;
      for (int draw = 0; draw < draws; ++draw) {
        DrawTwoYears(shape, cases[r].correlation, random, &first, &second);
        ScoreChange(CountPairs(shape, same, first, second), 0, &none[block]);
        ScoreChange(CountPairs(shape, more, first, second), change / units, &some[block]);
      }
    });
    const ChangeSums without = SumOf(none);
    const ChangeSums with = SumOf(some);
    ChangeRow row{shape.title,
                  cases[r].correlation,
                  cases[r].kept,
                  change / units,
                  std::sqrt(without.square / static_cast<double>(without.draws)),
                  {}};
    const auto part = [](int64_t of, int64_t all) {
      return static_cast<double>(of) / static_cast<double>(all);
    };
    for (int m = 0; m < kTests; ++m) {
      row.scores.push_back(
          {kTestNames[m], without.standard_error[m] / static_cast<double>(without.draws),
           m < kMidP ? part(with.covered[m] + without.covered[m], with.draws + without.draws) : 0,
           part(without.rejected[m], without.draws), part(with.rejected[m], with.draws)});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace imdi::coverage
