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
// Shares whose base answers give: 70 percent of the units are asked and some of them leave it
// blank; the truth is that of all who are asked. wald, logit, beta, wilson, and served: Wilson's on
// the effective number of answers, cut to the logical bounds.
std::vector<IntervalRow> SimulateFilteredShares(const Options& options, const Progress& progress);
// Shares of everybody where who answers hangs on something that says yes more often too: weights of
// the strata, which do not know it, and the same raked to margins that do. Methods as above.
std::vector<IntervalRow> SimulateRakedShares(const Options& options, const Progress& progress);
// Means of scores and of amounts with a long tail (t interval), medians of amounts and of whole
// weeks (Woodruff's), as served, with bases as those of filtered shares, with and without blanks.
// One score a row, named by its interval; widths in standard deviations of the population's
// numbers.
std::vector<IntervalRow> SimulateNumbers(const Options& options, const Progress& progress);

struct TestScore {
  std::string method;
  double standard_error = 0;           // Mean; 0 for a test without one.
  double coverage = 0;                 // Of the interval of the change; 0 likewise.
  double rejected_without_change = 0;  // p < 0.05 though both years have equally many yes.
  double rejected_with_change = 0;     // The same where they differ.
};
struct ChangeRow {
  std::string title;                // Units and answers, as of intervals.
  double response_correlation = 0;  // Of the will to answer in the two years.
  double kept = 0;                  // Part of the units that give the same answer again, whatever.
  double change = 0;                // Of the population with change.
  double standard_deviation = 0;    // Of the estimates, in the population without change.
  std::vector<TestScore> scores;
};
// In one stratum and in thirty, as many answers each year: overlap_fpc, stacked_fpc, stacked_nofpc,
// and McNemar's mid-p and exact test.
std::vector<ChangeRow> SimulateChanges(const Options& options, const Progress& progress);

}  // namespace imdi::coverage
