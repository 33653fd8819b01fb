// An edition in three parts over real gRPC and a real RocksDB: roles that answer in any order, a
// route across parts, texts that can be erased, drafts, batches, and what follows from the log.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/aggregation/fold.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/response_log.h"
#include "tests/support/ingestion_server.h"
#include "tests/support/temp_folder.h"

namespace imdi::ingestion {
namespace {

namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;
namespace store = survey::store::v1;
using base::Reason;
using base::ReasonOf;
using domain::ItemState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::CallOnce;
using testing_support::IngestionServer;
using testing_support::TempFolder;

using Editions = pb::EditionService::Stub;
using Submissions = pb::SubmissionService::Stub;
using Log = pb::LogService::Stub;

std::string Documents() {
  return testing_support::SurveyFolder() + "/../../../tests/data/three_parts";
}

model::Answer Code(const std::string& item, int32_t code) {
  model::Answer out;
  out.set_item(item);
  out.set_code(code);
  return out;
}
model::Answer Codes(const std::string& item, const std::vector<int32_t>& codes) {
  model::Answer out;
  out.set_item(item);
  for (const int32_t code : codes) out.mutable_codes()->add_codes(code);
  return out;
}
model::Answer Number(const std::string& item, int64_t number) {
  model::Answer out;
  out.set_item(item);
  out.set_number(number);
  return out;
}
model::Answer Text(const std::string& item, const std::string& text) {
  model::Answer out;
  out.set_item(item);
  out.set_text(text);
  return out;
}

pb::SubmissionDraft Draft(const std::string& unit, const std::string& part,
                          const std::vector<model::Answer>& answers,
                          model::Language language = model::LANGUAGE_NN) {
  pb::SubmissionDraft out;
  out.set_edition("editions/TP2019");
  out.set_unit(unit);
  out.set_part(part);
  out.set_questionnaire(1);
  out.set_language(language);
  for (const model::Answer& answer : answers) *out.add_answers() = answer;
  return out;
}
std::vector<model::Answer> LeaderYes(int64_t settled = 40) {
  return {Code("L01", 1), Codes("L02", {1, 2}), Number("L03", settled),
          Text("L04", "Lite bustader"), Code("K01", 1)};
}
std::vector<model::Answer> LeaderNo() {
  return {Code("L01", 2), Codes("L02", {1, 2}), Text("L04", "Lite bustader")};
}
std::vector<model::Answer> Settlement(int64_t owned = 455) {
  return {Code("B01", 1),   Code("B02.a", 1),     Code("B02.b", 97),
          Code("B02.c", 3), Number("B03", owned), Code("B04", 98)};
}
std::vector<model::Answer> Training() {
  return {Code("O01", 1), Code("O02", 2), Code("O03", 2), Text("O04", "Nei")};
}

// Answers to questions that nobody asks.
std::vector<model::Answer> Unknown(int count) {
  std::vector<model::Answer> out;
  for (int i = 0; i < count; ++i) out.push_back(Code(base::StrCat("X", i), 1));
  return out;
}

std::vector<std::string> Bytes(const google::protobuf::RepeatedPtrField<model::Finding>& findings) {
  std::vector<std::string> out;
  for (const model::Finding& finding : findings) out.push_back(finding.SerializeAsString());
  return out;
}
std::vector<std::string> Rules(const google::protobuf::RepeatedPtrField<model::Finding>& findings) {
  std::vector<std::string> out;
  for (const model::Finding& finding : findings) out.push_back(finding.rule());
  return out;
}

class Parts : public testing::Test {
 protected:
  Parts() : server_(std::make_unique<IngestionServer>(folder_.path())) {
    server_->ApplyFiles(Documents());
  }

