// A definition document (imdi.survey.model.v1.Definition) judged against a small survey in use:
// what is found good must fold, or it would stop everybody who follows the log.

#include <memory>
#include <string_view>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "services/aggregation/fold.h"
#include "services/domain/survey_catalog.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/small_log.h"

namespace imdi::fuzz {
namespace {

namespace model = survey::model::v1;
namespace store = survey::store::v1;

// The small survey, and answers of 0101 (both parts) and of the district 030101.
std::vector<store::Record> LogWithAnswers() {
  std::vector<store::Record> records = SmallLog();
  const auto answer = [&records](const char* unit, const char* part, uint32_t item, uint32_t code) {
    store::SubmissionAccepted& accepted = *records.emplace_back().mutable_submission_accepted();
    accepted.set_edition("S2017");
    accepted.set_unit(unit);
    accepted.set_part(part);
    accepted.set_revision(1);
    accepted.set_questionnaire(1);
    accepted.set_language(model::LANGUAGE_NN);
    accepted.mutable_answers()->add_code_items(item);
    accepted.mutable_answers()->add_codes(code);
  };
  answer("0101", "first", 1, 1);
  answer("0101", "second", 12, 1);
  answer("030101", "first", 1, 98);
  return records;
}

void FoldAll(aggregation::Fold& fold, const std::vector<store::Record>& records) {
  for (const store::Record& record : records) {
    const int64_t position = fold.position() + 1;
    Require(fold.Apply(position, position, record).ok(), "what was recorded folds");
  }
}

struct Log {
  std::vector<store::Record> records = LogWithAnswers();
  aggregation::Fold fold;  // All of them; only its catalog is looked at.
  Log() {
    FoldAll(fold, records);
    Shown(fold);
  }
};

}  // namespace
}  // namespace imdi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  (void)quiet;
  static const auto* log = new fuzz::Log;
  fuzz::model::Definition definition;
  if (!definition.ParseFromArray(data, static_cast<int>(size))) return 0;
  const bool in_use = domain::EditionIdOf(domain::NameOf(definition)) == "S2017";
  const domain::AnswerFacts facts{.edition_has_answers = in_use,
                                  .unit_has_answers = [in_use](std::string_view unit) {
                                    return in_use && (unit == "0101" || unit == "030101");
                                  }};
  const domain::DefinitionVerdict verdict =
      log->fold.catalog().ValidateDefinition(definition, facts);
  for (const domain::DefinitionFinding& finding : verdict.findings) {
    Require(!finding.rule.empty() && !finding.message.empty(), "a finding says what is wrong");
    Require(finding.column >= 0, "a finding has a place");
  }
  Require(!verdict.changed || verdict.findings.empty(), "with findings nothing is appended");
  if (!verdict.changed) return 0;
  fuzz::store::Record record;
  fuzz::store::DefinitionApplied& applied = *record.mutable_definition_applied();
  *applied.mutable_definition() = definition;
  applied.set_revision(verdict.revision);
  for (const auto& item : verdict.new_items) {
    fuzz::store::ItemNumber& number = *applied.add_new_items();
    number.set_item(item.item);
    number.set_number(item.number);
  }
  aggregation::Fold fold;
  fuzz::FoldAll(fold, log->records);
  fuzz::FoldAll(fold, {record});
  fuzz::Shown(fold);
  const domain::DefinitionVerdict again = fold.catalog().ValidateDefinition(definition, facts);
  Require(!again.changed && again.findings.empty() && again.revision == verdict.revision,
          "applying it again changes nothing");
  return 0;
}
