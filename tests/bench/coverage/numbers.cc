// Means with the t interval, and medians with Woodruff's, as figures carry them.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "services/domain/linear_estimate.h"
#include "services/domain/number_estimate.h"
#include "services/domain/quantile.h"
#include "services/domain/weighting.h"
#include "tests/bench/coverage/draws.h"

namespace imdi::coverage {
namespace {

constexpr double kNumberAsked = 0.7;
constexpr int kLeastScore = 1;
constexpr int kMostScore = 5;

// Numbers with a long tail are amounts, of which hardly two are equal, or weeks, of which many are.
enum class What : uint8_t { kMeanOfScores, kMeanOfAmounts, kMedianOfAmounts, kMedianOfWeeks };

bool IsMedian(What what) { return what >= What::kMedianOfAmounts; }

struct NumberUnit {
  bool asked = false;
  int32_t number = 0;
};

// Scores from low to high over the populations; or whole numbers with a long tail. Strata differ.
std::vector<NumberUnit> NumberPopulation(const Shape& shape, What what, int number,
                                         Random& random) {
  const double place = -1.5 + 3.0 * (number + 0.5) / kPopulations;
  std::vector<NumberUnit> units;
  for (const Stratum& h : shape.strata) {
    const double asked = Expit(std::log(kNumberAsked / (1 - kNumberAsked)) + 0.5 * random.Normal());
    const double of_stratum = 0.5 * random.Normal();
    for (int32_t i = 0; i < h.units; ++i) {
      const bool is_asked = random.Chance(asked);
      const double latent = of_stratum + random.Normal();
      const double value =
          what == What::kMeanOfScores
              ? std::clamp(std::round(3 + place + latent), 1.0 * kLeastScore, 1.0 * kMostScore)
              : std::round(std::exp((what == What::kMedianOfWeeks ? 2 : 6) + 0.7 * latent));
      units.push_back({is_asked, static_cast<int32_t>(value)});
    }
  }
  units.front().asked = true;  // There is a number.
  return units;
}

struct Facts {
  double truth = 0;
  double deviation = 0;  // Of the numbers of those asked.
};
Facts FactsOf(const std::vector<NumberUnit>& units, What what) {
  std::vector<int32_t> numbers;
  for (const NumberUnit& unit : units) {
    if (unit.asked) numbers.push_back(unit.number);
  }
  std::ranges::sort(numbers);
  const auto n = static_cast<double>(numbers.size());
  const double mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) / n;
  double squares = 0;
  for (const int32_t number : numbers) squares += (number - mean) * (number - mean);
  return {IsMedian(what) ? numbers[(numbers.size() + 1) / 2 - 1] : mean, std::sqrt(squares / n)};
}

struct NumberDraw {
  std::vector<domain::StratumCell> cells;
  std::vector<domain::SumsCell> sums;                // Side by side with them.
  std::vector<std::pair<size_t, int32_t>> answered;  // Stratum and number of the base.
  domain::NumberGround ground;
  int64_t sum = 0;
};

NumberDraw DrawNumbers(const Shape& shape, const std::vector<NumberUnit>& units,
                       std::span<const uint32_t> order, double blank, Random& random) {
  NumberDraw out;
  out.ground.kind = domain::BaseKind::kAnswers;
  out.ground.units = UnitsOf(shape);
  out.ground.census = true;
  size_t first = 0;
  for (size_t h = 0; h < shape.strata.size(); ++h) {
    const Stratum& stratum = shape.strata[h];
    domain::StratumCell& cell =
        out.cells.emplace_back(domain::StratumCell{.frame = stratum.units,
                                                   .responded = stratum.answers,
                                                   .domain_frame = stratum.units,
                                                   .base = 0,
                                                   .yes = 0});
    domain::SumsCell& sums = out.sums.emplace_back();
    sums.frame = stratum.units;
    sums.responded = stratum.answers;
    out.ground.may_belong += stratum.units - stratum.answers;
    for (size_t i = first; i < first + static_cast<size_t>(stratum.answers); ++i) {
      const NumberUnit& unit = units[order[i]];
      if (!unit.asked) continue;
      if (random.Chance(blank)) {
        ++out.ground.may_belong;
        continue;
      }
      ++cell.base;
      sums.Add(unit.number, 1);
      out.answered.emplace_back(h, unit.number);
      out.sum += unit.number;
      ++out.ground.answers;
    }
    if (cell.base > 0) out.ground.census = out.ground.census && stratum.answers == stratum.units;
    first += static_cast<size_t>(stratum.units);
  }
  return out;
}

domain::NumberEstimate MeanOf(NumberDraw& draw, bool scores) {
  const int32_t n = draw.ground.answers;
  draw.ground.of_answers = static_cast<double>(draw.sum) / n;
  if (scores)
    draw.ground.bounds = domain::MeanBounds(static_cast<double>(draw.sum), n,
                                            draw.ground.may_belong, kLeastScore, kMostScore);
  return EstimateNumber(domain::EstimateRatio(draw.sums, 1, 1, domain::Lonely::kAdjust),
                        draw.ground, kLevel);
}

domain::NumberEstimate MedianOf(NumberDraw& draw) {
  std::vector<uint32_t> cell_of;
  const domain::Weighting weighting = domain::Weighting::OfStrata(draw.cells, &cell_of);
  std::vector<domain::QuantileRow> rows;
  std::vector<int32_t> sorted;
  for (const auto& [stratum, number] : draw.answered) {
    rows.push_back({cell_of[stratum], static_cast<double>(number)});
    sorted.push_back(number);
  }
  std::ranges::sort(sorted);
  draw.ground.of_answers = sorted[(sorted.size() + 1) / 2 - 1];
  constexpr double kHalf[] = {0.5};
  return EstimateNumber(
      domain::EstimateQuantiles(weighting, rows, kHalf, domain::QuantileRule::kLeftInverse,
                                domain::QuantileInterval::kWald, domain::Lonely::kAdjust, kLevel),
      0, sorted.front(), sorted.back(), draw.ground, kLevel);
}

}  // namespace

