// A submission (imdi.survey.ingestion.v1.SubmitRequest) against the questionnaire of 2017, from the
// use case to the packed record and back, without gRPC and without a disk.

#include <algorithm>
#include <memory>
#include <string>

#include "clients/cli/definition_documents.h"
#include "google/protobuf/stubs/logging.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/domain/answers.h"
#include "services/domain/packed_answers.h"
#include "services/domain/validation.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/definitions.h"
#include "services/ingestion/submissions.h"
#include "services/ingestion/text_vault.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"
#include "tests/fuzz/fuzz.h"

namespace imdi::fuzz {
namespace {

namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;

// Ingestion without transport, with the survey's documents applied and 2017 open.
struct House {
  base::SystemClock clock;
  storage::memory::MemoryResponseLog log{clock};
  storage::memory::MemoryKeyStore keys;
  storage::memory::MemoryDraftStore drafts;
  ingestion::TextVault vault{std::string(32, 'k'), keys};
  ingestion::Committer committer{log, keys};
  std::unique_ptr<ingestion::Definitions> definitions;
  std::unique_ptr<ingestion::Submissions> submissions;

  House() {
    google::protobuf::SetLogHandler(nullptr);
    base::SetLogLevel(base::Level::kError);
    definitions = ingestion::Definitions::Open(log, committer, vault).value();
    base::CallContext call;
    call.actor = "fuzz";
    int id = 0;
    for (const char* year : {"2016", "2017"}) {
      for (const cli::DefinitionDocument& document :
           cli::LoadDefinitions({Root() + "/deploy/surveys/ku/" + year}).documents) {
        if (document.definition.has_claim()) continue;
        pb::ApplyDefinitionRequest request;
        *request.mutable_definition() = document.definition;
        if (request.definition().has_edition() && std::string_view(year) == "2016") {
          request.mutable_definition()->mutable_edition()->clear_previous_edition();
        }
        request.set_request_id(std::to_string(++id));
        const auto applied = definitions->Apply(call, request);
        Require(applied.ok() && applied->findings().empty(), document.name);
      }
    }
    pb::SetEditionStateRequest open;
    open.set_edition("editions/KU2017");
    open.set_state(model::EDITION_STATE_OPEN);
    open.set_request_id("open");
    Require(definitions->SetState(call, open).ok(), "the edition opens");
    submissions =
        std::make_unique<ingestion::Submissions>(log, committer, *definitions, vault, drafts);
  }
};

std::string Canonical(const pb::SubmissionDraft& draft) {
  return domain::CanonicalContent({.edition = draft.edition(),
                                   .unit = draft.unit(),
                                   .part = draft.part(),
                                   .expected_revision = 0,
                                   .questionnaire = draft.questionnaire(),
                                   .language = draft.language(),
                                   .answers = &draft.answers(),
                                   .comments = &draft.check_comments(),
                                   .contact = &draft.contact()});
}

}  // namespace
}  // namespace imdi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  static const auto* house = new fuzz::House;
  fuzz::pb::SubmitRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  const int64_t head = house->log.Head().position;
  fuzz::pb::ValidateRequest validate;
  *validate.mutable_submission() = request.submission();
  const auto judged = house->submissions->Validate(validate);
  if (!judged.ok()) {
    Require(base::ReasonOf(judged.status()) != base::Reason::kUnspecified, "an error has a reason");
    Require(judged.status().code() != absl::StatusCode::kInternal &&
                judged.status().code() != absl::StatusCode::kDataLoss,
            "no input is our fault");
  } else {
    Require(
        (judged->outcome() == fuzz::pb::SUBMIT_OUTCOME_REFUSED) ==
            (judged->findings_size() > 0 && judged->findings(0).grade() == fuzz::model::GRADE_HARD),
        "refused exactly when a finding is hard, and hard ones come first");
    fuzz::pb::ValidateResponse copy;
    Require(copy.ParseFromString(judged->SerializeAsString()), "the answer survives the wire");
  }
  Require(house->log.Head().position == head, "validating appends nothing");

  const auto catalog = house->definitions->catalog();
  const auto* edition = catalog->FindEdition("KU2017");
  const domain::Catalog::QuestionnaireVersion& version = *edition->Current();
  const domain::CompiledQuestionnaire& questionnaire = *version.compiled;
  fuzz::pb::SubmissionDraft draft = request.submission();
  std::vector<fuzz::model::Finding> findings;
  const domain::AnswerSet answers = domain::ReadAnswers(questionnaire, draft.answers(), &findings);
  const auto packed = domain::PackAnswers(answers, *version.items);
  const auto unpacked = domain::UnpackAnswers(packed, questionnaire, *version.items);
  Require(unpacked.ok() && *unpacked == answers, "packing loses nothing");
  auto written = domain::WriteAnswers(questionnaire, answers);
  for (fuzz::model::Answer& answer : written) {
    if (answer.has_text()) answer.set_text("x");
  }
  findings.clear();
  Require(domain::ReadAnswers(questionnaire, written, &findings) == answers && findings.empty(),
          "answers written out read back the same");

  const std::string canonical = fuzz::Canonical(draft);
  std::reverse(draft.mutable_answers()->begin(), draft.mutable_answers()->end());
  for (fuzz::model::Answer& answer : *draft.mutable_answers()) {
    if (answer.has_codes())
      std::reverse(answer.mutable_codes()->mutable_codes()->begin(),
                   answer.mutable_codes()->mutable_codes()->end());
    std::reverse(answer.mutable_other_texts()->begin(), answer.mutable_other_texts()->end());
  }
  Require(fuzz::Canonical(draft) == canonical, "order makes no difference");
  return 0;
}