  void Open() { ASSERT_TRUE(server_->SetState("TP2019", model::EDITION_STATE_OPEN).ok()); }
  pb::SubmitRequest Request(const pb::SubmissionDraft& draft, int64_t expected,
                            const std::string& id = "") {
    pb::SubmitRequest out;
    *out.mutable_submission() = draft;
    out.set_expected_revision(expected);
    out.set_request_id(id.empty() ? server_->NewId() : id);
    return out;
  }
  // Accepted, or the test fails.
  pb::SubmitResponse Accept(const pb::SubmissionDraft& draft, int64_t expected) {
    const auto response = server_->Submit(Request(draft, expected));
    EXPECT_TRUE(response.ok()) << response.status();
    if (!response.ok()) return {};
    EXPECT_EQ(response->outcome(), pb::SUBMIT_OUTCOME_ACCEPTED) << response->DebugString();
    return *response;
  }
  absl::Status Withdraw(const std::string& name, int64_t expected) {
    pb::WithdrawRequest request;
    request.set_name("editions/TP2019/submissions/" + name);
    request.set_expected_revision(expected);
    request.set_request_id(server_->NewId());
    pb::WithdrawResponse response;
    return CallOnce(*server_->submissions, &Submissions::Withdraw, request, &response);
  }
  absl::Status Validate(const pb::ValidateRequest& request, pb::ValidateResponse* response) {
    return CallOnce(*server_->submissions, &Submissions::Validate, request, response);
  }
  // The whole log, as a follower gets it.
  std::vector<pb::LogRecord> Follow() {
    std::vector<pb::LogRecord> out;
    const int64_t head = server_->Head();
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(30));
    const auto stream = server_->log->FollowLog(&context, pb::FollowLogRequest());
    pb::FollowLogResponse chunk;
    while (static_cast<int64_t>(out.size()) < head && stream->Read(&chunk)) {
      out.insert(out.end(), chunk.records().begin(), chunk.records().end());
    }
    context.TryCancel();
    EXPECT_EQ(static_cast<int64_t>(out.size()), head);
    return out;
  }
  std::unique_ptr<aggregation::Fold> Folded() {
    auto fold = std::make_unique<aggregation::Fold>();
    for (const pb::LogRecord& one : Follow()) {
      store::Record record;
      EXPECT_TRUE(record.ParseFromString(one.record()));
      EXPECT_TRUE(fold->Apply(one.position(), one.time_us(), record).ok());
    }
    return fold;
  }
  // States of items in a unit's response, as a follower derives them.
  std::vector<std::string> States(const std::string& unit, const std::vector<std::string>& items) {
    const auto fold = Folded();
    const auto response = fold->ResponseOf("TP2019", unit);
    EXPECT_TRUE(response.ok());
    std::vector<std::string> out;
    if (!response.ok() || !response->has_value()) return out;
    const auto& questionnaire = *fold->catalog().FindEdition("TP2019")->Current()->compiled;
    for (const std::string& item : items) {
      out.emplace_back(domain::Name((*response)->states[*questionnaire.FindItem(item)]));
    }
    return out;
  }
  static std::string Name(ItemState state) { return std::string(domain::Name(state)); }
  pb::GetCollectionStatusResponse Status(const std::string& by = "") {
    pb::GetCollectionStatusRequest request;
    request.set_edition("editions/TP2019");
    request.set_by(by);
    pb::GetCollectionStatusResponse out;
    EXPECT_TRUE(
        CallOnce(*server_->submissions, &Submissions::GetCollectionStatus, request, &out).ok());
    return out;
  }
  absl::StatusOr<pb::GetReceiptResponse> Receipt(const std::string& name) {
    pb::GetReceiptRequest request;
    request.set_name("editions/TP2019/submissions/" + name);
    pb::GetReceiptResponse out;
    const absl::Status status =
        CallOnce(*server_->submissions, &Submissions::GetReceipt, request, &out);
    if (!status.ok()) return status;
    return out;
  }
  // Files below the data folder that hold the bytes.
  std::vector<std::string> FilesWith(const std::string& bytes) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
      if (content.find(bytes) != std::string::npos) out.push_back(entry.path().string());
    }
    return out;
  }

  TempFolder folder_;
  std::unique_ptr<IngestionServer> server_;
};

TEST_F(Parts, ComeInAnyOrderAndTheRouteAcrossThemWaitsForTheOther) {
  Open();
  const auto settlement = Accept(Draft("1201", "settlement", Settlement()), 0);
  EXPECT_THAT(settlement.findings(), IsEmpty()) << "nobody has said yet that it does not apply";
  EXPECT_THAT(States("1201", {"L01", "B01", "B02.a", "B02.c", "B05", "O02"}),
              ElementsAre(Name(ItemState::kPartMissing), Name(ItemState::kFilterUnknown),
                          Name(ItemState::kAnswered), Name(ItemState::kFilterUnknown),
                          Name(ItemState::kNotInScope), Name(ItemState::kPartMissing)));
  EXPECT_EQ(Status().total().partial(), 1);
  Accept(Draft("1201", "training", Training()), 0);
  EXPECT_THAT(States("1201", {"O01", "O02"}),
              ElementsAre(Name(ItemState::kAnswered), Name(ItemState::kFilterUnknown)));
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  EXPECT_THAT(States("1201", {"L01", "B01", "B02.c", "O02"}),
              ElementsAre(Name(ItemState::kAnswered), Name(ItemState::kAnswered),
                          Name(ItemState::kAnswered), Name(ItemState::kAnswered)));
  EXPECT_EQ(Status().total().complete(), 1);
}

