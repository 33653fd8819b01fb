#pragma once

// The real survey and its demonstration answers as requests, and a server filled with them.

#include <string>
#include <vector>

#include "clients/cli/answers_file.h"
#include "clients/cli/definition_documents.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"

namespace imdi::bench {

struct Survey {
  cli::DefinitionDocuments documents;
  std::vector<cli::AnswersAction> actions;  // All editions, in order.
};

// Loads deploy/surveys/ku below `root` and makes the answers with the program `demo_answers`. Exits
// on any problem.
Survey LoadSurvey(const std::string& root, const std::string& demo_answers,
                  const std::string& folder);

// Applies the documents. `internal` serves EditionService. Exits on any problem.
void Apply(const std::string& internal, const std::vector<cli::DefinitionDocument>& documents);

// Sends every action, one after the other. Exits on any problem.
void Send(const std::string& open, const std::string& internal,
          const std::vector<cli::AnswersAction>& actions);

// Opens an edition ("KU2017").
void Open(const std::string& internal, const std::string& edition);

// The first revision of every unit that answered KU2017.
std::vector<survey::ingestion::v1::SubmitRequest> Responses2017(const Survey& survey);

// The documents of KU2017 and the indicators under the names of other editions,
// "KUB0".."KUB{count-1}".
std::vector<cli::DefinitionDocument> ClonedEditions(const Survey& survey, int count);

}  // namespace imdi::bench
