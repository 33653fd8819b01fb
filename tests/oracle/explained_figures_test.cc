// Figures of numbers, quantiles and calibrated weights are computed again out of their explanations
// alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "services/figures/explain.h"
#include "tests/oracle/case_edition.h"
#include "tests/support/project_root.h"
#include "tests/unit/figures/recompute_figure.h"

namespace imdi::oracle {
namespace {

namespace fs = std::filesystem;
namespace query_pb = survey::query::v1;

void CheckCase(const std::string& id, int at_least) {
  const fs::path folder = testing_support::ProjectFile("tests/oracle/cases") / id;
  const auto data = LoadCase(folder);
  ASSERT_TRUE(data.ok()) << data.status();
  const CaseEdition edition = EditionOf(*data);
  const figures::store_pb::ReleaseHeader header = edition.figures->Header();
  std::map<std::string, const query_pb::IndicatorInfo*> infos;
  for (const query_pb::IndicatorInfo& info : header.indicators())
    infos[info.name().substr(info.name().find('/') + 1)] = &info;
  std::map<std::string, int> methods;
  int checked = 0;
  for (size_t cell = 0; cell < edition.figures->size(); ++cell) {
    const figures::store_pb::ReleaseFigure figure = edition.figures->Make(cell);
    const std::string& name = figure.figure().name();
    const query_pb::IndicatorInfo& info = *infos.at(name.substr(0, name.find('.')));
    // Automatic distributions are shares under the built-in weights, as explain_test has them.
    if (info.automatic()) continue;
    const query_pb::Explanation explanation = figures::Explain(figure, header);
    EXPECT_NE(explanation.numerator_expression().empty(), explanation.measure().empty()) << name;
    EXPECT_EQ(explanation.weights().name(), figure.figure().weight_set()) << name;
    const auto uses = [&](const query_pb::DefinitionRevision& one) {
      return one.name() == figure.figure().weight_set() &&
             one.revision() == figure.figure().weight_set_revision();
    };
    EXPECT_TRUE(std::ranges::any_of(explanation.definitions(), uses)) << name;
    testing_support::RecomputeFigure(explanation, info);
    ++methods[query_pb::IntervalMethod_Name(figure.figure().estimate().method())];
    ++checked;
    if (testing::Test::HasFailure()) return;  // One figure's faults are enough to read.
  }
  std::cout << id << ": " << checked << " figures;";
  for (const auto& [method, count] : methods) std::cout << ' ' << method << ' ' << count << ';';
  std::cout << std::endl;
  EXPECT_GE(checked, at_least);
}

TEST(Explain, LetsMeansTotalsRatiosAndQuantilesBeRecomputed) { CheckCase("s11-numeric-441", 80); }
TEST(Explain, LetsScoresAndCountsOfOptionsBeRecomputed) {
  CheckCase("s12-question-types-441", 100);
}
TEST(Explain, LetsFiguresUnderCalibratedWeightsBeRecomputed) {
  CheckCase("s09-calibration-441", 100);
}

}  // namespace
}  // namespace imdi::oracle
