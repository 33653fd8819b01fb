// apply, diff, validate and get of definition documents.

#include <map>
#include <utility>

#include "clients/cli/commands_common.h"
#include "clients/cli/definition_documents.h"
#include "clients/cli/print.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;
using Editions = ingestion_api::EditionService::StubInterface;

// The documents, or nothing after their problems have been printed.
bool Load(const std::vector<std::string>& paths, DefinitionDocuments* loaded) {
  *loaded = LoadDefinitions(paths);
  if (loaded->problem_count == 0 && loaded->documents.empty()) {
    PrintError("imdictl: no documents there\n");
    return false;
  }
  PrintProblems(loaded->problems, loaded->problem_count);
  return loaded->problem_count == 0;
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
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded)) return kExitInvalid;
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
      PrintProblems(problems, problems.size());
      PrintError(StrCat(document.start.file, ":", document.start.line, ": ", document.name, "\n"));
      exit_code = Fail(response.status());
      ++failed;
      if (exit_code == kExitUnavailable) break;
      continue;
    }
    if (!response->findings().empty()) {
      const std::vector<config::Problem> problems = ProblemsOf(document, *response);
      PrintProblems(problems, problems.size());
      exit_code = kExitInvalid;
      ++failed;
      continue;
    }
    (response->changed() ? applied : unchanged) += 1;
    const std::string_view what =
        !response->changed() ? "unchanged    " : (dry_run ? "would apply  " : "applied      ");
    PrintOut(StrCat(what, response->name(), "@", response->revision(), "\n"));
  }
  PrintOut(StrCat(applied, dry_run ? " would be applied, " : " applied, ", unchanged,
                  " unchanged, ", failed, " refused\n"));
  return exit_code;
}

int Commands::Diff(const std::vector<std::string>& paths) {
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded)) return kExitInvalid;
  int exit_code = kExitOk;
  for (const DefinitionDocument& document : loaded.documents) {
    ingestion_api::GetDefinitionRequest request;
    request.set_name(document.name);
    const auto response = Try(connection_.editions(), &Editions::GetDefinition, request);
    if (!response.ok() && absl::IsNotFound(response.status())) {
      PrintOut(StrCat("new       ", document.name, "\n"));
      exit_code = kExitDifferent;
      continue;
    }
    if (!response.ok()) return Fail(response.status());
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    if (differencer.Compare(response->definition(), document.definition)) continue;
    PrintOut(StrCat("different ", document.name, "@", response->revision(), " (",
                    document.start.file, ":", document.start.line, ")\n"));
    for (size_t begin = 0; begin < difference.size();) {
      const size_t end = difference.find('\n', begin);
      PrintOut(StrCat("  ", std::string_view(difference).substr(begin, end - begin), "\n"));
      begin = end == std::string::npos ? difference.size() : end + 1;
    }
    exit_code = kExitDifferent;
  }
  if (exit_code == kExitOk)
    PrintOut(StrCat(loaded.documents.size(), " documents, no difference\n"));
  return exit_code;
}

int Commands::Validate(const std::vector<std::string>& paths) {
  DefinitionDocuments loaded;
  if (!Load(paths, &loaded)) return kExitInvalid;
  const std::vector<config::Problem> problems = ValidateOffline(loaded.documents);
  PrintProblems(problems, problems.size());
  if (!problems.empty()) return kExitInvalid;
  PrintOut(StrCat(loaded.documents.size(), " documents, nothing wrong\n"));
  return kExitOk;
}

int Commands::GetDefinition(const std::string& name, int64_t revision) {
  ingestion_api::GetDefinitionRequest request;
  request.set_name(name);
  request.set_revision(revision);
  const auto response = Try(connection_.editions(), &Editions::GetDefinition, request);
  if (!response.ok()) return Fail(response.status());
  PrintOut(FormatJson(*response));
  return kExitOk;
}

}  // namespace imdi::cli
