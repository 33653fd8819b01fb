#include "tests/oracle/runner.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "services/base/text.h"
#include "tests/oracle/case.h"
#include "tests/oracle/results.h"

namespace imdi::oracle {

namespace fs = std::filesystem;

absl::StatusOr<Computed> ComputeCase(const fs::path& folder) {
  const absl::StatusOr<Case> data = LoadCase(folder);
  if (!data.ok()) return data.status();
  Computed out;
  out.id = data->id;
  for (const Request& request : data->requests) {
    if (!request.unsupported.empty()) {
      out.unsupported.push_back(base::StrCat(request.id, ": ", request.unsupported));
      if (!request.feature.empty() && std::ranges::count(data->requirements, request.feature) > 0)
        out.excused.push_back(request.id);
      continue;
    }
    if (const auto lacking = std::ranges::find_if(
            request.requests,
            [&out](const std::string& id) { return out.results.Find(id) == nullptr; });
        lacking != request.requests.end()) {
      out.unsupported.push_back(
          base::StrCat(request.id, ": request ", *lacking, " has no result before it"));
      continue;
    }
    absl::StatusOr<Value> result = Compute(*data, request, out.results);
    if (!result.ok()) {
      out.unsupported.push_back(base::StrCat(request.id, ": ", result.status().message()));
      continue;
    }
    out.results.Set(request.id, *std::move(result));
  }
  return out;
}

CaseReport CompareCase(const Computed& computed, const Value& expected) {
  CaseReport out;
  out.id = computed.id;
  out.unsupported = computed.unsupported;
  out.excused = computed.excused.size();
  const Value* want = expected.Find("results");
  if (want == nullptr) return out;
  for (const auto& [id, value] : want->members) {
    const Value* got = computed.results.Find(id);
    if (got == nullptr) {
      // Why it is missing stands once among the unsupported, not at each of its numbers.
      Comparison missing;
      CountMissing(id, value, &missing);
      if (std::ranges::count(computed.excused, id) > 0) {
        out.excused_values += missing.missing;
        continue;
      }
      out.comparison.missing += missing.missing;
      const bool said = std::ranges::any_of(out.unsupported, [&id = id](const std::string& one) {
        return one.starts_with(id + ": ");
      });
      if (!said) {
        out.comparison.differences.insert(out.comparison.differences.end(),
                                          missing.differences.begin(), missing.differences.end());
      }
    } else {
      Compare(id, *got, value, &out.comparison);
    }
  }
  return out;
}

absl::StatusOr<Value> ReadExpected(const fs::path& folder) {
  const fs::path file = folder / "expected.json";
  const absl::StatusOr<std::string> text = ReadText(file);
  if (!text.ok()) return text.status();
  return ParseDocument(*text, file.string());
}

absl::StatusOr<std::vector<fs::path>> CasesOf(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "case.json", error)) return std::vector<fs::path>{folder};
  std::vector<fs::path> out;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (fs::exists(it->path() / "case.json", error)) out.push_back(it->path());
  }
  if (out.empty()) {
    return absl::NotFoundError(
        base::StrCat(folder.string(), " is neither a case (case.json) nor a folder of cases"));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace imdi::oracle