TEST_F(Parts, ACorrectionOrWithdrawalOfOnePartChangesWhatCountsInTheOthersAndBack) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  Accept(Draft("1201", "settlement", Settlement()), 0);
  const auto plan = [&] {
    const auto fold = Folded();
    const auto counts = fold->CountsOf("TP2019");
    EXPECT_TRUE(counts.ok() && *counts != nullptr);
    const domain::CellCounts cell =
        (*counts)->CountsOf((*counts)->plan().CellAt(0), model::EDITION_STATE_OPEN);
    return std::pair(cell.numerator, cell.in_base);
  };
  EXPECT_EQ(plan(), (std::pair{1, 1}));
  Accept(Draft("1201", "leader", LeaderNo()), 1);
  // A row that reads an item which was not asked knows nothing: unknown, never a no.
  EXPECT_THAT(States("1201", {"B01", "B02.c"}),
              ElementsAre(Name(ItemState::kNotRouted), Name(ItemState::kFilterUnknown)));
  EXPECT_EQ(plan(), (std::pair{0, 0}));
  Accept(Draft("1201", "leader", LeaderYes()), 2);
  EXPECT_EQ(plan(), (std::pair{1, 1}));
  ASSERT_TRUE(Withdraw("1201.leader", 3).ok());
  EXPECT_THAT(States("1201", {"L01", "B01"}),
              ElementsAre(Name(ItemState::kPartMissing), Name(ItemState::kFilterUnknown)));
  EXPECT_EQ(plan(), (std::pair{0, 0}));
  // Each part has its own revisions; numbers never restart.
  EXPECT_EQ(server_->Get("editions/TP2019/submissions/1201.settlement")->revision(), 1);
  EXPECT_EQ(Accept(Draft("1201", "leader", LeaderYes()), 4).receipt().revision(), 5);
}

TEST_F(Parts, AHardCheckSeesOnePartAndACheckAcrossPartsIsSoftAndKeptWithTheComment) {
  Open();
  const auto refused = server_->Submit(Request(Draft("1201", "leader", LeaderYes(0)), 0));
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->outcome(), pb::SUBMIT_OUTCOME_REFUSED);
  EXPECT_THAT(Rules(refused->findings()), ElementsAre("CHKH1"));

  EXPECT_THAT(Accept(Draft("1201", "leader", LeaderYes(150)), 0).findings(), IsEmpty());
  pb::SubmissionDraft draft = Draft("1201", "settlement", Settlement(0));
  model::CheckComment& comment = *draft.add_check_comments();
  comment.set_check("CHKS1");
  comment.set_text("Alle leiger enno");
  const auto accepted = Accept(draft, 0);
  ASSERT_THAT(Rules(accepted.findings()), ElementsAre("CHKS1"));
  EXPECT_EQ(accepted.findings(0).grade(), model::GRADE_SOFT);
  const auto stored = server_->Get("editions/TP2019/submissions/1201.settlement@1");
  ASSERT_TRUE(stored.ok());
  EXPECT_THAT(Rules(stored->findings()), ElementsAre("CHKS1"));
  ASSERT_EQ(stored->check_comments_size(), 1);
  EXPECT_EQ(stored->check_comments(0).text(), "Alle leiger enno");
  EXPECT_EQ(stored->language(), model::LANGUAGE_NN);
  EXPECT_EQ(stored->questionnaire(), 1);
}

TEST_F(Parts, ValidateAnswersAsSubmitWouldAndWritesNothing) {
  Open();
  std::vector<model::Answer> wrong = {Code("L01", 7), Codes("L02", {1, 90}), Number("L03", 900),
                                      Code("B01", 1), Code("NONE", 1)};
  for (const auto& draft :
       {Draft("1201", "leader", wrong), Draft("1201", "leader", LeaderYes(0)),
        Draft("030101", "settlement", Settlement()), Draft("1201", "leader", LeaderYes())}) {
    const int64_t head = server_->Head();
    pb::ValidateRequest request;
    *request.mutable_submission() = draft;
    pb::ValidateResponse judged;
    ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::Validate, request, &judged).ok());
    EXPECT_EQ(server_->Head(), head);
    const auto submitted = server_->Submit(Request(draft, 0));
    ASSERT_TRUE(submitted.ok());
    EXPECT_EQ(judged.outcome(), submitted->outcome());
    EXPECT_EQ(judged.finding_count(), submitted->finding_count());
    EXPECT_EQ(Rules(judged.findings()), Rules(submitted->findings()));
  }
}

