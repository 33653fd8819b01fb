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
};
absl::StatusOr<Computed> ComputeCase(const std::filesystem::path& folder);

// The results against expected.json. A request that is not computed counts as unsupported; its
// numbers count as missing. Requests that expected.json does not name are not compared.
struct CaseReport {
  std::string id;
  Comparison comparison;
  std::vector<std::string> unsupported;
  // Everything expected was compared, and nothing differs.
  bool passed() const {
    return comparison.compared > 0 && comparison.differing == 0 && comparison.missing == 0 &&
           unsupported.empty();
  }
};
CaseReport CompareCase(const Computed& computed, const Value& expected);
absl::StatusOr<Value> ReadExpected(const std::filesystem::path& folder);

// `folder` itself if it is a case, else the cases right below it in the order of their names.
absl::StatusOr<std::vector<std::filesystem::path>> CasesOf(const std::filesystem::path& folder);

}  // namespace imdi::oracle
