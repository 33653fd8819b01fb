#include "tests/bench/coverage/draws.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numbers>
#include <thread>
#include <utility>

namespace imdi::coverage {
namespace {

constexpr const char* kMethodNames[] = {"wald",       "logit",     "beta",  "wilson",
                                        "predictive", "hypergeom", "served"};

double PartOf(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

double Random::Normal() {
  return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::numbers::pi * Uniform());
}

double Expit(double logit) { return 1 / (1 + std::exp(-logit)); }

void RunBlocks(const Blocks& blocks, unsigned threads, const Progress& progress,
               const std::function<void(size_t)>& run) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  size_t done = blocks.before;
  const auto work = [&] {
    for (size_t block = next++; block < blocks.of_row; block = next++) {
      run(block);
      const std::lock_guard lock(mutex);
      progress(++done, blocks.all);
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < std::max(1U, threads); ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
}

Shape ShapeOf(std::vector<Stratum> strata) {
  std::string units;
  std::string answers;
  for (const Stratum& h : strata) {
    units += (units.empty() ? "" : ",") + std::to_string(h.units);
    answers += (answers.empty() ? "" : ",") + std::to_string(h.answers);
  }
  return {units + "; " + answers, std::move(strata)};
}

Shape WholeFrame() {
  Shape whole;
  int32_t all = 0;
  int32_t answered = 0;
  for (int32_t h = 0; h < 30; ++h) {
    const int32_t units = 8 + (h * 7) % 15;
    whole.strata.push_back({units, units * (60 + h) / 90});
    all += units;
    answered += whole.strata.back().answers;
  }
  whole.title = std::to_string(all) + " in 30 strata; " + std::to_string(answered);
  return whole;
}

int32_t UnitsOf(const Shape& shape) {
  int32_t units = 0;
  for (const Stratum& h : shape.strata) units += h.units;
  return units;
}

void DrawAnswers(const Shape& shape, std::span<uint32_t> units, Random& random) {
  size_t first = 0;
  for (const Stratum& h : shape.strata) {
    const auto size = static_cast<size_t>(h.units);
    for (size_t i = 0; i < static_cast<size_t>(h.answers); ++i)
      std::swap(units[first + i], units[first + i + random.Below(size - i)]);
    first += size;
  }
}

void IntervalSum::Add(const domain::Interval& interval, double truth) {
  ++draws;
  if (interval.lower <= truth + 1e-12 && truth <= interval.upper + 1e-12) ++covered;
  width += interval.upper - interval.lower;
}

IntervalScore ScoreOf(const std::string& method, std::span<const IntervalSum> populations) {
  IntervalScore score{method, 0, 1, 0};
  int64_t all = 0;
  int64_t covered = 0;
  for (const IntervalSum& one : populations) {
    all += one.draws;
    covered += one.covered;
    score.width += one.width;
    score.worst_coverage = std::min(score.worst_coverage, PartOf(one.covered, one.draws));
  }
  score.coverage = PartOf(covered, all);
  score.width /= static_cast<double>(all);
  return score;
}

void ShareSums::Add(Method method, const std::optional<domain::Interval>& interval, double point,
                    double truth) {
  of[method].Add(interval.value_or(domain::Interval{point, point}), truth);
}

void ShareSums::AddLinearised(const domain::Proportion& share, double truth) {
  Add(kWald, WaldInterval(share, kLevel), share.estimate, truth);
  Add(kLogit, LogitInterval(share, kLevel), share.estimate, truth);
  Add(kBeta, BetaInterval(share, kLevel), share.estimate, truth);
  Add(kWilson, WilsonInterval(share, kLevel), share.estimate, truth);
}

IntervalRow RowOf(const std::string& title, std::span<const ShareSums> populations,
                  std::span<const Method> methods) {
  IntervalRow row{title, static_cast<int>(populations.size()), {}};
  for (const Method method : methods) {
    std::vector<IntervalSum> sums;
    for (const ShareSums& one : populations) sums.push_back(one.of[method]);
    row.scores.push_back(ScoreOf(kMethodNames[method], sums));
  }
  return row;
}

}  // namespace imdi::coverage