TEST_F(Parts, ABatchAnswersEachOnItsOwnAndADuplicateGetsTheFirstOnesResult) {
  auto documents = cli::LoadDefinitions({Documents() + "/frame.yaml"});
  model::Definition larger = documents.documents.back().definition;
  ASSERT_EQ(larger.frame().name(), "editions/TP2019/frame");
  for (int i = 0; i < 100; ++i) {
    model::Unit& unit = *larger.mutable_frame()->add_units();
    unit.set_code(base::StrCat(7000 + i));
    unit.set_name("unit");
    unit.set_type(model::UNIT_TYPE_MUNICIPALITY);
  }
  larger.mutable_frame()->set_reason("more units");
  ASSERT_TRUE(server_->Apply(larger)->findings().empty());
  Open();
  const int64_t head = server_->Head();
  pb::BatchSubmitRequest batch;
  for (int i = 0; i < 100; ++i) {
    *batch.add_requests() =
        Request(Draft(base::StrCat(7000 + i), "leader", LeaderYes()), 0, base::StrCat("b", i));
  }
  batch.mutable_requests(50)->mutable_submission()->mutable_answers(0)->set_code(7);
  batch.mutable_requests(51)->mutable_submission()->set_unit("9999");
  *batch.mutable_requests(60) = batch.requests(10);
  *batch.mutable_requests(61) = Request(Draft("7061", "leader", LeaderNo()), 0, "b11");
  pb::BatchSubmitResponse response;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::BatchSubmit, batch, &response).ok());
  ASSERT_EQ(response.results_size(), 100);
  int64_t position = head;
  for (int i = 0; i < 100; ++i) {
    if (i == 50) {
      EXPECT_EQ(response.results(i).response().outcome(), pb::SUBMIT_OUTCOME_REFUSED);
    } else if (i == 51) {
      EXPECT_EQ(response.results(i).error().reason(), "REASON_UNIT_OUT_OF_FRAME");
    } else if (i == 60) {
      EXPECT_EQ(response.results(60).SerializeAsString(), response.results(10).SerializeAsString());
    } else if (i == 61) {
      EXPECT_EQ(response.results(i).error().reason(), "REASON_REQUEST_ID_REUSED");
    } else {
      EXPECT_EQ(response.results(i).response().receipt().position(), ++position) << i;
    }
  }
  EXPECT_EQ(server_->Head(), head + 96);
  pb::BatchSubmitResponse again;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::BatchSubmit, batch, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
  *batch.add_requests() = batch.requests(0);
  EXPECT_EQ(ReasonOf(CallOnce(*server_->submissions, &Submissions::BatchSubmit, batch, &again)),
            Reason::kFieldInvalid);
}

TEST_F(Parts, DraftsAreKeptForTheFormAloneSealedAndOverARestart) {
  const int64_t head = server_->Head();
  pb::SaveDraftRequest save;
  *save.mutable_draft() = Draft("1201", "leader", {Text("L04", "Uferdig kladdetekst")});
  pb::SaveDraftResponse saved;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::SaveDraft, save, &saved).ok());
  const absl::Status stale = CallOnce(*server_->submissions, &Submissions::SaveDraft, save, &saved);
  EXPECT_EQ(ReasonOf(stale), Reason::kDraftChanged);
  EXPECT_EQ(base::InfoOf(stale).metadata.at("current_version"), base::StrCat(saved.version()));
  EXPECT_EQ(server_->Head(), head);
  server_->Restart();
  EXPECT_THAT(FilesWith("Uferdig kladdetekst"), IsEmpty());
  pb::GetDraftRequest get;
  get.set_name("editions/TP2019/drafts/1201.leader");
  pb::GetDraftResponse got;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::GetDraft, get, &got).ok());
  EXPECT_EQ(got.draft().SerializeAsString(), save.draft().SerializeAsString());
  pb::DeleteDraftRequest remove;
  remove.set_name(get.name());
  pb::DeleteDraftResponse removed;
  EXPECT_TRUE(CallOnce(*server_->submissions, &Submissions::DeleteDraft, remove, &removed).ok());
  EXPECT_EQ(ReasonOf(CallOnce(*server_->submissions, &Submissions::GetDraft, get, &got)),
            Reason::kUnknownResource);
  EXPECT_TRUE(CallOnce(*server_->submissions, &Submissions::DeleteDraft, remove, &removed).ok());
}

