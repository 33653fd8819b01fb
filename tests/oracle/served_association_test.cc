// The test of association as it is served, out of what a release stores, against the oracle's
// numbers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "services/query/association.h"
#include "tests/oracle/case.h"
#include "tests/oracle/compare.h"
#include "tests/oracle/runner.h"
#include "tests/oracle/tally.h"
#include "tests/support/project_root.h"
#include "tests/unit/query/tabulated_set.h"

namespace imdi::oracle {
namespace {

namespace fs = std::filesystem;
using testing_support::ProjectFile;
using testing_support::TabulatedCounts;
using testing_support::TabulatedSet;

TabulatedCounts CountsOf(const Tally& tally, const CrossCounts& cross) {
  TabulatedCounts out{.answers = cross.rows.size(), .groups = cross.columns.size(), .strata = {}};
  const std::vector<domain::StratumCell> strata = tally.Cells(Level{}, {});
  const size_t width = out.answers * out.groups;
  for (size_t i = 0; i < strata.size(); ++i) {
    const auto from = cross.counts.begin() + static_cast<std::ptrdiff_t>(i * width);
    out.strata.push_back({.frame = strata[i].frame,
                          .responded = strata[i].responded,
                          .counts = {from, from + static_cast<std::ptrdiff_t>(width)}});
  }
  return out;
}

// Served is one rule for a stratum with one that answered: its deviation counts.
bool RuleMatters(const TabulatedCounts& table) {
  return std::ranges::any_of(table.strata, [](const TabulatedCounts::Stratum& stratum) {
    return stratum.responded == 1 && stratum.frame > 1 &&
           std::ranges::any_of(stratum.counts, [](int32_t units) { return units > 0; });
  });
}

// In the oracle's words.
Value ResultOf(const survey::query::v1::Association& served) {
  Value out = Value::Object();
  out.Set("n", Value::Number(served.base()));
  out.Set("nu", Value::Number(served.base() - served.strata()));
  out.Set("X2", Value::Number(served.x2()));
  out.Set("F", Value::Number(served.f()));
  out.Set("ndf", Value::Number(served.numerator_df()));
  out.Set("ddf", Value::Number(served.denominator_df()));
  out.Set("p", Value::Number(served.p()));
  out.Set("chisq_df", Value::Number(served.degrees()));
  out.Set("chisq_p", Value::Number(served.chi_squared_p()));
  out.Set("mean_delta", Value::Number(served.mean_design_effect()));
  out.Set("status", Value::Text("ok"));
  return out;
}

TEST(ServedAssociation, AgreesWithTheOracleInEveryNumber) {
  size_t compared = 0;
  size_t as_share = 0;
  const auto cases = CasesOf(ProjectFile("tests/oracle/cases"));
  ASSERT_TRUE(cases.ok()) << cases.status();
  for (const fs::path& folder : *cases) {
    const auto data = LoadCase(folder);
    ASSERT_TRUE(data.ok()) << data.status();
    const auto expected = ReadExpected(folder);
    ASSERT_TRUE(expected.ok()) << expected.status();
    for (const Request& request : data->requests) {
      if (request.type != Request::Type::kChisq || !request.unsupported.empty()) continue;
      SCOPED_TRACE(folder.filename().string() + " " + request.id);
      const auto tally = Tally::Of(*data, request, request.year);
      ASSERT_TRUE(tally.ok()) << tally.status();
      const CrossCounts cross = tally->Cross();
      if (!tally->plain() || cross.rows.size() < 2 || cross.columns.size() < 2) continue;
      const TabulatedCounts table = CountsOf(*tally, cross);
      if (RuleMatters(table) && request.design.lonely != domain::Lonely::kAdjust) continue;
      Value want = *expected->FindPath("results." + request.id);
      std::erase_if(want.members, [](const auto& member) {
        return member.first == "rows" || member.first == "cols" || member.first == "counts" ||
               member.first == "shares";
      });
      const TabulatedSet set(table);
      // Two answers are a share as well, and one of them against the others.
      std::vector<std::string> names = {"Q.B"};
      if (table.answers == 2) {
        names.insert(names.end(), {"YES.B", "Q.B.answer=1", "MULTI.B.answer=0"});
        ++as_share;
      }
      for (const std::string& name : names) {
        SCOPED_TRACE(name);
        survey::query::v1::TestAssociationRequest asked;
        asked.set_cells(name);
        asked.add_attributes("by");
        const auto served = query::AssociationOf(set, asked, [] { return absl::OkStatus(); });
        ASSERT_TRUE(served.ok()) << served.status();
        EXPECT_EQ(served->status(), survey::query::v1::ASSOCIATION_STATUS_TESTED);
        EXPECT_EQ(served->answers(), static_cast<int32_t>(table.answers));
        EXPECT_EQ(served->groups(), static_cast<int32_t>(table.groups));
        Comparison comparison;
        Compare(request.id, ResultOf(*served), want, &comparison);
        EXPECT_THAT(comparison.differences, testing::IsEmpty());
        EXPECT_EQ(comparison.differing, 0u);
        EXPECT_EQ(comparison.missing, 0u);
        EXPECT_EQ(comparison.compared, 11u);
      }
      ++compared;
    }
  }
  EXPECT_GE(compared, 11u);
  EXPECT_GE(as_share, 5u);
}

}  // namespace
}  // namespace imdi::oracle
