#include <cstdio>
#include <ctime>
#include <iostream>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/text.h"
#include "services/figures/release_content.h"
#include "tests/bench/benches.h"
#include "tests/bench/fold_bench.h"

namespace imdi::bench {
namespace {

constexpr const char* kEdition = "KU2017";
constexpr int64_t kAnswers = 10'000'000;
constexpr int kEditions = 10;
constexpr int kTimesAsMany = 100;

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// KU2017 with the first revision of every response.
FoldInput InputOf(const Survey& survey) {
  std::vector<survey::model::v1::Definition> definitions;
  for (const cli::DefinitionDocument& document : survey.documents.documents)
    definitions.push_back(document.definition);
  FoldInput input = FoldInputOf(definitions, kEdition);
  if (input.catalog == nullptr) {
    std::cerr << "imdi-bench: the documents do not apply\n";
    std::exit(1);
  }
  for (const auto& request : Responses2017(survey))
    AddResponse(input, request.submission().unit(), request.submission().answers());
  return input;
}

// Every figure of a release out of its counts, with intervals, sorted: seconds of this thread.
double FigureSeconds(const FoldInput& input, const FoldResult& folded, size_t* figures) {
  const double begun = ProcessorSeconds();
  const figures::EditionFigures edition(input.catalog, kEdition, folded.counts);
  *figures = figures::AllFigures(edition).size();
  return ProcessorSeconds() - begun;
}

void Growth(const Setting& setting, const FoldInput& input, const char* units, Report& report) {
  std::vector<double> rebuilds;
  std::vector<double> counts;
  size_t bytes = 0;
  for (int i = 0; i < setting.rounds; ++i) {
    const FoldResult once = RebuildEditions(input, 1);
    rebuilds.push_back(once.seconds);
    counts.push_back(once.count_seconds);
    bytes = once.matrix_bytes;
  }
  report.Value(base::StrCat(units, " units: plan, matrix, fold and count"), Median(rebuilds) * 1000,
               "ms");
  report.Value(base::StrCat(units, " units: counting everything once"), Median(counts) * 1000,
               "ms");
  report.Value(base::StrCat(units, " units: answer matrix"),
               static_cast<double>(bytes) / (1024.0 * 1024.0), "MiB");
}

}  // namespace

void BenchFold(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nFrom stored answers to counts, processor time of one thread\n");
  const FoldInput input = InputOf(survey);
  std::vector<double> rates;
  std::vector<double> rebuilds;
  std::vector<double> releases;
  size_t figure_count = 0;
  for (int i = 0; i < setting.rounds; ++i) {
    const FoldResult folded = FoldThroughput(input, kAnswers);
    rates.push_back(static_cast<double>(folded.answers) / folded.seconds / 1e6);
    rebuilds.push_back(RebuildEditions(input, kEditions).seconds);
    releases.push_back(FigureSeconds(input, folded, &figure_count));
  }
  report.AtLeast("answers recounted, 10 million", Median(rates), 20, "million/s");
  report.AtMost("ten editions rebuilt", Median(rebuilds), 1, "s");
  report.Value("figures of the 2017 release", static_cast<double>(figure_count), "");
  report.AtMost("all of them, with intervals", Median(releases) * 1000, 100, "ms");
  report.Value("figures a second", static_cast<double>(figure_count) / Median(releases), "");
  Growth(setting, input, "441", report);
  Growth(setting, WithMoreUnits(input, kTimesAsMany), "44 100", report);
}

}  // namespace imdi::bench
