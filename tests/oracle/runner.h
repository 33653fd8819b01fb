#pragma once

// Runs the cases of folders: computes, and compares or prints.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/oracle/compare.h"
#include "tests/oracle/document.h"

namespace imdi::oracle {

// What a case gives when computed.
struct Computed {
  std::string id;
  Value results = Value::Object();       // By request id.
  std::vector<std::string> unsupported;  // "id: why", for requests that are not computed.
  // Of these, the ids of such as need what the case says it `requires`: nobody must have it.
  std::vector<std::string> excused;
};
absl::StatusOr<Computed> ComputeCase(const std::filesystem::path& folder);

// The results against expected.json. A request that is not computed counts as unsupported; its
// numbers count as missing. Requests that expected.json does not name are not compared.
struct CaseReport {
  std::string id;
  Comparison comparison;
  std::vector<std::string> unsupported;
  size_t excused = 0;         // Unsupported requests that need what the case says it requires.
  size_t excused_values = 0;  // What they would have given; missing, and not counted as such.
  // Everything expected was compared, but for what is excused, and nothing differs.
  bool passed() const {
    return comparison.compared + excused_values > 0 && comparison.differing == 0 &&
           comparison.missing == 0 && unsupported.size() == excused;
  }
};
CaseReport CompareCase(const Computed& computed, const Value& expected);
absl::StatusOr<Value> ReadExpected(const std::filesystem::path& folder);

// `folder` itself if it is a case, else the cases right below it in the order of their names.
absl::StatusOr<std::vector<std::filesystem::path>> CasesOf(const std::filesystem::path& folder);

}  // namespace imdi::oracle
