// Figures where answers are too thin for what a definition asks: weights that cannot be made,
// levels that nobody answered, ratios with nothing to divide by. There is a value wherever somebody
// answered, and never a number that is none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/figures/explain.h"
#include "services/figures/release_content.h"
#include "tests/oracle/case_edition.h"
#include "tests/support/project_root.h"

namespace imdi::oracle {
namespace {

namespace fs = std::filesystem;
namespace query_pb = survey::query::v1;

Case Load(const std::string& id) {
  const fs::path folder = testing_support::ProjectFile("tests/oracle/cases") / id;
  auto data = LoadCase(folder);
  EXPECT_TRUE(data.ok()) << data.status();
  return data.ok() ? *std::move(data) : Case();
}

// Units of the frame whose column has the value.
std::set<std::string> UnitsWith(const Case& data, std::string_view column,
                                const std::string& value) {
  std::set<std::string> out;
  const size_t place = *data.frame.Find(column);
  for (const auto& row : data.frame.rows) {
    if (row[place] == value) out.insert(row[data.frame_unit]);
  }
  return out;
}

void Silence(const std::set<std::string>& units, Case* data) {
  std::erase_if(data->answers.rows,
                [&](const auto& row) { return units.contains(row[data->answer_unit]); });
}

std::string CellOf(const CaseEdition& edition, const std::string& request) {
  for (const ServedRequest& one : edition.served) {
    if (one.request->id == request) return one.cell;
  }
  ADD_FAILURE() << "there is no " << request;
  return "";
}

TEST(ThinFigures, WithoutWeightsHaveAValueAndSayWhyThereIsNoEstimate) {
  Case data = Load("s09-calibration-441");
  Silence(UnitsWith(data, "county", "19"), &data);
  const CaseEdition edition = EditionOf(data);
  const auto header = edition.figures->Header();
  int problems = 0;
  for (const query_pb::WeightSetInfo& set : header.weight_sets()) {
    if (!set.has_problem()) continue;
    ++problems;
    EXPECT_EQ(set.problem().reason(), "MARGIN_UNREACHABLE") << set.name();
    EXPECT_THAT(set.problem().message(), testing::HasSubstr("county"));
    for (const query_pb::StratumEvidence& cell : set.cells()) EXPECT_EQ(cell.weight(), 0);
  }
  EXPECT_EQ(problems, 2) << "raked and linear weights with a margin of counties";
  for (const char* request : {"q1_rake", "mean_n1_rake", "total_n1_rake", "inh_rake", "q1_lin"}) {
    const auto figure = edition.figures->Find(CellOf(edition, request));
    ASSERT_TRUE(figure.has_value());
    EXPECT_TRUE(figure->figure().has_value()) << request;
    EXPECT_FALSE(figure->figure().has_estimate()) << request;
    EXPECT_EQ(figure->figure().estimate_problem().reason(), "MARGIN_UNREACHABLE");
    query_pb::Figure other = figure->figure();
    other.clear_estimate_problem();
    EXPECT_NE(figures::EtagOf(other), figure->figure().etag());
    const query_pb::Explanation explained = figures::Explain(*figure, header);
    EXPECT_TRUE(explained.weights().has_problem());
    ASSERT_GT(explained.steps_size(), 0);
    for (const query_pb::FormulaStep& step : explained.steps())
      EXPECT_NE(step.symbol(), "estimate");
  }
  const auto other = edition.figures->Find(CellOf(edition, "mean_n1_rake_st"));
  EXPECT_TRUE(other->figure().has_estimate());
  EXPECT_FALSE(other->figure().has_estimate_problem());
}

TEST(ThinFigures, OfAPostStratumThatNobodyAnsweredAreNotRepresented) {
  Case data = Load("s09-calibration-441");
  const std::set<std::string> large = UnitsWith(data, "size_group", "5");
  Silence(large, &data);
  const CaseEdition edition = EditionOf(data);
  const auto figure = edition.figures->Find(CellOf(edition, "q1_ps_size"));
  ASSERT_TRUE(figure.has_value());
  ASSERT_TRUE(figure->figure().has_estimate());
  EXPECT_EQ(figure->figure().estimate().unrepresented(), static_cast<int>(large.size()));
  const query_pb::Explanation explained = figures::Explain(*figure, edition.figures->Header());
  const auto is = [&](const query_pb::FormulaStep& step) {
    return step.symbol() == "unrepresented" && step.result() == static_cast<double>(large.size());
  };
  EXPECT_TRUE(std::ranges::any_of(explained.steps(), is));
  const auto whole = edition.figures->Find(CellOf(edition, "q1_ps"));
  // By region and type the districts are a post-stratum of their own, and all of them are large.
  EXPECT_EQ(whole->figure().estimate().unrepresented(),
            static_cast<int>(UnitsWith(data, "unit_type", "district").size()));
}

TEST(ThinFigures, OfATotalThatNobodyOfAStratumAnsweredAreNotRepresentedThere) {
  Case data = Load("s11-numeric-441");
  const std::set<std::string> stratum = UnitsWith(data, "stratum", "M01");
  ASSERT_GT(stratum.size(), 4u);
  const size_t n1 = *data.answers.Find("n1");
  for (auto& row : data.answers.rows) {
    if (stratum.contains(row[data.answer_unit])) row[n1].clear();
  }
  const CaseEdition edition = EditionOf(data);
  const auto total = edition.figures->Find(CellOf(edition, "total_n1_rw_st"));
  ASSERT_TRUE(total.has_value());
  EXPECT_EQ(total->figure().estimate().unrepresented(), static_cast<int>(stratum.size()));
  const query_pb::Explanation explained = figures::Explain(*total, edition.figures->Header());
  for (const query_pb::StratumEvidence& line : explained.strata())
    EXPECT_EQ(line.sums().determined() == 0, line.stratum().starts_with("M01")) << line.stratum();
}

TEST(ThinFigures, OfARatioWithNothingToDivideByHaveNoNumber) {
  Case data = Load("s11-numeric-441");
  const std::set<std::string> small = UnitsWith(data, "size_group", "1");
  const size_t n2 = *data.answers.Find("n2");
  for (auto& row : data.answers.rows) {
    if (small.contains(row[data.answer_unit]) && !row[n2].empty()) row[n2] = "0.0";
  }
  const CaseEdition edition = EditionOf(data);
  const std::string cell = CellOf(edition, "ratio_n1_n2_size_st");
  const auto none = edition.figures->Find(cell + ".size_group=1");
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->figure().no_value().reason(), query_pb::NO_VALUE_REASON_NOT_APPLICABLE);
  EXPECT_GT(none->figure().base(), 0);
  EXPECT_EQ(none->figure().denominator_sum(), 0);
  EXPECT_FALSE(none->figure().has_estimate());
  EXPECT_TRUE(edition.figures->Find(cell + ".size_group=2")->figure().has_estimate());
  EXPECT_GT(figures::Explain(*none, edition.figures->Header()).steps_size(), 0);
}

TEST(ThinFigures, OfNobodyAtAllHaveNeitherNumberNorProblem) {
  Case data = Load("s09-calibration-441");
  data.answers.rows.clear();
  const CaseEdition edition = EditionOf(data);
  const auto header = edition.figures->Header();
  for (const auto& one : AllFigures(*edition.figures)) {
    EXPECT_TRUE(one.figure().has_no_value()) << one.figure().name();
    EXPECT_FALSE(one.figure().estimate().has_value()) << one.figure().name();
    EXPECT_FALSE(one.figure().has_estimate_problem()) << one.figure().name();
    const query_pb::Explanation explained = figures::Explain(one, header);
    for (const query_pb::FormulaStep& step : explained.steps())
      EXPECT_NE(step.symbol(), "estimate") << one.figure().name();
  }
}

TEST(ThinFigures, AreTheSameForManyReadersAtOnce) {
  const Case data = Load("s09-calibration-441");
  const CaseEdition alone = EditionOf(data);
  const CaseEdition shared = EditionOf(data);  // Its weights are not solved yet.
  std::vector<std::vector<std::string>> read(4);
  std::vector<std::thread> readers;
  for (std::vector<std::string>& out : read) {
    readers.emplace_back([&shared, &out] {
      for (size_t cell = 0; cell < shared.figures->size(); ++cell)
        out.push_back(shared.figures->Make(cell).SerializeAsString());
    });
  }
  for (std::thread& reader : readers) reader.join();
  std::vector<std::string> one_by_one;
  for (size_t cell = 0; cell < alone.figures->size(); ++cell)
    one_by_one.push_back(alone.figures->Make(cell).SerializeAsString());
  for (const std::vector<std::string>& out : read) EXPECT_EQ(out, one_by_one);
}

}  // namespace
}  // namespace imdi::oracle
