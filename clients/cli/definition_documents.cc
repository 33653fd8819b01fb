#include "clients/cli/definition_documents.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>

#include "services/base/text.h"
#include "services/domain/survey_catalog.h"

namespace imdi::cli {
namespace {

using base::StrCat;
namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".yaml";
constexpr int kFolderDepthMax = 16;

void AddProblem(DefinitionDocuments& out, config::Problem problem) {
  out.problems.push_back(std::move(problem));
  ++out.problem_count;
}

// What a document may rest on comes first; claims, which rest on all others, last.
int RankOf(const model::Definition& definition) {
  switch (definition.document_case()) {
    case model::Definition::DOCUMENT_NOT_SET:
      return 0;
    case model::Definition::kEdition:
      return 1;
    case model::Definition::kQuestionnaire:
      return 2;
    case model::Definition::kFrame:
      return 3;
    case model::Definition::kPhrases:
      return 4;
    case model::Definition::kWeightSet:
      return 5;
    case model::Definition::kIndicator:
      return 6;
    case model::Definition::kClaim:
      return 7;
  }
  return 0;
}

// Editions come before what belongs to them, an earlier edition before the one that names it.
auto ApplyKey(const DefinitionDocument& document) {
  const int year =
      document.definition.has_edition() ? document.definition.edition().reference_year() : 0;
  return std::tuple<int, int, const std::string&>(RankOf(document.definition), year, document.name);
}

void Sort(DefinitionDocuments& out) {
  std::stable_sort(out.documents.begin(), out.documents.end(),
                   [](const auto& a, const auto& b) { return ApplyKey(a) < ApplyKey(b); });
}

void ReadInto(std::string_view file, std::string_view text, DefinitionDocuments& out) {
  config::LoadedText loaded = config::LoadYaml(file, text, model::Definition::default_instance());
  std::move(loaded.problems.begin(), loaded.problems.end(), std::back_inserter(out.problems));
  out.problem_count += loaded.problem_count;
  for (config::LoadedMessage& message : loaded.documents) {
    DefinitionDocument document;
    document.definition.Swap(static_cast<model::Definition*>(message.message.get()));
    document.start = message.start;
    document.places = std::move(message.places);
    if (document.definition.document_case() == model::Definition::DOCUMENT_NOT_SET) {
      // A wrong key has been reported already; an empty map {} has not.
      if (loaded.problem_count == 0) {
        AddProblem(
            out, {document.start, "", "EMPTY_DOCUMENT", "the document holds no definition",
                  "its one key is edition, questionnaire, frame, phrases, weight_set, indicator or "
                  "claim"});
      }
      continue;
    }
    document.name = domain::NameOf(document.definition);
    out.documents.push_back(std::move(document));
  }
}

// Files of a folder in the order of their names.
void Collect(const fs::path& path, int depth, std::vector<std::string>& files,
             DefinitionDocuments& out) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || !fs::exists(status)) {
    AddProblem(out, {{path.string(), 0, 0},
                     "",
                     "CANNOT_READ",
                     "there is no such file or folder",
                     "check the path"});
    return;
  }
  if (!fs::is_directory(status)) {
    files.push_back(path.string());
    return;
  }
  if (depth == kFolderDepthMax) {
    AddProblem(out, {{path.string(), 0, 0},
                     "",
                     "TOO_DEEP",
                     "folders lie too deep inside one another",
                     StrCat("at most ", kFolderDepthMax)});
    return;
  }
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory(error) || entry->path().extension() == kExtension)
      entries.push_back(entry->path());
  }
  if (error) {
    AddProblem(out, {{path.string(), 0, 0},
                     "",
                     "CANNOT_READ",
                     "the folder cannot be read",
                     "check its permissions"});
    return;
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::path& entry : entries) Collect(entry, depth + 1, files, out);
}

}  // namespace

config::Problem DefinitionDocument::ProblemAt(std::string_view path, int column, std::string rule,
                                              std::string message, std::string remedy) const {
  config::Place place = places.Find(path, column);
  if (place.file.empty()) place = start;
  return {std::move(place), std::string(path), std::move(rule), std::move(message),
          std::move(remedy)};
}

DefinitionDocuments ParseDefinitions(std::string_view file, std::string_view text) {
  DefinitionDocuments out;
  ReadInto(file, text, out);
  Sort(out);
  return out;
}

DefinitionDocuments LoadDefinitions(const std::vector<std::string>& paths) {
  DefinitionDocuments out;
  std::vector<std::string> files;
  for (const std::string& path : paths) Collect(path, 0, files, out);
  for (const std::string& file : files) {
    std::string text;
    config::Problem problem;
    if (config::ReadTextFile(file, &text, &problem)) {
      ReadInto(file, text, out);
    } else {
      AddProblem(out, std::move(problem));
    }
  }
  std::map<std::string, const DefinitionDocument*> first;
  for (const DefinitionDocument& document : out.documents) {
    if (document.name.empty()) continue;
    const auto [entry, fresh] = first.emplace(document.name, &document);
    if (fresh) continue;
    const config::Place& other = entry->second->start;
    AddProblem(out, {document.start, "", "DUPLICATE_NAME",
                     StrCat(document.name, " is defined in ", other.file, ":", other.line, " too"),
                     "keep one of the two documents"});
  }
  Sort(out);
  return out;
}

std::vector<config::Problem> ValidateOffline(const std::vector<DefinitionDocument>& documents) {
  std::vector<config::Problem> problems;
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  for (const DefinitionDocument& document : documents) {
    const domain::DefinitionVerdict verdict = catalog->ValidateDefinition(document.definition, {});
    for (const domain::DefinitionFinding& finding : verdict.findings) {
      problems.push_back(document.ProblemAt(finding.path, finding.column, finding.rule,
                                            finding.message, finding.remedy));
    }
    if (!verdict.findings.empty() || !verdict.changed) continue;
    auto applied = catalog->Apply(document.definition, verdict.revision, verdict.new_items);
    if (!applied.ok()) {
      problems.push_back(
          document.ProblemAt("", 0, "CANNOT_APPLY", std::string(applied.status().message()), ""));
      continue;
    }
    catalog = *std::move(applied);
  }
  return problems;
}

}  // namespace imdi::cli