TEST_F(Parts, HistoryIsPagedAndADiffComparesTextsWithoutShowingThem) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  std::vector<model::Answer> changed = LeaderYes();
  changed[3].set_text("Noko heilt anna");
  Accept(Draft("1201", "leader", changed), 1);
  Accept(Draft("1201", "leader", LeaderNo()), 2);
  pb::DiffSubmissionsRequest diff;
  diff.set_parent("editions/TP2019/submissions/1201.leader");
  diff.set_from_revision(1);
  diff.set_to_revision(2);
  pb::DiffSubmissionsResponse changes;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::DiffSubmissions, diff, &changes).ok());
  ASSERT_EQ(changes.changes_size(), 1);
  EXPECT_EQ(changes.changes(0).item(), "L04");
  EXPECT_EQ(changes.changes(0).before().text(), "");
  EXPECT_EQ(changes.changes(0).after().text(), "");

  pb::ListSubmissionsRequest list;
  list.set_parent(diff.parent());
  list.set_page_size(2);
  pb::ListSubmissionsResponse page;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::ListSubmissions, list, &page).ok());
  ASSERT_EQ(page.submissions_size(), 2);
  EXPECT_EQ(page.submissions(1).revision(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::ListSubmissions, list, &page).ok());
  ASSERT_EQ(page.submissions_size(), 1);
  EXPECT_EQ(page.submissions(0).revision(), 3);
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(Parts, FindingsThatOnePageDoesNotHoldComeWithTheNextOnesAndNoneTwice) {
  Open();
  const pb::SubmissionDraft draft = Draft("1103", "leader", Unknown(250));
  const auto refused = server_->Submit(Request(draft, 0));
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->findings_size(), 200);
  EXPECT_EQ(refused->finding_count(), 251) << "250 unknown items and the required one";
  ASSERT_NE(refused->next_page_token(), "");

  // Validate goes on where Submit stopped.
  pb::ValidateRequest request;
  *request.mutable_submission() = draft;
  request.set_page_token(refused->next_page_token());
  pb::ValidateResponse page;
  ASSERT_TRUE(Validate(request, &page).ok());
  EXPECT_EQ(page.outcome(), pb::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(page.findings_size(), 51);
  EXPECT_EQ(page.finding_count(), 251);
  EXPECT_EQ(page.next_page_token(), "");
  std::vector<std::string> by_submit = Bytes(refused->findings());
  for (const std::string& one : Bytes(page.findings())) by_submit.push_back(one);
  EXPECT_EQ(std::set<std::string>(by_submit.begin(), by_submit.end()).size(), 251U);

  // Pages of any size are the same list.
  for (const int32_t page_size : {1, 37, 251, 1'000'000}) {
    std::vector<std::string> by_page;
    request.clear_page_token();
    request.set_page_size(page_size);
    do {
      ASSERT_TRUE(Validate(request, &page).ok());
      EXPECT_LE(page.findings_size(), std::min(page_size, 200));
      for (const std::string& one : Bytes(page.findings())) by_page.push_back(one);
      request.set_page_token(page.next_page_token());
    } while (!page.next_page_token().empty());
    EXPECT_EQ(by_page, by_submit) << page_size;
  }
}

