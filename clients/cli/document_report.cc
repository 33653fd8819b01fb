#include "clients/cli/document_report.h"

#include <utility>

#include "clients/cli/commands_common.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const DocumentResult& result) {
  return {{"name", result.name},
          {"file", result.place.file},
          {"line", result.place.line},
          {"outcome", result.outcome},
          {"revision", result.revision},
          {"position", result.position},
          {"differences", result.differences}};
}

Json ToJson(const config::Problem& problem) {
  return {{"file", problem.place.file},     {"line", problem.place.line},
          {"column", problem.place.column}, {"path", problem.path},
          {"rule", problem.rule},           {"message", problem.message},
          {"remedy", problem.remedy}};
}

}  // namespace

void DocumentReport::Add(DocumentResult result, const std::string& lines) {
  if (output_.for_people()) PrintOut(lines);
  results_.push_back(std::move(result));
}

void DocumentReport::AddProblems(const std::vector<config::Problem>& problems, size_t count) {
  if (output_.format() != Format::kJson) PrintProblems(problems, count);
  problems_.insert(problems_.end(), problems.begin(), problems.end());
  problem_count_ += count;
}

void DocumentReport::Finish(const std::string& summary) const {
  if (!output_.Prints([this] { return ToJsonText(); }, [this] { return ToSheet(); }))
    PrintOut(summary);
}

std::string DocumentReport::ToJsonText() const {
  Json documents = Json::array();
  for (const DocumentResult& result : results_) documents.push_back(ToJson(result));
  Json problems = Json::array();
  for (const config::Problem& problem : problems_) {
    if (problems.size() == config::kYamlProblemsMax) break;
    problems.push_back(ToJson(problem));
  }
  const Json report = {{"documents", std::move(documents)},
                       {"problems", std::move(problems)},
                       {"problem_count", problem_count_}};
  // Names of files need not be UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Sheet DocumentReport::ToSheet() const {
  Sheet sheet = {{"name", "file", "line", "outcome", "revision", "position", "differences"}, {}};
  for (const DocumentResult& result : results_) {
    sheet.rows.push_back({result.name, result.place.file, base::StrCat(result.place.line),
                          result.outcome, base::StrCat(result.revision),
                          base::StrCat(result.position), base::StrJoin(result.differences, "; ")});
  }
  return sheet;
}

}  // namespace imdi::cli
