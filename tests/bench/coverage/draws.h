#pragma once

// What all simulations here share: random numbers that hang on nothing but the seed, blocks of
// draws over threads, frames in strata, and the sums of how intervals did.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "tests/bench/coverage/simulation.h"

namespace imdi::coverage {

inline constexpr double kLevel = 0.95;
inline constexpr int kPopulations = 25;  // Of every row of intervals.

class Random {
 public:
  Random(uint64_t seed, uint64_t row, uint64_t block) {
    std::seed_seq words{seed, row, block};
    engine_.seed(words);
  }
  // 0 … n - 1. What is lost to equality is below 2^-50 here.
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  double Uniform() { return (static_cast<double>(engine_() >> 11) + 0.5) / 9007199254740992.0; }
  double Normal();
  bool Chance(double p) { return Uniform() < p; }

 private:
  std::mt19937_64 engine_;
};

double Expit(double logit);

// Where a row's blocks stand among all that progress is told of.
struct Blocks {
  size_t of_row = 0;
  size_t before = 0;
  size_t all = 0;
};
// Runs all blocks of a row over the threads.
void RunBlocks(const Blocks& blocks, unsigned threads, const Progress& progress,
               const std::function<void(size_t)>& run);

struct Stratum {
  int32_t units;
  int32_t answers;
};
struct Shape {
  std::string title;  // "12,8,3; 8,6,3"
  std::vector<Stratum> strata;
};
Shape ShapeOf(std::vector<Stratum> strata);
// About the whole frame: 30 strata of 8 to 22 units, of which 67 to 99 percent answer.
Shape WholeFrame();
int32_t UnitsOf(const Shape& shape);

// Draws as many of `units` as answer, by stratum, each with the same chance; `units` hold each
// stratum's units one behind the other and are put in another order within it, so that those who
// answer come first.
void DrawAnswers(const Shape& shape, std::span<uint32_t> units, Random& random);

// One method over the draws of one population.
struct IntervalSum {
  int64_t draws = 0;
  int64_t covered = 0;
  double width = 0;
  // Ends may be quotients as the truth is: no more than rounding lies between equal ones.
  void Add(const domain::Interval& interval, double truth);
};
// A row's score out of its populations.
IntervalScore ScoreOf(const std::string& method, std::span<const IntervalSum> populations);

// Every interval of a share there is, with what is served. One that does not exist is its point.
enum Method { kWald, kLogit, kBeta, kWilson, kPredictive, kHypergeom, kServed, kMethods };
struct ShareSums {
  IntervalSum of[kMethods];
  void Add(Method method, const std::optional<domain::Interval>& interval, double point,
           double truth);
  // The four on a linearised variance.
  void AddLinearised(const domain::Proportion& share, double truth);
};
// `methods` in the order of the columns.
IntervalRow RowOf(const std::string& title, std::span<const ShareSums> populations,
                  std::span<const Method> methods);

}  // namespace imdi::coverage