TEST_F(Parts, ATokenOfFindingsServesItsOwnSubmissionAndListAlone) {
  Open();
  std::vector<model::Answer> answers = LeaderYes(150);
  for (const model::Answer& one : Unknown(250)) answers.push_back(one);
  pb::ValidateRequest request;
  *request.mutable_submission() = Draft("1201", "leader", answers);
  pb::ValidateResponse page;
  ASSERT_TRUE(Validate(request, &page).ok());
  request.set_page_token(page.next_page_token());
  ASSERT_NE(request.page_token(), "");
  const pb::ValidateRequest right = request;

  request.mutable_submission()->mutable_answers(0)->set_code(2);
  EXPECT_EQ(ReasonOf(Validate(request, &page)), Reason::kPageTokenInvalid);
  request = right;
  request.mutable_submission()->set_unit("1103");
  EXPECT_EQ(ReasonOf(Validate(request, &page)), Reason::kPageTokenInvalid);
  for (const std::string& token : {std::string("1"), std::string("x") + right.page_token(),
                                   right.page_token().substr(4), std::string(2'000, 'A')}) {
    request = right;
    request.set_page_token(token);
    EXPECT_EQ(ReasonOf(Validate(request, &page)), Reason::kPageTokenInvalid) << token;
  }
  request = right;
  request.set_page_size(-1);
  EXPECT_EQ(ReasonOf(Validate(request, &page)), Reason::kFieldInvalid);
  ASSERT_TRUE(Validate(right, &page).ok());
  EXPECT_EQ(page.findings_size(), 50);

  // Another part comes in, and with it a finding of a check across parts: another list.
  Accept(Draft("1201", "settlement", Settlement(0)), 0);
  const absl::Status gone = Validate(right, &page);
  EXPECT_EQ(ReasonOf(gone), Reason::kSnapshotGone) << gone;
  EXPECT_EQ(gone.code(), absl::StatusCode::kAborted);
}

TEST_F(Parts, ABatchOfRefusedSubmissionsFitsIntoItsMessageAndEachTokenGivesTheRest) {
  Open();
  pb::BatchSubmitRequest batch;
  for (int i = 0; i < 100; ++i) {
    *batch.add_requests() = Request(Draft("1103", "leader", Unknown(250)), 0);
  }
  pb::BatchSubmitResponse response;
  const absl::Status answered =
      CallOnce(*server_->submissions, &Submissions::BatchSubmit, batch, &response);
  ASSERT_TRUE(answered.ok()) << answered;
  ASSERT_EQ(response.results_size(), 100);
  for (const pb::BatchSubmitResult& result : response.results()) {
    ASSERT_EQ(result.response().finding_count(), 251);
    ASSERT_LT(result.response().findings_size(), 200);
    ASSERT_NE(result.response().next_page_token(), "");
  }
  std::set<std::string> seen;
  for (const std::string& one : Bytes(response.results(7).response().findings())) seen.insert(one);
  pb::ValidateRequest request;
  *request.mutable_submission() = batch.requests(7).submission();
  request.set_page_token(response.results(7).response().next_page_token());
  pb::ValidateResponse page;
  do {
    ASSERT_TRUE(Validate(request, &page).ok());
    for (const std::string& one : Bytes(page.findings())) EXPECT_TRUE(seen.insert(one).second);
    request.set_page_token(page.next_page_token());
  } while (!page.next_page_token().empty());
  EXPECT_EQ(seen.size(), 251U);
}

TEST_F(Parts, ReceiptsAreInTheLanguageOfTheRespondentAndCanBeArchived) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes(), model::LANGUAGE_NN), 0);
  std::vector<model::Answer> unsure = LeaderYes();
  unsure[2] = Code("L03", 98);
  Accept(Draft("030101", "leader", unsure, model::LANGUAGE_NB), 0);
  Accept(Draft("1201", "settlement", Settlement(), model::LANGUAGE_NB), 0);
  const auto nn = Receipt("1201.leader@1");
  ASSERT_TRUE(nn.ok()) << nn.status();
  EXPECT_EQ(nn->language(), model::LANGUAGE_NN);
  for (const char* part :
       {"Kvittering: Prøveundersøking 2019", "1201 Bergen", "kommunedirektør", "nynorsk", "Leiing",
        "Har kommunen busett flyktningar i år?", "- Private utleigarar", "40 personar",
        "Lite bustader", "editions/TP2019/submissions/1201.leader@1"}) {
    EXPECT_THAT(nn->document(), HasSubstr(part));
  }
  EXPECT_THAT(nn->document(), HasSubstr(nn->receipt().chain_hash()));
  const auto nb = Receipt("030101.leader@1");
  ASSERT_TRUE(nb.ok());
  for (const char* part :
       {"030101 Gamle Oslo", "Har bydelen bosatt flyktninger i år?", "- Vet ikke", "bokmål"}) {
    EXPECT_THAT(nb->document(), HasSubstr(part));
  }
  EXPECT_THAT(Receipt("1201.settlement@1")->document(), HasSubstr("45,5 prosent"));
  ASSERT_TRUE(Withdraw("1201.leader", 1).ok());
  const auto withdrawn = Receipt("1201.leader@2");
  ASSERT_TRUE(withdrawn.ok());
  EXPECT_EQ(withdrawn->language(), model::LANGUAGE_NN);
  EXPECT_THAT(withdrawn->document(), HasSubstr("trekte tilbake"));
}

