#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/figures/release_content.h"
#include "tests/bench/benches.h"
#include "tests/bench/fold_bench.h"

namespace imdi::bench {
namespace {

namespace model = survey::model::v1;

constexpr const char* kEdition = "KU2017";
constexpr int64_t kAnswers = 10'000'000;
constexpr int kEditions = 10;
constexpr int kTimesAsMany = 100;
// 908 901 units, of which every municipality twice and more: further ones would leave codes for
// hardly any municipality (fold_bench.h).
constexpr int kTimesAsManyAsCodes = 2'061;

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

model::Indicator Invented(const std::string& id, model::IndicatorKind kind,
                          const std::string& base) {
  model::Indicator out;
  out.set_name("indicators/" + id);
  out.set_survey("KU");
  out.set_kind(kind);
  out.mutable_title()->set_nn(id);
  out.mutable_title()->set_nb(id);
  model::Basis& basis = *out.add_bases();
  basis.set_id("ALL");
  basis.set_base(base);
  *basis.mutable_title() = out.title();
  for (const char* attribute : {"imdi_region", "size_group", "unit_type"})
    out.add_breakdowns(attribute);
  out.add_editions(base::StrCat("editions/", kEdition));
  out.set_min_base(base::kAggregateNumberBaseMin);  // Enough for every kind.
  out.set_min_count(3);
  return out;
}

// Indicators of numbers and under raked weights, over questions of 2017.
std::vector<model::Definition> NumericDefinitions() {
  constexpr char kRaked[] = "surveys/KU/weightSets/BENCH_RAKED";
  std::vector<model::Definition> out;
  model::WeightSet& raked = *out.emplace_back().mutable_weight_set();
  raked.set_name(kRaked);
  raked.mutable_title()->set_nn("raka");
  raked.mutable_title()->set_nb("raket");
  raked.set_method(model::WEIGHT_METHOD_RAKED);
  raked.add_margins()->add_attributes("imdi_region");
  raked.add_margins()->add_attributes("size_group");
  const auto add = [&](model::Indicator indicator) {
    *out.emplace_back().mutable_indicator() = std::move(indicator);
  };
  model::Measure scores;
  scores.mutable_scores()->set_question("BOS01");
  for (int32_t code = 1; code <= 4; ++code) {
    model::CodeScore& score = *scores.mutable_scores()->add_scores();
    score.set_code(code);
    score.set_score(5 - code);
  }
  model::Indicator mean = Invented("BENCH_MEAN", model::INDICATOR_KIND_MEAN, "responded");
  *mean.mutable_measure() = scores;
  add(mean);
  mean.set_name("indicators/BENCH_RAKED_MEAN");
  mean.set_weights(kRaked);
  add(mean);
  model::Indicator options = Invented("BENCH_OPTIONS", model::INDICATOR_KIND_MEAN, "responded");
  options.mutable_measure()->set_options("BOS02");
  add(options);
  model::Indicator total = Invented("BENCH_TOTAL", model::INDICATOR_KIND_TOTAL, "responded");
  total.mutable_measure()->set_question("BAK07");
  add(total);
  model::Indicator median = Invented("BENCH_MEDIAN", model::INDICATOR_KIND_QUANTILE, "responded");
  median.mutable_measure()->set_question("BAK07");
  add(median);
  model::Indicator people = Invented("BENCH_PEOPLE", model::INDICATOR_KIND_RATIO,
                                     "unit.type == municipality and answered(BOS01)");
  people.mutable_measure()->set_frame(model::FRAME_NUMBER_POPULATION);
  people.mutable_measure()->set_when("BOS01 in (1,2)");
  people.mutable_denominator()->set_frame(model::FRAME_NUMBER_POPULATION);
  add(people);
  model::Indicator share =
      Invented("BENCH_RAKED_SHARE", model::INDICATOR_KIND_SHARE, "answered(BOS01)");
  share.set_numerator("BOS01 in (1,2)");
  share.set_weights(kRaked);
  add(share);
  return out;
}

// Exits the program where there is none.
FoldInput Made(absl::StatusOr<FoldInput> input) {
  if (!input.ok()) {
    std::cerr << "imdi-bench: there is no edition to measure: " << input.status().message() << "\n";
    std::exit(1);
  }
  return *std::move(input);
}

// KU2017 with the first revision of every response, and what else is to hold.
FoldInput InputOf(const Survey& survey, const std::vector<model::Definition>& more = {}) {
  std::vector<model::Definition> definitions;
  for (const cli::DefinitionDocument& document : survey.documents.documents)
    definitions.push_back(document.definition);
  definitions.insert(definitions.end(), more.begin(), more.end());
  FoldInput input = Made(FoldInputOf(definitions, kEdition));
  for (const auto& request : Responses2017(survey))
    AddResponse(input, request.submission().unit(), request.submission().answers());
  return input;
}

// Every figure of the edition out of its counts, with intervals, sorted: seconds of this thread.
double FigureSeconds(const FoldInput& input, const FoldResult& folded, size_t* figures) {
  const double begun = ProcessorSeconds();
  const figures::EditionFigures edition(input.catalog, kEdition, folded.counts);
  *figures = figures::AllFigures(edition).size();
  return ProcessorSeconds() - begun;
}

void Growth(const Setting& setting, const FoldInput& input, const char* units, Report& report) {
  constexpr int kChanges = 20;
  std::vector<double> rebuilds;
  std::vector<double> counts;
  std::vector<double> changes;
  std::vector<double> rates;
  FoldResult once;
  size_t figures = 0;
  for (int i = 0; i < setting.rounds; ++i) {
    once = RebuildEditions(input, 1);
    rebuilds.push_back(once.seconds);
    counts.push_back(once.count_seconds);
    changes.push_back(OneChange(input, kChanges).seconds);
    const double seconds = FigureSeconds(input, once, &figures);
    rates.push_back(static_cast<double>(figures) / seconds);
  }
  const auto value = [&](const char* what, double of, const char* unit) {
    report.Value(base::StrCat(units, ": ", what), of, unit);
  };
  value("plan, matrix, fold and count", Median(rebuilds) * 1000, "ms");
  value("counting everything once", Median(counts) * 1000, "ms");
  value("a change of one unit, recounted", Median(changes) * 1000, "ms");
  value("figures", static_cast<double>(figures), "");
  value("figures a second", Median(rates), "");
  value("answer matrix", static_cast<double>(once.matrix_bytes) / (1024.0 * 1024.0), "MiB");
}

}  // namespace

void BenchFold(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nFrom stored answers to counts, processor time of one thread\n");
  const FoldInput input = InputOf(survey);
  std::vector<double> rates;
  std::vector<double> rebuilds;
  for (int i = 0; i < setting.rounds; ++i) {
    const FoldResult folded = FoldThroughput(input, kAnswers);
    rates.push_back(static_cast<double>(folded.answers) / folded.seconds / 1e6);
    rebuilds.push_back(RebuildEditions(input, kEditions).seconds);
  }
  report.AtLeast("answers recounted, 10 million", Median(rates), 20, "million/s");
  report.AtMost("ten editions rebuilt", Median(rebuilds), 1, "s");
  Growth(setting, input, "441 units", report);
  Growth(setting, Made(WithMoreUnits(input, kTimesAsMany)), "44 100 units", report);
  std::printf("\nThe same with means, a total, a ratio, a median, and raked weights\n");
  const FoldInput numeric = InputOf(survey, NumericDefinitions());
  Growth(setting, numeric, "441 units, numbers", report);
  Growth(setting, Made(WithMoreUnits(numeric, kTimesAsMany)), "44 100 units, numbers", report);
  Setting one_round = setting;
  one_round.rounds = 1;
  Growth(one_round, Made(WithMoreUnits(numeric, kTimesAsManyAsCodes)), "908 901 units, numbers",
         report);
}

}  // namespace imdi::bench
