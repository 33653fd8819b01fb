// The reader of YAML documents, and the check of the documents it reads.

#include "clients/cli/definition_documents.h"
#include "services/base/text.h"
#include "services/config/yaml_message.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  const std::string_view text = fuzz::Text(data, size);
  const cli::DefinitionDocuments read = cli::ParseDefinitions("f", text);
  Require(read.problem_count >= read.problems.size(), "the true number of problems");
  for (const config::Problem& problem : read.problems) {
    Require(!problem.rule.empty() && !problem.message.empty(), "a problem says what is wrong");
    Require(problem.place.file == "f" && problem.place.line >= 0 && problem.place.column >= 0,
            "a problem has a place");
    config::ToText(problem);
  }
  if (read.problem_count > 0) return 0;
  Require(base::IsValidUtf8(text), "a text without problems is UTF-8");
  for (const cli::DefinitionDocument& document : read.documents) {
    cli::model::Definition copy;
    Require(copy.ParseFromString(document.definition.SerializeAsString()),
            "a document survives the wire");
  }
  for (const config::Problem& problem : cli::ValidateOffline(read.documents)) {
    Require(problem.rule != "CANNOT_APPLY", "what passes validation can be applied");
    Require(problem.place.line >= 1, "a finding has a place");
  }
  return 0;
}
