// imdi-oracle DIR…: computes the cases below DIR with the estimators of the domain and holds them
// against expected.json. Exit 0 when something was compared and everything agrees, but for requests
// that need what their case says it `requires`; 1 when not, 2 when a case cannot be read. --emit
// computes without comparing: each case on one line of JSON in the layout of expected.json; exit 1
// when a request is unsupported.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/oracle/document.h"
#include "tests/oracle/runner.h"

namespace {

namespace oracle = imdi::oracle;

constexpr size_t kShownMax = 20;  // Differences of one case that are printed; all are counted.

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "imdi-oracle: %s\n", std::string(status.message()).c_str());
  return 2;
}

void PrintUnsupported(const std::string& id, const std::vector<std::string>& unsupported,
                      std::FILE* to) {
  for (const std::string& one : unsupported)
    std::fprintf(to, "  %s: unsupported: %s\n", id.c_str(), one.c_str());
}

int Emit(const std::vector<std::filesystem::path>& cases) {
  bool complete = true;
  for (const auto& folder : cases) {
    const absl::StatusOr<oracle::Computed> computed = oracle::ComputeCase(folder);
    if (!computed.ok()) return Fail(computed.status());
    const oracle::Value document = oracle::Value::Object()
                                       .Set("case", oracle::Value::Text(computed->id))
                                       .Set("results", computed->results);
    std::printf("%s\n", oracle::PrintDocument(document).c_str());
    PrintUnsupported(computed->id, computed->unsupported, stderr);
    complete = complete && computed->unsupported.size() == computed->excused.size();
  }
  return complete ? 0 : 1;
}

int CompareAll(const std::vector<std::filesystem::path>& cases) {
  size_t compared = 0;
  size_t differing = 0;
  size_t missing = 0;
  size_t unsupported = 0;
  size_t excused = 0;
  bool passed = true;
  for (const auto& folder : cases) {
    const absl::StatusOr<oracle::Computed> computed = oracle::ComputeCase(folder);
    if (!computed.ok()) return Fail(computed.status());
    const absl::StatusOr<oracle::Value> expected = oracle::ReadExpected(folder);
    if (!expected.ok()) return Fail(expected.status());
    const oracle::CaseReport report = oracle::CompareCase(*computed, *expected);
    const oracle::Comparison& numbers = report.comparison;
    std::printf(
        "%-24s %6zu compared, %zu differing, %zu missing, %zu requests unsupported, "
        "largest relative difference %.1e\n",
        report.id.c_str(), numbers.compared, numbers.differing, numbers.missing,
        report.unsupported.size(), numbers.largest_relative);
    PrintUnsupported(report.id, report.unsupported, stdout);
    for (size_t i = 0; i < std::min(kShownMax, numbers.differences.size()); ++i)
      std::printf("  %s\n", numbers.differences[i].c_str());
    if (numbers.differences.size() > kShownMax)
      std::printf("  … and %zu more\n", numbers.differences.size() - kShownMax);
    compared += numbers.compared;
    differing += numbers.differing;
    missing += numbers.missing;
    unsupported += report.unsupported.size();
    excused += report.excused;
    passed = passed && report.passed();
  }
  std::printf(
      "%zu cases: %zu compared, %zu differing, %zu missing, %zu requests unsupported, of which %zu "
      "need what their case says it requires\n",
      cases.size(), compared, differing, missing, unsupported, excused);
  return passed && compared > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  bool emit = false;
  std::vector<std::filesystem::path> cases;
  bool named = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--emit") == 0) {
      emit = true;
      continue;
    }
    named = true;
    const auto found = oracle::CasesOf(argv[i]);
    if (!found.ok()) return Fail(found.status());
    cases.insert(cases.end(), found->begin(), found->end());
  }
  if (!named || (argc > 1 && std::strcmp(argv[1], "--help") == 0)) {
    std::fprintf(stderr, "usage: imdi-oracle [--emit] DIR…\n");
    return 2;
  }
  return emit ? Emit(cases) : CompareAll(cases);
}