TEST_F(Parts, AfterErasureNoFileHoldsKeyOrTextAndTheLogStillVerifiesAndFolds) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  Accept(Draft("1103", "leader", LeaderYes()), 0);
  std::string key_id;
  for (const pb::LogRecord& one : Follow()) {
    store::Record record;
    ASSERT_TRUE(record.ParseFromString(one.record()));
    if (record.submission_accepted().unit() == "1201")
      key_id = record.submission_accepted().text().key_id();
  }
  server_.reset();
  std::string wrapped;
  {
    storage::rocks::RocksOptions options;
    options.path = folder_.path() + "/ingestion/keys";
    auto keys = storage::rocks::RocksKeyStore::Open(options);
    ASSERT_TRUE(keys.ok()) << keys.status();
    wrapped = (*keys)->Get(key_id)->value();
  }
  std::ifstream master_file(folder_.path() + "/master.key", std::ios::binary);
  const std::string master((std::istreambuf_iterator<char>(master_file)),
                           std::istreambuf_iterator<char>());
  const auto key = base::Open(master, wrapped, key_id);
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(FilesWith(wrapped).empty()) << "else the search below would find nothing anyway";
  server_ = std::make_unique<IngestionServer>(folder_.path());
  pb::EraseTextRequest erase;
  erase.set_name("editions/TP2019/submissions/1201.leader@1");
  erase.set_request_id("erase-1");
  pb::EraseTextResponse erased;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::EraseText, erase, &erased).ok());
  EXPECT_EQ(erased.position(), server_->Head());
  for (const std::string& secret : {wrapped, *key, std::string("Lite bustader")})
    EXPECT_THAT(FilesWith(secret), IsEmpty());
  const auto stored = server_->Get(erase.name());
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(stored->text_erased());
  EXPECT_EQ(server_->Get("editions/TP2019/submissions/1103.leader@1")->answers(3).text(),
            "Lite bustader");
  EXPECT_THAT(Receipt("1201.leader@1")->document(), HasSubstr("(teksten er sletta)"));
  pb::VerifyChainResponse verified;
  ASSERT_TRUE(CallOnce(*server_->log, &Log::VerifyChain, pb::VerifyChainRequest(), &verified).ok());
  EXPECT_EQ(verified.verified(), server_->Head());
  EXPECT_THAT(States("1201", {"L04"}), ElementsAre(Name(ItemState::kAnswered)));

  // The key store lost: the other's texts cannot be read, and nothing else is touched.
  server_.reset();
  std::filesystem::remove_all(folder_.path() + "/ingestion/keys");
  server_ = std::make_unique<IngestionServer>(folder_.path());
  EXPECT_EQ(ReasonOf(server_->Get("editions/TP2019/submissions/1103.leader@1").status()),
            Reason::kKeyMissing);
  EXPECT_TRUE(server_->Get(erase.name())->text_erased());
  pb::ListSubmissionsRequest list;
  list.set_parent("editions/TP2019/submissions/1103.leader");
  pb::ListSubmissionsResponse page;
  EXPECT_TRUE(CallOnce(*server_->submissions, &Submissions::ListSubmissions, list, &page).ok());
  Accept(Draft("1103", "leader", LeaderYes()), 1);
}

TEST_F(Parts, StatesDispositionsAndCollectionByAttributeWithUnknownLast) {
  EXPECT_EQ(ReasonOf(server_->Submit(Request(Draft("1201", "leader", LeaderYes()), 0)).status()),
            Reason::kEditionNotOpen);
  Open();
  const pb::SubmitRequest first = Request(Draft("1201", "leader", LeaderYes()), 0);
  const auto receipt = server_->Submit(first);
  ASSERT_TRUE(receipt.ok());
  Accept(Draft("1201", "leader", LeaderNo()), 1);
  pb::SetDispositionRequest set;
  set.set_edition("editions/TP2019");
  set.set_unit("1902");
  set.set_disposition(model::DISPOSITION_REFUSAL);
  set.set_request_id("refusal");
  pb::SetDispositionResponse answered;
  ASSERT_TRUE(CallOnce(*server_->editions, &Editions::SetDisposition, set, &answered).ok());
  const auto by_region = Status("region");
  ASSERT_EQ(by_region.groups_size(), 4);
  EXPECT_EQ(by_region.groups(0).group(), "west");
  EXPECT_EQ(by_region.groups(0).partial(), 1);
  EXPECT_EQ(by_region.groups(0).non_contact(), 1);
  EXPECT_EQ(by_region.groups(1).refusal(), 1);
  EXPECT_EQ(by_region.groups(2).invited(), 0);
  EXPECT_EQ(by_region.groups(3).group(), "unknown");
  EXPECT_EQ(by_region.groups(3).invited(), 3);
  EXPECT_EQ(Status("size").groups(2).invited(), 1);

  ASSERT_TRUE(server_->SetState("TP2019", model::EDITION_STATE_CLOSED).ok());
  const auto again = server_->Submit(first);
  ASSERT_TRUE(again.ok()) << "closed and superseded since";
  EXPECT_EQ(again->SerializeAsString(), receipt->SerializeAsString());
  EXPECT_EQ(ReasonOf(server_->Submit(Request(Draft("1201", "leader", LeaderYes()), 2)).status()),
            Reason::kEditionClosed);
  EXPECT_EQ(ReasonOf(Withdraw("1201.leader", 2)), Reason::kEditionClosed);
  ASSERT_TRUE(server_->SetState("TP2019", model::EDITION_STATE_OPEN, "1201").ok());
  const absl::Status stale =
      server_->Submit(Request(Draft("1201", "leader", LeaderYes()), 1)).status();
  EXPECT_EQ(ReasonOf(stale), Reason::kStaleRevision);
  EXPECT_EQ(base::InfoOf(stale).metadata.at("current_revision"), "2");
  Accept(Draft("1201", "leader", LeaderYes()), 2);
  EXPECT_EQ(ReasonOf(server_->Submit(Request(Draft("1103", "leader", LeaderYes()), 0)).status()),
            Reason::kEditionClosed);
}

