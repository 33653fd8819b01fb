#pragma once

// Definition documents as people write them: YAML files and folders, read into the messages that
// the API carries.

#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/definition.pb.h"
#include "services/config/yaml_message.h"
#include "services/domain/types.h"

namespace imdi::cli {

namespace model = ::imdi::survey::model::v1;

// One document: an edition, questionnaire, frame, phrase list, weight set, indicator or claim.
struct DefinitionDocument {
  model::Definition definition;
  std::string name;  // Its resource name.
  config::Place start;
  config::PlaceIndex places;

  // Something that is wrong with the document, at its place in the file. `path` and `column` as in
  // a DefinitionFinding.
  config::Problem ProblemAt(std::string_view path, int column, std::string rule,
                            std::string message, std::string remedy) const;
};

struct DefinitionDocuments {
  // In the order in which they can be applied: editions (earlier ones first), questionnaires,
  // frames, phrases, weight sets, indicators, claims; within a kind by name.
  std::vector<DefinitionDocument> documents;
  std::vector<config::Problem> problems;  // Of all files, all at once.
  size_t problem_count = 0;
};

// Documents of one text.
DefinitionDocuments ParseDefinitions(std::string_view file, std::string_view text);

// Documents of files, and of all files *.yaml in folders, at any depth. Two documents of one name
// are a problem.
DefinitionDocuments LoadDefinitions(const std::vector<std::string>& paths);

// What the server would find wrong when the documents were applied to an empty log in their order.
std::vector<config::Problem> ValidateOffline(const std::vector<DefinitionDocument>& documents);

}  // namespace imdi::cli
