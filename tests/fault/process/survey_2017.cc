#include "tests/fault/process/survey_2017.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <variant>

#include "absl/time/clock.h"
#include "clients/cli/answers_file.h"
#include "clients/cli/definition_documents.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "tests/fault/process/server_process.h"
#include "tests/support/temp_folder.h"

namespace imdi::process_fault {

namespace model = survey::model::v1;
using base::StrCat;
using Editions = ingestion_pb::EditionService::StubInterface;
using Log = ingestion_pb::LogService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What was written in free text is there: a text's key is on the disk before its record is.
void ExpectTextsOpen(const cli::Connection& ingestion) {
  int texts = 0;
  for (const ingestion_pb::SubmitRequest& request : FirstSubmissions()) {
    std::map<std::string, std::string> sent;
    for (const model::Answer& answer : request.submission().answers()) {
      if (answer.value_case() == model::Answer::kText) sent[answer.item()] = answer.text();
    }
    if (sent.empty()) continue;
    ingestion_pb::GetSubmissionRequest get;
    get.set_name(StrCat(request.submission().edition(), "/submissions/",
                        request.submission().unit(), ".", request.submission().part()));
    const auto got = ingestion.Call(ingestion.submissions(), &Submissions::GetSubmission, get);
    if (base::ReasonOf(got.status()) == base::Reason::kUnknownResource)
      continue;  // Its turn never came.
    ASSERT_TRUE(got.ok()) << get.name() << ": " << got.status();
    for (const model::Answer& answer : got->submission().answers()) {
      if (!sent.contains(answer.item())) continue;
      EXPECT_EQ(answer.text(), sent[answer.item()]) << get.name();
      ++texts;
    }
  }
  EXPECT_GT(texts, 0);
}

}  // namespace

std::string Surveys(const std::string& part) {
  const char* root = std::getenv("IMDI_ROOT");
  return StrCat(root == nullptr ? "." : root, "/deploy/surveys/ku", part);
}

const std::vector<ingestion_pb::SubmitRequest>& FirstSubmissions() {
  static const auto* requests = [] {
    auto* out = new std::vector<ingestion_pb::SubmitRequest>();
    testing_support::TempFolder folder;
    const std::string file = folder / "answers.ndjson";
    EXPECT_EQ(
        RunProgram({ProgramPath("imdi-demo-answers"), "--surveys", Surveys(""), "--out", file}), 0);
    const cli::AnswersFile answers = cli::ParseAnswers(file, ReadText(file));
    EXPECT_EQ(answers.problem_count, 0U);
    for (const cli::AnswersAction& action : answers.actions) {
      const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request);
      if (submit == nullptr || action.edition != "KU2017" || submit->expected_revision() != 0)
        continue;
      out->push_back(*submit);
    }
    EXPECT_GT(out->size(), 300U);
    return out;
  }();
  return *requests;
}

int64_t ApplySurvey(const cli::Connection& ingestion) {
  const cli::DefinitionDocuments documents = cli::LoadDefinitions({Surveys("")});
  EXPECT_EQ(documents.problem_count, 0U);
  int64_t records = 0;
  for (const cli::DefinitionDocument& document : documents.documents) {
    ingestion_pb::ApplyDefinitionRequest request;
    *request.mutable_definition() = document.definition;
    request.set_request_id(StrCat("apply-", records));
    const auto response = ingestion.Call(ingestion.editions(), &Editions::ApplyDefinition, request);
    EXPECT_TRUE(response.ok()) << document.name << ": " << response.status();
    if (response.ok()) {
      EXPECT_EQ(response->findings_size(), 0) << document.name << ": " << response->DebugString();
    }
    ++records;
  }
  ingestion_pb::SetEditionStateRequest open;
  open.set_edition("editions/KU2017");
  open.set_state(model::EDITION_STATE_OPEN);
  open.set_request_id("open");
  const auto opened = ingestion.Call(ingestion.editions(), &Editions::SetEditionState, open);
  EXPECT_TRUE(opened.ok()) << opened.status();
  ++records;
  EXPECT_EQ(HeadOf(ingestion), records);
  return records;
}

int64_t HeadOf(const cli::Connection& ingestion) {
  const auto head = ingestion.Call(ingestion.log(), &Log::GetHead, ingestion_pb::GetHeadRequest());
  EXPECT_TRUE(head.ok()) << head.status();
  return head.ok() ? head->head().position() : -1;
}

void ExpectLogAsAcknowledged(Submitters& submitters, const cli::Connection& ingestion,
                             const std::string& ingestion_address, int64_t records_before) {
  submitters.Stop();
  EXPECT_THAT(submitters.problems(), testing::IsEmpty());
  const std::map<std::string, Note> notes = submitters.TakeNotes();
  int64_t accepted = 0;
  int64_t abandoned = 0;
  for (const auto& [id, note] : notes) {
    if (note.fate == Note::Fate::kAccepted) ++accepted;
    if (note.fate == Note::Fate::kAbandoned) ++abandoned;
  }
  ExpectTextsOpen(ingestion);
  EXPECT_EQ(CompareWithLog(ingestion, ingestion_address, notes, records_before), "");
  std::cout << accepted << " accepted, " << submitters.learned_late()
            << " of them learned it by asking again, " << abandoned << " given up\n";
}

void ExpectEverythingFolded(const cli::Connection& connection) {
  using Figures = cli::aggregation_api::FiguresService::StubInterface;
  const int64_t head = HeadOf(connection);
  const absl::Time until = absl::Now() + absl::Seconds(60);
  absl::StatusOr<cli::aggregation_api::GetFoldStateResponse> state;
  do {
    state = connection.Call(connection.figures(), &Figures::GetFoldState,
                            cli::aggregation_api::GetFoldStateRequest());
  } while ((!state.ok() || state->position() < head) && absl::Now() < until);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->position(), head) << state->stopped();
  EXPECT_EQ(state->stopped(), "");
}

}  // namespace imdi::process_fault