TEST_F(Parts, ANewVersionSupersedesTheOldOneUnlessItSaysOtherwise) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  auto documents = cli::LoadDefinitions({Documents() + "/questionnaire.yaml"});
  model::Definition next = documents.documents.back().definition;
  ASSERT_EQ(next.questionnaire().name(), "editions/TP2019/questionnaires/1");
  next.mutable_questionnaire()->set_name("editions/TP2019/questionnaires/2");
  model::Definition changed = next;
  changed.mutable_questionnaire()->mutable_questions(5)->set_route("L01 == 2");
  const auto refused = server_->Apply(changed);
  ASSERT_TRUE(refused.ok());
  ASSERT_GE(refused->findings_size(), 1);
  EXPECT_EQ(refused->findings(0).path(), "questionnaire.questions[5].route");
  EXPECT_NE(refused->findings(0).remedy(), "");
  ASSERT_TRUE(server_->Apply(next)->changed());
  EXPECT_EQ(ReasonOf(server_->Submit(Request(Draft("1103", "leader", LeaderYes()), 0)).status()),
            Reason::kQuestionnaireSuperseded);
  next.mutable_questionnaire()->set_accept_previous_version(true);
  ASSERT_TRUE(server_->Apply(next)->changed());
  Accept(Draft("1103", "leader", LeaderYes()), 0);
  pb::SubmissionDraft newer = Draft("1201", "leader", LeaderYes());
  newer.set_questionnaire(2);
  Accept(newer, 1);
  EXPECT_EQ(server_->Get("editions/TP2019/submissions/1201.leader")->questionnaire(), 2);
  EXPECT_EQ(server_->Get("editions/TP2019/submissions/1201.leader@1")->questionnaire(), 1);
}

TEST_F(Parts, ARestoredBackupIsTheSameLogInANewEpoch) {
  Open();
  Accept(Draft("1201", "leader", LeaderYes()), 0);
  pb::CreateBackupRequest request;
  request.set_backup_id("first");
  pb::CreateBackupResponse made;
  ASSERT_TRUE(CallOnce(*server_->log, &Log::CreateBackup, request, &made).ok());
  const std::vector<pb::LogRecord> before = Follow();
  Accept(Draft("1103", "leader", LeaderYes()), 0);  // After the backup: lost with the restore.
  server_.reset();
  std::filesystem::remove_all(folder_.path() + "/ingestion/log");
  ASSERT_TRUE(storage::rocks::RocksResponseLog::RestoreBackup(folder_.path() + "/backups/first/log",
                                                              folder_.path() + "/ingestion/log")
                  .ok());
  server_ = std::make_unique<IngestionServer>(folder_.path());
  const std::vector<pb::LogRecord> after = Follow();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i)
    EXPECT_EQ(after[i].SerializeAsString(), before[i].SerializeAsString());
  pb::GetHeadResponse head;
  ASSERT_TRUE(CallOnce(*server_->log, &Log::GetHead, pb::GetHeadRequest(), &head).ok());
  EXPECT_EQ(head.head().log_id(), made.head().log_id());
  EXPECT_EQ(head.head().epoch(), made.head().epoch() + 1);
  Accept(Draft("1103", "leader", LeaderYes()), 0);
}

TEST_F(Parts, AScheduleOpensTheEditionByItselfThroughARecord) {
  auto documents = cli::LoadDefinitions({Documents() + "/edition.yaml"});
  model::Definition edition = documents.documents.back().definition;
  ASSERT_EQ(edition.edition().name(), "editions/TP2019");
  model::ScheduledTransition& transition = *edition.mutable_edition()->add_schedule();
  transition.set_at("2019-11-18T07:00:00Z");
  transition.set_to(model::EDITION_STATE_OPEN);
  ASSERT_TRUE(server_->Apply(edition)->changed());
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(30));
  const auto stream = server_->log->FollowLog(&context, pb::FollowLogRequest());
  pb::FollowLogResponse chunk;
  std::optional<store::EditionStateChanged> change;
  while (!change.has_value() && stream->Read(&chunk)) {
    for (const pb::LogRecord& one : chunk.records()) {
      store::Record record;
      ASSERT_TRUE(record.ParseFromString(one.record()));
      if (record.has_edition_state_changed()) change = record.edition_state_changed();
    }
  }
  context.TryCancel();
  ASSERT_TRUE(change.has_value());
  EXPECT_TRUE(change->scheduled());
  const int64_t head = server_->Head();
  server_->Restart();
  EXPECT_EQ(server_->Head(), head);
}

}  // namespace
}  // namespace imdi::ingestion
