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

void Print(const char* of, const std::vector<IntervalRow>& rows) {
  std::printf("| %s |", of);
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

void PrintNumbers(const std::vector<IntervalRow>& rows) {
  std::printf("| number; units; answers | interval | |\n|---|---|---|\n");
  for (const IntervalRow& row : rows) {
    for (const IntervalScore& score : row.scores)
      std::printf("| %s | %s | %.3f / %.3f / %.3f |\n", row.title.c_str(), score.method.c_str(),
                  score.coverage, score.worst_coverage, score.width);
  }
}

void Print(const std::vector<ChangeRow>& rows) {
  std::printf(
      "\nChange between two years: mean standard error / coverage of the interval / rejected at 5\n"
      "percent without a change / with one of %+.1f percentage points. McNemar: the last two.\n\n",
      100 * rows.front().change);
  std::printf("| units; answers each year | corr. of response | keep their answer | true SD |");
  for (const TestScore& score : rows.front().scores) std::printf(" %s |", score.method.c_str());
  std::printf("\n|---|---|---|---|");
  for (size_t i = 0; i < rows.front().scores.size(); ++i) std::printf("---|");
  std::printf("\n");
  for (const ChangeRow& row : rows) {
    std::printf("| %s | %.1f | %.0f %% | %.4f |", row.title.c_str(), row.response_correlation,
                100 * row.kept, row.standard_deviation);
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
  const auto shown = [](const char* what, const auto& simulate) {
    const Meter meter(what);
    return simulate([&meter](size_t done, size_t all) { meter.Show(done, all); });
  };
  std::printf(
      "Intervals, level 95 percent: part of the draws whose interval holds the truth / the same "
      "in\n"
      "the population where it is lowest / mean width. 25 populations a row.\n\n"
      "Shares whose base the frame gives:\n\n");
  Print("units; answers", shown("intervals", [&](const Progress& progress) {
          return SimulateIntervals(options, progress);
        }));
  std::printf("\nShares whose base answers give, and shares under weights:\n\n");
  std::vector<IntervalRow> other = shown("bases by answers", [&](const Progress& progress) {
    return SimulateFilteredShares(options, progress);
  });
  for (IntervalRow& row : shown("raked weights", [&](const Progress& progress) {
         return SimulateRakedShares(options, progress);
       }))
    other.push_back(std::move(row));
  Print("units; answers", other);
  std::printf(
      "\nMeans and medians as served, 70 percent asked; widths in standard deviations of the\n"
      "numbers:\n\n");
  PrintNumbers(shown("numbers",
                     [&](const Progress& progress) { return SimulateNumbers(options, progress); }));
  Print(shown("changes",
              [&](const Progress& progress) { return SimulateChanges(options, progress); }));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  std::fprintf(stderr, "%.1f s on %u threads\n", taken.count(), options.threads);
  return 0;
}

}  // namespace
}  // namespace imdi::coverage

int main(int argc, char** argv) { return imdi::coverage::Main(argc, argv); }
