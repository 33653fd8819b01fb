// The cases of this folder against their expected numbers, and that the runner would notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "tests/oracle/runner.h"
#include "tests/support/project_root.h"
#include "tests/support/temp_folder.h"

namespace imdi::oracle {
namespace {

namespace fs = std::filesystem;
using testing_support::ProjectFile;

std::vector<fs::path> Cases() {
  const auto cases = CasesOf(ProjectFile("tests/oracle/cases"));
  EXPECT_TRUE(cases.ok()) << cases.status();
  return cases.ok() ? *cases : std::vector<fs::path>{};
}

// Calls `see` for every number below `value`.
void EachNumber(Value& value, const std::function<void(Value&)>& see) {
  if (value.kind == Value::Kind::kNumber) see(value);
  for (Value& one : value.list) EachNumber(one, see);
  for (auto& [key, one] : value.members) EachNumber(one, see);
}

TEST(Oracle, EveryCaseAgreesInEveryNumber) {
  size_t compared = 0;
  EXPECT_EQ(Cases().size(), 27u);
  for (const fs::path& folder : Cases()) {
    SCOPED_TRACE(folder);
    const auto computed = ComputeCase(folder);
    ASSERT_TRUE(computed.ok()) << computed.status();
    const auto expected = ReadExpected(folder);
    ASSERT_TRUE(expected.ok()) << expected.status();
    const CaseReport report = CompareCase(*computed, *expected);
    EXPECT_TRUE(report.passed());
    EXPECT_THAT(report.unsupported, testing::SizeIs(report.excused));
    EXPECT_EQ(report.excused > 0, report.id == "s19-apiclus1");
    EXPECT_THAT(report.comparison.differences, testing::IsEmpty());
    EXPECT_LT(report.comparison.largest_relative, 1e-9);
    compared += report.comparison.compared;
  }
  EXPECT_GT(compared, 23'000u);
}

TEST(Oracle, SeesOneAlteredNumberAndNoOther) {
  for (const fs::path& folder : Cases()) {
    SCOPED_TRACE(folder);
    const auto computed = ComputeCase(folder);
    ASSERT_TRUE(computed.ok()) << computed.status();
    const auto expected = ReadExpected(folder);
    ASSERT_TRUE(expected.ok()) << expected.status();
    size_t numbers = 0;
    Value document = *expected;
    EachNumber(document, [&numbers](Value&) { ++numbers; });
    if (!computed->excused.empty()) continue;
    // A hundred of them or so, spread over the case.
    for (size_t altered = 0; altered < numbers; altered += 1 + numbers / 97) {
      Value wrong = *expected;
      size_t at = 0;
      EachNumber(wrong, [&](Value& number) {
        if (at++ == altered) number.number += 3e-6 * std::fabs(number.number) + 3e-12;
      });
      const CaseReport report = CompareCase(*computed, wrong);
      EXPECT_EQ(report.comparison.differing, 1u) << "number " << altered;
      EXPECT_EQ(report.comparison.missing, 0u);
      EXPECT_FALSE(report.passed());
    }
  }
}

Value Results(std::string_view json) {
  const auto parsed = ParseDocument(json, "test");
  EXPECT_TRUE(parsed.ok());
  return parsed.ok() ? *parsed : Value();
}

Comparison Held(std::string_view got, std::string_view want) {
  Comparison out;
  Compare("r", Results(got), Results(want), &out);
  return out;
}

TEST(Comparison, KnowsTheTolerances) {
  EXPECT_EQ(Held(R"({"se": 1.0000000009})", R"({"se": 1})").differing, 0u);
  EXPECT_EQ(Held(R"({"se": 1.0000000011})", R"({"se": 1})").differing, 1u);
  EXPECT_EQ(Held(R"({"p": 1.0000009})", R"({"p": 1})").differing, 0u);
  EXPECT_EQ(Held(R"({"p": 1.0000011})", R"({"p": 1})").differing, 1u);
  EXPECT_EQ(Held(R"({"p_a": 1.0000009})", R"({"p_a": 1})").differing, 1u);
  EXPECT_EQ(Held(R"({"se": 9e-13})", R"({"se": 0})").differing, 0u);
  EXPECT_EQ(Held(R"({"se": 2e-12})", R"({"se": 0})").differing, 1u);
}

TEST(Comparison, TellsNotDefinedFromZeroAndFromMissing) {
  EXPECT_EQ(Held(R"({"se": null})", R"({"se": null})").differing, 0u);
  EXPECT_EQ(Held(R"({"se": 0})", R"({"se": null})").differing, 1u);
  EXPECT_EQ(Held(R"({"se": null})", R"({"se": 0})").differing, 1u);
  EXPECT_EQ(Held(R"({})", R"({"se": null})").missing, 1u);
  EXPECT_EQ(Held(R"({})", R"({"ci": {"wald": [1, 2]}})").missing, 2u);
  EXPECT_EQ(Held(R"({"status": "ok", "more": 1})", R"({"status": "ok"})").differing, 0u);
  EXPECT_EQ(Held(R"({"status": "ok"})", R"({"status": "empty"})").differing, 1u);
}

TEST(Comparison, SeesListsOfAnotherLength) {
  EXPECT_EQ(Held("[1, 2]", "[1, 2, 3]").missing, 1u);
  EXPECT_EQ(Held("[1, 2, 3]", "[1, 2]").differing, 1u);
  EXPECT_EQ(Held("[1, 2]", "[1, 2]").compared, 2u);
}

// A case of four units, three of which answer, with these designs and requests.
Computed ComputedOf(const std::string& designs, const std::string& requests) {
  const testing_support::TempFolder folder;
  const auto write = [&folder](const char* name, const std::string& text) {
    std::ofstream(fs::path(folder.path()) / name) << text;
  };
  write("population.csv", "unit,area\nA,n\nB,n\nC,s\nD,s\n");
  write("responses.csv", "unit,q\nA,1\nB,2\nC,1\n");
  write("case.json",
        "{\"id\":\"t\",\"designs\":{" + designs + "},\"requests\":[" + requests + "]}");
  const auto computed = ComputeCase(folder.path());
  EXPECT_TRUE(computed.ok()) << computed.status();
  return computed.ok() ? *computed : Computed{};
}

TEST(Runner, NamesWhatItDoesNotKnowAndComputesTheRest) {
  const Computed computed = ComputedOf(
      R"("srs": {"kind": "respondents", "strata": []}, "odd": {"kind": "census"},
         "rake": {"kind": "respondents", "strata": [],
                  "calibrate": [{"method": "raking", "margins": [["area"]]}]})",
      R"({"id": "type", "type": "regression", "design": "srs"},
         {"id": "field", "type": "proportion", "design": "srs", "question": "q", "yes": ["1"], "why": 1},
         {"id": "column", "type": "proportion", "design": "srs", "question": "z", "yes": ["1"]},
         {"id": "design", "type": "proportion", "design": "odd", "question": "q", "yes": ["1"]},
         {"id": "after", "type": "bh", "requests": ["later"], "field": "p", "q": 0.05},
         {"id": "later", "type": "difference", "design": "srs",
          "a": {"question": "q", "yes": ["1"]}, "b": {"question": "q", "yes": ["2"]}},
         {"id": "raked", "type": "proportion", "design": "rake", "question": "q", "yes": ["1"]})");
  EXPECT_THAT(computed.unsupported,
              testing::ElementsAre("type: type regression", "field: field why",
                                   "column: no column z", "design: design of kind census",
                                   "after: request later has no result before it"));
  EXPECT_NE(computed.results.Find("later"), nullptr);
  const Value* raked = computed.results.FindPath("raked.estimate");
  ASSERT_NE(raked, nullptr);
  EXPECT_NEAR(raked->number, 0.75, 1e-12);
}

TEST(CaseReport, DoesNotPassWhenNothingWasComparedOrSomethingIsUnsupported) {
  Computed computed;
  computed.id = "c";
  EXPECT_FALSE(CompareCase(computed, Results(R"({"results": {}})")).passed());
  computed.results.Set("a", Results(R"({"n": 3})"));
  EXPECT_TRUE(CompareCase(computed, Results(R"({"results": {"a": {"n": 3}}})")).passed());
  EXPECT_FALSE(
      CompareCase(computed, Results(R"({"results": {"a": {"n": 3}, "b": {"n": 4}}})")).passed());
  computed.unsupported.push_back("b: clusters");
  const CaseReport report =
      CompareCase(computed, Results(R"({"results": {"a": {"n": 3}, "b": {"n": 4}}})"));
  EXPECT_EQ(report.comparison.missing, 1u);
  EXPECT_FALSE(report.passed());
  // Unless the case says that nobody must have it.
  computed.excused.push_back("b");
  EXPECT_TRUE(
      CompareCase(computed, Results(R"({"results": {"a": {"n": 3}, "b": {"n": 4}}})")).passed());
}

}  // namespace
}  // namespace imdi::oracle
