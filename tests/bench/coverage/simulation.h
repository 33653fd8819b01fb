#pragma once

// What intervals and tests do when it is known what is true: invented populations of which all is
// known, many draws of who answers, and how often each interval holds the truth and each test
// rejects it. Draws come in blocks, each with a seed of its own, so that neither the number of
// threads nor their order can change a number.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace imdi::coverage {

struct Options {
  uint64_t seed = 1;
  int draws = 200'000;  // Of every row.
  unsigned threads = 1;
};
// Told after each block how many of all are done; called by one thread at a time.
using Progress = std::function<void(size_t done, size_t all)>;

// One method over all draws of a row. An interval that does not exist counts as the point alone.
struct IntervalScore {
  std::string method;
  double coverage = 0;        // Part of the draws whose interval holds the truth.
  double worst_coverage = 0;  // Of the population where it is lowest.
  double width = 0;           // Mean.
};
struct IntervalRow {
  std::string title;  // Units and answers by stratum.
  int populations = 0;
  std::vector<IntervalScore> scores;
};
// Shares within one stratum and over several: wald, logit, beta, wilson, predictive, hypergeom (one
// stratum only), and served: what a figure with a base of the frame carries.
std::vector<IntervalRow> SimulateIntervals(const Options& options, const Progress& progress);

struct TestScore {
  std::string method;
  double standard_error = 0;           // Mean; 0 for a test without one.
  double coverage = 0;                 // Of the interval of the change; 0 likewise.
  double rejected_without_change = 0;  // p < 0.05 though both years have equally many yes.
  double rejected_with_change = 0;     // The same where they differ.
};
struct ChangeRow {
  double response_correlation = 0;  // Of the will to answer in the two years.
  double kept = 0;                  // Part of the units that give the same answer again, whatever.
  double change = 0;                // Of the population with change.
  double standard_deviation = 0;    // Of the estimates, in the population without change.
  std::vector<TestScore> scores;
};
// 441 units of which 322 answer each year: overlap_fpc, stacked_fpc, stacked_nofpc, and McNemar's
// mid-p and exact test.
std::vector<ChangeRow> SimulateChanges(const Options& options, const Progress& progress);

}  // namespace imdi::coverage
