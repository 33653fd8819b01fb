// apply, diff, validate and get of definition documents.

#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/definition_documents.h"
#include "clients/cli/document_report.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Editions = ingestion_api::EditionService::StubInterface;

// The documents; false after their problems have been reported.
bool Load(const std::vector<std::string>& paths, DefinitionDocuments* loaded,
          DocumentReport& report) {
  *loaded = LoadDefinitions(paths);
  if (loaded->problem_count == 0 && loaded->documents.empty()) {
    PrintError("imdictl: no documents there\n");
    return false;
  }
  report.AddProblems(loaded->problems, loaded->problem_count);
  return loaded->problem_count == 0;
}

DocumentResult ResultOf(const DefinitionDocument& document, std::string outcome) {
  return {.name = document.name, .place = document.start, .outcome = std::move(outcome)};
}

std::vector<config::Problem> ProblemsOf(const DefinitionDocument& document,
                                        const ingestion_api::ApplyDefinitionResponse& response) {
  std::vector<config::Problem> problems;
  for (const ingestion_api::DefinitionFinding& finding : response.findings()) {
    problems.push_back(document.ProblemAt(finding.path(), finding.column(), finding.rule(),
                                          finding.message(), finding.remedy()));
  }
  return problems;
}

// The same of an error that names fields.
std::vector<config::Problem> ProblemsOf(const DefinitionDocument& document,
                                        const absl::Status& status) {
  std::vector<config::Problem> problems;
  for (const base::FieldViolation& violation : base::InfoOf(status).violations) {
    problems.push_back(document.ProblemAt(violation.field, 0,
                                          std::string(base::Name(base::ReasonOf(status))),
                                          violation.description, ""));
  }
  return problems;
}

}  // namespace

int Commands::Apply(const std::vector<std::string>& paths, bool dry_run) {
  DocumentReport report(options_.format);
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded, report)) {
    report.Finish("");
    return kExitInvalid;
  }
  int exit_code = kExitOk;
  int64_t applied = 0;
  int64_t unchanged = 0;
  int64_t failed = 0;
  for (const DefinitionDocument& document : loaded.documents) {
    ingestion_api::ApplyDefinitionRequest request;
    *request.mutable_definition() = document.definition;
    request.set_validate_only(dry_run);
    if (!dry_run) request.set_request_id(base::RandomId());
    const auto response = Try(connection_.editions(), &Editions::ApplyDefinition, request);
    if (!response.ok()) {
      const std::vector<config::Problem> problems = ProblemsOf(document, response.status());
      report.AddProblems(problems, problems.size());
      PrintError(StrCat(document.start.file, ":", document.start.line, ": ", document.name, "\n"));
      exit_code = Fail(response.status());
      report.Add(ResultOf(document, "failed"), "");
      ++failed;
      if (exit_code == kExitUnavailable) break;
      continue;
    }
    if (!response->findings().empty()) {
      const std::vector<config::Problem> problems = ProblemsOf(document, *response);
      report.AddProblems(problems, problems.size());
      report.Add(ResultOf(document, "refused"), "");
      exit_code = kExitInvalid;
      ++failed;
      continue;
    }
    (response->changed() ? applied : unchanged) += 1;
    const std::string_view what =
        !response->changed() ? "unchanged    " : (dry_run ? "would apply  " : "applied      ");
    DocumentResult result = ResultOf(
        document, !response->changed() ? "unchanged" : (dry_run ? "would_apply" : "applied"));
    result.revision = response->revision();
    result.position = response->position();
    report.Add(std::move(result), StrCat(what, response->name(), "@", response->revision(), "\n"));
  }
  report.Finish(StrCat(applied, dry_run ? " would be applied, " : " applied, ", unchanged,
                       " unchanged, ", failed, " refused\n"));
  return exit_code;
}

int Commands::Diff(const std::vector<std::string>& paths) {
  DocumentReport report(options_.format);
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded, report)) {
    report.Finish("");
    return kExitInvalid;
  }
  int exit_code = kExitOk;
  for (const DefinitionDocument& document : loaded.documents) {
    ingestion_api::GetDefinitionRequest request;
    request.set_name(document.name);
    const auto response = Try(connection_.editions(), &Editions::GetDefinition, request);
    if (!response.ok() && absl::IsNotFound(response.status())) {
      report.Add(ResultOf(document, "new"), StrCat("new       ", document.name, "\n"));
      exit_code = kExitDifferent;
      continue;
    }
    if (!response.ok()) return Fail(response.status());
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    DocumentResult result = ResultOf(document, "different");
    result.revision = response->revision();
    if (differencer.Compare(response->definition(), document.definition)) {
      result.outcome = "same";
      report.Add(std::move(result), "");
      continue;
    }
    std::string lines = StrCat("different ", document.name, "@", response->revision(), " (",
                               document.start.file, ":", document.start.line, ")\n");
    for (size_t begin = 0; begin < difference.size();) {
      const size_t end = difference.find('\n', begin);
      result.differences.push_back(difference.substr(begin, end - begin));
      base::StrAppend(lines, "  ", result.differences.back(), "\n");
      begin = end == std::string::npos ? difference.size() : end + 1;
    }
    report.Add(std::move(result), lines);
    exit_code = kExitDifferent;
  }
  report.Finish(
      exit_code == kExitOk ? StrCat(loaded.documents.size(), " documents, no difference\n") : "");
  return exit_code;
}

int Commands::Validate(const std::vector<std::string>& paths, Format format) {
  DocumentReport report(format);
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded, report)) {
    report.Finish("");
    return kExitInvalid;
  }
  const std::vector<config::Problem> problems = ValidateOffline(loaded.documents);
  report.AddProblems(problems, problems.size());
  if (!problems.empty()) {
    report.Finish("");
    return kExitInvalid;
  }
  for (const DefinitionDocument& document : loaded.documents) {
    report.Add(ResultOf(document, "valid"), "");
  }
  report.Finish(StrCat(loaded.documents.size(), " documents, nothing wrong\n"));
  return kExitOk;
}

int Commands::GetDefinition(const std::string& name, int64_t revision) {
  ingestion_api::GetDefinitionRequest request;
  request.set_name(name);
  request.set_revision(revision);
  const auto response = Try(connection_.editions(), &Editions::GetDefinition, request);
  if (!response.ok()) return Fail(response.status());
  // A document has no table: people read it as JSON too.
  if (!output_.Prints(*response)) PrintOut(FormatJson(*response));
  return kExitOk;
}

int Commands::ListDefinitions(const std::string& prefix) {
  ingestion_api::ListDefinitionsRequest request;
  request.set_prefix(prefix);
  request.set_page_size(1'000);
  const auto definitions = TryPages(connection_.editions(), &Editions::ListDefinitions, request,
                                    [](auto& all, const auto& page) {
                                      all.mutable_definitions()->MergeFrom(page.definitions());
                                    });
  if (!definitions.ok()) return Fail(definitions.status());
  if (output_.Prints(*definitions, "definitions")) return kExitOk;
  std::vector<std::vector<std::string>> rows = {{"definition", "revision", "position"}};
  for (const ingestion_api::DefinitionRef& definition : definitions->definitions()) {
    rows.push_back(
        {definition.name(), StrCat(definition.revision()), StrCat(definition.position())});
  }
  PrintOut(FormatTable(rows));
  return kExitOk;
}

}  // namespace imdi::cli
