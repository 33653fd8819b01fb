// imdi-coverage: prints how often intervals hold the truth and how often tests err, by simulation
// from invented populations. Tables go to standard output, progress to standard error.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "CLI/CLI.hpp"
#include "tests/bench/coverage/simulation.h"

namespace imdi::coverage {
namespace {

class Meter {
 public:
  explicit Meter(const char* what) : what_(what), show_(isatty(STDERR_FILENO) != 0) {}
  ~Meter() {
    if (show_) std::fprintf(stderr, "\r%60s\r", "");
  }
  void Show(size_t done, size_t all) const {
    if (show_)
      std::fprintf(stderr, "\r%s: %zu of %zu blocks", what_, done, all);
    else if (done == all || done % (all / 4 + 1) == 0)
      std::fprintf(stderr, "%s: %zu of %zu blocks\n", what_, done, all);
  }

 private:
  const char* what_;
  bool show_;
};

void Print(const std::vector<IntervalRow>& rows) {
  std::printf(
      "Intervals of a share, level 95 percent: part of the draws whose interval holds the truth /\n"
      "the same in the population where it is lowest / mean width. %d populations a row, from few\n"
      "yes to nearly all.\n\n",
      rows.empty() ? 0 : rows[0].populations);
  std::printf("| units; answers |");
  for (const IntervalScore& score : rows.front().scores) std::printf(" %s |", score.method.c_str());
  std::printf("\n|---|");
  for (size_t i = 0; i < rows.front().scores.size(); ++i) std::printf("---|");
  std::printf("\n");
  for (const IntervalRow& row : rows) {
    std::printf("| %s |", row.title.c_str());
    for (const IntervalScore& column : rows.front().scores) {
      const auto score = std::ranges::find(row.scores, column.method, &IntervalScore::method);
      if (score == row.scores.end()) {
        std::printf(" |");
      } else {
        std::printf(" %.3f / %.3f / %.3f |", score->coverage, score->worst_coverage, score->width);
      }
    }
    std::printf("\n");
  }
}

void Print(const std::vector<ChangeRow>& rows) {
  std::printf(
      "\nChange between two years, 322 of 441 units answer each: mean standard error / coverage "
      "of\n"
      "the interval / rejected at 5 percent without a change / with one of %+.1f percentage "
      "points.\nMcNemar: the last two.\n\n",
      100 * rows.front().change);
  std::printf("| corr. of response | keep their answer | true SD |");
  for (const TestScore& score : rows.front().scores) std::printf(" %s |", score.method.c_str());
  std::printf("\n|---|---|---|");
  for (size_t i = 0; i < rows.front().scores.size(); ++i) std::printf("---|");
  std::printf("\n");
  for (const ChangeRow& row : rows) {
    std::printf("| %.1f | %.0f %% | %.4f |", row.response_correlation, 100 * row.kept,
                row.standard_deviation);
    for (const TestScore& score : row.scores) {
      if (score.standard_error > 0)
        std::printf(" %.4f / %.3f / %.3f / %.3f |", score.standard_error, score.coverage,
                    score.rejected_without_change, score.rejected_with_change);
      else
        std::printf(" %.3f / %.3f |", score.rejected_without_change, score.rejected_with_change);
    }
    std::printf("\n");
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Shows by simulation what intervals and tests do", "imdi-coverage");
  Options options;
  options.threads = std::max(1U, std::thread::hardware_concurrency());
  app.add_option("--draws", options.draws, "draws of every row")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "the same seed gives the same numbers")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::printf("seed %llu, %d draws a row\n\n", static_cast<unsigned long long>(options.seed),
              options.draws);
  const auto begin = std::chrono::steady_clock::now();
  {
    const Meter meter("intervals");
    Print(SimulateIntervals(options, [&meter](size_t done, size_t all) { meter.Show(done, all); }));
  }
  {
    const Meter meter("changes");
    Print(SimulateChanges(options, [&meter](size_t done, size_t all) { meter.Show(done, all); }));
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::fprintf(stderr, "%.1f s on %u threads\n", taken.count(), options.threads);
  return 0;
}

}  // namespace
}  // namespace imdi::coverage

int main(int argc, char** argv) { return imdi::coverage::Main(argc, argv); }