std::vector<IntervalRow> SimulateNumbers(const Options& options, const Progress& progress) {
  struct Case {
    What what;
    Shape shape;
    double blank;  // Part of those asked that leave it blank.
  };
  const Shape one = ShapeOf({{44, 32}});
  const Shape whole = WholeFrame();
  std::vector<Case> cases;
  for (const What what : {What::kMeanOfScores, What::kMeanOfAmounts, What::kMedianOfAmounts}) {
    cases.push_back({what, one, 0.06});
    cases.push_back({what, whole, 0});
    cases.push_back({what, whole, 0.06});
  }
  cases.push_back({What::kMedianOfWeeks, whole, 0});
  std::vector<IntervalRow> rows;
  const int draws = std::max(1, options.draws / kPopulations);
  for (size_t r = 0; r < cases.size(); ++r) {
    const auto& [what, shape, blank] = cases[r];
    std::vector<IntervalSum> sums(kPopulations);
    const Blocks blocks{kPopulations, r * kPopulations, cases.size() * kPopulations};
    RunBlocks(blocks, options.threads, progress,
              [&, kind = what, &frame = shape, left = blank](size_t number) {
                Random random(options.seed, 4000 + r, number);
                const std::vector<NumberUnit> units =
                    NumberPopulation(frame, kind, static_cast<int>(number), random);
                const Facts facts = FactsOf(units, kind);
                std::vector<uint32_t> order(units.size());
                std::iota(order.begin(), order.end(), 0U);
                for (int i = 0; i < draws; ++i) {
                  DrawAnswers(frame, order, random);
                  NumberDraw draw = DrawNumbers(frame, units, order, left, random);
                  if (draw.ground.answers == 0) continue;  // No figure.
                  const domain::NumberEstimate served =
                      IsMedian(kind) ? MedianOf(draw) : MeanOf(draw, kind == What::kMeanOfScores);
                  // In standard deviations, so that widths can be compared.
                  sums[number].Add({served.lower / facts.deviation, served.upper / facts.deviation},
                                   facts.truth / facts.deviation);
                }
              });
    constexpr const char* kTitles[] = {"mean of scores 1 to 5; ", "mean of amounts; ",
                                       "median of amounts; ", "median of weeks, many equal; "};
    rows.push_back({kTitles[static_cast<size_t>(what)] + shape.title +
                        (blank > 0 ? "; 6 % blank" : "; nobody blank"),
                    kPopulations,
                    {ScoreOf(IsMedian(what) ? "Woodruff" : "t", sums)}});
  }
  return rows;
}

}  // namespace imdi::coverage
