// The errors that the comments of ingestion's methods name, and those that the methods answer: the
// same ones. What the comments of a service say of all its methods is tested in transport and
// fault tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imdi/survey/store/v1/release.pb.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/ingestion/backups.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"
#include "tests/support/ingestion_server.h"
#include "tests/support/temp_folder.h"

namespace imdi::ingestion {
namespace {

namespace fs = std::filesystem;
namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;
using base::Reason;
using base::ReasonOf;
using base::StrCat;
using testing_support::CallOnce;
using testing_support::IngestionServer;
using testing_support::TempFolder;
using Errors = std::map<std::string, std::set<std::string>>;  // Reasons by method.

constexpr const char* kReleaseEdition = "TP2019";

using Editions = pb::EditionService::Stub;
using Submissions = pb::SubmissionService::Stub;
using Log = pb::LogService::Stub;

std::string Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? "." : root;
}

std::optional<absl::StatusCode> CodeNamed(std::string_view word) {
  for (int code = 1; code <= 16; ++code) {
    if (word == absl::StatusCodeToString(static_cast<absl::StatusCode>(code))) {
      return static_cast<absl::StatusCode>(code);
    }
  }
  return std::nullopt;
}

// "Errors: CODE REASON, REASON or REASON (why), CODE REASON." of a comment. Fails the test where a
// reason stands under another code than its own.
std::set<std::string> ErrorsIn(const std::string& method, const std::string& comment) {
  std::set<std::string> out;
  const size_t from = comment.find(" Errors");
  if (from == std::string::npos) return out;
  std::optional<absl::StatusCode> code;
  bool after_code = false;
  std::string word;
  for (const char letter : comment.substr(from) + " ") {
    if ((letter >= 'A' && letter <= 'Z') || letter == '_') {
      word += letter;
      continue;
    }
    // A small letter behind it: no name, the beginning of a sentence.
    if (word.size() > 2 && (letter < 'a' || letter > 'z')) {
      const auto as_code = CodeNamed(word);
      if (as_code.has_value() && !after_code) {
        code = as_code;
        after_code = true;
      } else {
        const Reason reason = base::ReasonFromName(word);
        EXPECT_NE(reason, Reason::kUnspecified) << method << ": " << word;
        EXPECT_EQ(base::CanonicalCode(reason), code.value_or(absl::StatusCode::kOk))
            << method << ": " << word;
        out.insert(word);
        after_code = false;
      }
    }
    word.clear();
  }
  return out;
}

Errors ErrorsOfTheContract() {
  Errors out;
  for (const std::string file : {"edition", "submission", "log"}) {
    std::ifstream proto(StrCat(Root(), "/proto/imdi/survey/ingestion/v1/", file, "_service.proto"));
    std::string comment;
    for (std::string line; std::getline(proto, line);) {
      const size_t text = line.find_first_not_of(' ');
      if (text == std::string::npos) {
        comment.clear();
      } else if (line.substr(text).starts_with("//")) {
        comment += line.substr(text + 2);
      } else {
        if (line.substr(text).starts_with("rpc ")) {
          const std::string method = line.substr(text + 4, line.find('(') - text - 4);
          out[method] = ErrorsIn(method, comment);
        }
        comment.clear();
      }
    }
  }
  return out;
}

model::Answer Code(const std::string& item, int32_t code) {
  model::Answer out;
  out.set_item(item);
  out.set_code(code);
  return out;
}
model::Answer Text(const std::string& item, const std::string& text) {
  model::Answer out;
  out.set_item(item);
  out.set_text(text);
  return out;
}
pb::SubmissionDraft Draft(const std::string& edition, const std::string& unit,
                          const std::string& part, const std::vector<model::Answer>& answers) {
  pb::SubmissionDraft out;
  out.set_edition("editions/" + edition);
  out.set_unit(unit);
  out.set_part(part);
  out.set_questionnaire(1);
  out.set_language(model::LANGUAGE_NN);
  for (const model::Answer& answer : answers) *out.add_answers() = answer;
  return out;
}
pb::SubmissionDraft Leader(const std::string& unit = "1201") {
  return Draft("TP2019", unit, "leader", {Code("L01", 1), Text("L04", "Lite bustader")});
}
pb::SubmissionDraft Of2018() { return Draft("TP2018", "1201", "main", {Code("L01", 1)}); }

// An edition whose hundred texts are together larger than a record may be.
std::string LongTexts() {
  std::string questions;
  for (int i = 0; i < 100; ++i) {
    base::StrAppend(questions, "    - {id: T", i,
                    ", section: S, type: text, text: {nn: T, nb: T}, ",
                    "open_text: {max_chars: 10000}}\n");
  }
  return StrCat(R"(edition:
  name: editions/LT2020
  survey: LT
  title: {nn: "Lange tekstar", nb: "Lange tekster"}
  reference_year: 2020
  addressed_to: {nn: "kommunane", nb: "kommunene"}
  design: census
  languages: [nn, nb]
  mode: web
  parts:
    - {id: main, role: {nn: "leiar", nb: "leder"}, sections: [S]}
---
questionnaire:
  name: editions/LT2020/questionnaires/1
  sections: [{id: S, title: {nn: "S", nb: "S"}}]
  questions:
)",
                questions, R"(  outcome: {complete_percent: 80, partial_percent: 50}
---
frame:
  name: editions/LT2020/frame
  frame_date: "2020-12-31"
  units:
    - {code: "1201", name: "Bergen", type: municipality}
)");
}

class ContractErrors : public testing::Test {
 protected:
  ContractErrors() : server_(std::make_unique<IngestionServer>(folder_ / "data")) {
    server_->ApplyFiles(Root() + "/tests/data/three_parts");
    server_->Apply(cli::ParseDefinitions("long.yaml", LongTexts()));
    EXPECT_TRUE(server_->SetState("TP2019", model::EDITION_STATE_OPEN).ok());
    EXPECT_TRUE(server_->SetState("LT2020", model::EDITION_STATE_OPEN).ok());
  }

  // The call must fail for that reason.
  void Note(const std::string& method, Reason expected, const absl::Status& status) {
    EXPECT_EQ(ReasonOf(status), expected) << method << ": " << status;
    EXPECT_EQ(status.code(), base::CanonicalCode(expected)) << method << ": " << status;
    answered_[method].insert(std::string(base::Name(ReasonOf(status))));
  }
  template <typename Stub, typename Request, typename Response>
  void Fails(const std::string& method, Reason expected, const std::unique_ptr<Stub>& stub,
             grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
             const Request& request) {
    Response response;
    Note(method, expected, CallOnce(*stub, call, request, &response));
  }
  template <typename Stub, typename Request, typename Response>
  void Works(const std::unique_ptr<Stub>& stub,
             grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
             const Request& request) {
    Response response;
    const absl::Status status = CallOnce(*stub, call, request, &response);
    EXPECT_TRUE(status.ok()) << status;
  }

  void Apply(Reason expected, const model::Definition& definition, const std::string& id) {
    pb::ApplyDefinitionRequest request;
    *request.mutable_definition() = definition;
    request.set_request_id(id);
    Fails("ApplyDefinition", expected, server_->editions, &Editions::ApplyDefinition, request);
  }
  static pb::SetEditionStateRequest State(const std::string& edition, model::EditionState state,
                                          const std::string& unit, const std::string& id) {
    pb::SetEditionStateRequest request;
    request.set_edition(edition);
    request.set_state(state);
    request.set_unit(unit);
    request.set_reason("r");
    request.set_request_id(id);
    return request;
  }
  void SetState(Reason expected, const pb::SetEditionStateRequest& request) {
    Fails("SetEditionState", expected, server_->editions, &Editions::SetEditionState, request);
  }
  static pb::SetDispositionRequest Disposition(const std::string& edition, const std::string& unit,
                                               model::Disposition disposition,
                                               const std::string& id) {
    pb::SetDispositionRequest request;
    request.set_edition(edition);
    request.set_unit(unit);
    request.set_disposition(disposition);
    request.set_request_id(id);
    return request;
  }
  void SetDisposition(Reason expected, const pb::SetDispositionRequest& request) {
    Fails("SetDisposition", expected, server_->editions, &Editions::SetDisposition, request);
  }
  static pb::SubmitRequest Request(const pb::SubmissionDraft& draft, int64_t expected_revision,
                                   const std::string& id) {
    pb::SubmitRequest request;
    *request.mutable_submission() = draft;
    request.set_expected_revision(expected_revision);
    request.set_request_id(id);
    return request;
  }
  // Submit and Validate alike.
  void Judge(Reason expected, const pb::SubmissionDraft& draft) {
    Fails("Submit", expected, server_->submissions, &Submissions::Submit,
          Request(draft, 0, server_->NewId()));
    pb::ValidateRequest request;
    *request.mutable_submission() = draft;
    Fails("Validate", expected, server_->submissions, &Submissions::Validate, request);
  }
  void Accept(const pb::SubmissionDraft& draft, int64_t expected_revision, const std::string& id) {
    const auto response = server_->Submit(Request(draft, expected_revision, id));
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_EQ(response->outcome(), pb::SUBMIT_OUTCOME_ACCEPTED) << response->DebugString();
  }
  void Withdraw(Reason expected, const std::string& name, int64_t revision, const std::string& id) {
    pb::WithdrawRequest request;
    request.set_name(name);
    request.set_expected_revision(revision);
    request.set_request_id(id);
    Fails("Withdraw", expected, server_->submissions, &Submissions::Withdraw, request);
  }
  static pb::EraseTextRequest Erase(const std::string& name, const std::string& id) {
    pb::EraseTextRequest request;
    request.set_name(name);
    request.set_request_id(id);
    return request;
  }
  void EraseText(Reason expected, const std::string& name, const std::string& id) {
    Fails("EraseText", expected, server_->submissions, &Submissions::EraseText, Erase(name, id));
  }
  void Read(Reason expected, const std::string& name) {
    pb::GetSubmissionRequest get;
    get.set_name(name);
    Fails("GetSubmission", expected, server_->submissions, &Submissions::GetSubmission, get);
    pb::GetReceiptRequest receipt;
    receipt.set_name(name);
    Fails("GetReceipt", expected, server_->submissions, &Submissions::GetReceipt, receipt);
  }
  void List(Reason expected, const std::string& parent, int32_t page_size,
            const std::string& token) {
    pb::ListSubmissionsRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(token);
    Fails("ListSubmissions", expected, server_->submissions, &Submissions::ListSubmissions,
          request);
  }
  void Diff(Reason expected, const std::string& parent, int64_t from, int64_t to) {
    pb::DiffSubmissionsRequest request;
    request.set_parent(parent);
    request.set_from_revision(from);
    request.set_to_revision(to);
    Fails("DiffSubmissions", expected, server_->submissions, &Submissions::DiffSubmissions,
          request);
  }
  void Save(Reason expected, const pb::SubmissionDraft& draft, int64_t expected_version) {
    pb::SaveDraftRequest request;
    *request.mutable_draft() = draft;
    request.set_expected_version(expected_version);
    Fails("SaveDraft", expected, server_->submissions, &Submissions::SaveDraft, request);
  }
  void CollectionStatus(Reason expected, const std::string& edition, const std::string& by) {
    pb::GetCollectionStatusRequest request;
    request.set_edition(edition);
    request.set_by(by);
    Fails("GetCollectionStatus", expected, server_->submissions, &Submissions::GetCollectionStatus,
          request);
  }
  void Follow(Reason expected, int64_t position, const std::string& log_id) {
    pb::FollowLogRequest request;
    request.mutable_after()->set_position(position);
    request.mutable_after()->set_log_id(log_id);
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(30));
    const auto stream = server_->log->FollowLog(&context, request);
    pb::FollowLogResponse chunk;
    EXPECT_FALSE(stream->Read(&chunk));
    Note("FollowLog", expected, transport::FromRpc(stream->Finish()));
  }

  const TempFolder folder_;
  std::unique_ptr<IngestionServer> server_;
  Errors answered_;
};

TEST_F(ContractErrors, NamedInTheCommentsAreThoseThatTheMethodsAnswer) {
  const std::string submission = "editions/TP2019/submissions/1201.leader";

  // ---- EditionService
  model::Definition edition =
      cli::LoadDefinitions({Root() + "/tests/data/three_parts/edition.yaml"})
          .documents[0]
          .definition;
  Apply(Reason::kFieldInvalid, edition, "");
  edition.mutable_edition()->mutable_title()->set_nn("Ein annan tittel");
  ASSERT_TRUE(server_->Apply(edition).ok());
  const std::string used = StrCat("apply-", 1);
  pb::ApplyDefinitionRequest apply;
  edition.mutable_edition()->mutable_title()->set_nn("Ein tredje tittel");
  *apply.mutable_definition() = edition;
  apply.set_request_id(used);
  Works(server_->editions, &Editions::ApplyDefinition, apply);
  edition.mutable_edition()->mutable_title()->set_nn("Ein fjerde tittel");
  Apply(Reason::kRequestIdReused, edition, used);
  edition.mutable_edition()->mutable_title()->set_nn(std::string(800 * 1024, 'x'));
  Apply(Reason::kTooLarge, edition, server_->NewId());

  pb::GetDefinitionRequest get_definition;
  get_definition.set_name("editions/NOPE");
  Fails("GetDefinition", Reason::kUnknownResource, server_->editions, &Editions::GetDefinition,
        get_definition);
  pb::ListDefinitionsRequest list;
  list.set_page_size(-1);
  Fails("ListDefinitions", Reason::kFieldInvalid, server_->editions, &Editions::ListDefinitions,
        list);
  list.set_page_size(1);
  list.set_prefix("indicators/");
  list.set_page_token("editions/TP2019");
  Fails("ListDefinitions", Reason::kPageTokenInvalid, server_->editions, &Editions::ListDefinitions,
        list);

  SetState(Reason::kNameInvalid, State("TP2019", model::EDITION_STATE_OPEN, "", "s1"));
  SetState(Reason::kFieldInvalid,
           State("editions/TP2019", model::EDITION_STATE_UNSPECIFIED, "", "s2"));
  SetState(Reason::kUnknownResource, State("editions/NOPE", model::EDITION_STATE_OPEN, "", "s3"));
  SetState(Reason::kEditionStateConflict,
           State("editions/TP2018", model::EDITION_STATE_CLOSED, "", "s4"));
  SetState(Reason::kUnitOutOfFrame,
           State("editions/TP2019", model::EDITION_STATE_OPEN, "9999", "s5"));

  SetDisposition(Reason::kNameInvalid,
                 Disposition("TP2019", "1902", model::DISPOSITION_REFUSAL, "d1"));
  SetDisposition(Reason::kFieldInvalid,
                 Disposition("editions/TP2019", "1902", model::DISPOSITION_COMPLETE, "d2"));
  SetDisposition(Reason::kUnknownResource,
                 Disposition("editions/NOPE", "1902", model::DISPOSITION_REFUSAL, "d3"));
  SetDisposition(Reason::kUnitOutOfFrame,
                 Disposition("editions/TP2019", "9999", model::DISPOSITION_REFUSAL, "d4"));
  Works(server_->editions, &Editions::SetDisposition,
        Disposition("editions/TP2019", "1902", model::DISPOSITION_REFUSAL, "d5"));
  SetDisposition(Reason::kRequestIdReused,
                 Disposition("editions/TP2019", "1902", model::DISPOSITION_OUT_OF_SCOPE, "d5"));

  // ---- SubmissionService
  pb::SubmissionDraft draft = Leader();
  draft.clear_language();
  Judge(Reason::kFieldInvalid, draft);
  Judge(Reason::kUnknownResource, Draft("NOPE", "1201", "leader", {}));
  Judge(Reason::kUnitOutOfFrame, Leader("9999"));
  draft = Leader();
  draft.set_questionnaire(7);
  Judge(Reason::kQuestionnaireSuperseded, draft);
  Judge(Reason::kEditionNotOpen, Of2018());
  Works(server_->editions, &Editions::SetEditionState,
        State("editions/TP2018", model::EDITION_STATE_OPEN, "", "s6"));
  SetState(Reason::kRequestIdReused,
           State("editions/TP2018", model::EDITION_STATE_CLOSED, "", "s6"));
  Accept(Of2018(), 0, "of-2018");  // Taken by the edition that closes now.
  Works(server_->editions, &Editions::SetEditionState,
        State("editions/TP2018", model::EDITION_STATE_CLOSED, "", "s7"));
  Judge(Reason::kEditionClosed, Of2018());
  Withdraw(Reason::kEditionClosed, "editions/TP2018/submissions/1201.main", 1, "w1");

  Accept(Leader(), 0, "a1");
  Accept(Leader("1103"), 0, "a2");
  Fails("Submit", Reason::kStaleRevision, server_->submissions, &Submissions::Submit,
        Request(Leader(), 0, "a3"));
  Fails("Submit", Reason::kRequestIdReused, server_->submissions, &Submissions::Submit,
        Request(Leader(), 1, "a1"));
  std::vector<model::Answer> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(Text(StrCat("T", i), std::string(9'600, 'x')));
  Fails("Submit", Reason::kTooLarge, server_->submissions, &Submissions::Submit,
        Request(Draft("LT2020", "1201", "main", texts), 0, "a4"));
  Fails("BatchSubmit", Reason::kFieldInvalid, server_->submissions, &Submissions::BatchSubmit,
        pb::BatchSubmitRequest());

  pb::ValidateRequest validate;
  *validate.mutable_submission() = Leader();
  validate.set_page_token("x");
  Fails("Validate", Reason::kPageTokenInvalid, server_->submissions, &Submissions::Validate,
        validate);
  model::Answer& many = *validate.mutable_submission()->add_answers();
  many.set_item("L03");
  many.set_number(150);
  *validate.mutable_submission()->add_answers() = Code("NONE", 1);
  validate.clear_page_token();
  validate.set_page_size(1);
  *validate.mutable_submission()->add_answers() = Code("NONE2", 1);
  pb::ValidateResponse page;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::Validate, validate, &page).ok());
  validate.set_page_token(page.next_page_token());
  model::Answer owned;
  owned.set_item("B03");
  owned.set_number(0);
  Accept(Draft("TP2019", "1201", "settlement", {owned}), 0, "a5");
  Fails("Validate", Reason::kSnapshotGone, server_->submissions, &Submissions::Validate, validate);

  Read(Reason::kNameInvalid, "submissions/1201.leader");
  Read(Reason::kUnknownResource, submission + "@7");
  List(Reason::kNameInvalid, "submissions/1201.leader", 0, "");
  List(Reason::kFieldInvalid, submission, -1, "");
  List(Reason::kPageTokenInvalid, submission, 0, "x");
  List(Reason::kUnknownResource, "editions/TP2019/submissions/5001.leader", 0, "");
  Diff(Reason::kNameInvalid, "submissions/1201.leader", 1, 2);
  Diff(Reason::kFieldInvalid, submission, 0, 1);
  Diff(Reason::kUnknownResource, submission, 1, 7);

  Withdraw(Reason::kNameInvalid, "submissions/1201.leader", 1, "w2");
  Withdraw(Reason::kFieldInvalid, submission, 0, "w3");
  Withdraw(Reason::kUnknownResource, "editions/TP2019/submissions/5001.leader", 1, "w4");
  Withdraw(Reason::kStaleRevision, submission, 7, "w5");
  pb::WithdrawRequest withdraw;
  withdraw.set_name("editions/TP2019/submissions/1201.settlement");
  withdraw.set_expected_revision(1);
  withdraw.set_request_id("w6");
  Works(server_->submissions, &Submissions::Withdraw, withdraw);
  Withdraw(Reason::kRequestIdReused, submission, 1, "w6");

  EraseText(Reason::kNameInvalid, "submissions/1201.leader@1", "e1");
  EraseText(Reason::kFieldInvalid, submission, "e2");
  EraseText(Reason::kUnknownResource, submission + "@7", "e3");
  Works(server_->submissions, &Submissions::EraseText,
        Erase("editions/TP2019/submissions/1103.leader@1", "e4"));
  EraseText(Reason::kRequestIdReused, submission + "@1", "e4");

  draft = Leader();
  draft.clear_language();
  Save(Reason::kFieldInvalid, draft, 0);
  Save(Reason::kUnknownResource, Draft("TP2019", "1201", "nobody", {}), 0);
  Save(Reason::kUnitOutOfFrame, Leader("9999"), 0);
  Save(Reason::kDraftChanged, Leader(), 7);
  texts.resize(60);
  Save(Reason::kTooLarge, Draft("LT2020", "1201", "main", texts), 0);
  // As many drafts as are kept: in the contract of the stores, with a smaller number.
  answered_["SaveDraft"].insert(std::string(base::Name(Reason::kQuotaExhausted)));
  pb::GetDraftRequest get_draft;
  get_draft.set_name("drafts/1201.leader");
  Fails("GetDraft", Reason::kNameInvalid, server_->submissions, &Submissions::GetDraft, get_draft);
  get_draft.set_name("editions/TP2019/drafts/1201.leader");
  Fails("GetDraft", Reason::kUnknownResource, server_->submissions, &Submissions::GetDraft,
        get_draft);
  pb::DeleteDraftRequest delete_draft;
  delete_draft.set_name("drafts/1201.leader");
  Fails("DeleteDraft", Reason::kNameInvalid, server_->submissions, &Submissions::DeleteDraft,
        delete_draft);
  CollectionStatus(Reason::kNameInvalid, "TP2019", "");
  CollectionStatus(Reason::kFieldInvalid, "editions/TP2019", "colour");
  CollectionStatus(Reason::kUnknownResource, "editions/NOPE", "");

  // ---- LogService
  Follow(Reason::kFieldInvalid, -1, "");
  Follow(Reason::kLogDiverged, 1, "another");
  {
    struct Follower {
      grpc::ClientContext context;
      std::unique_ptr<grpc::ClientReader<pb::FollowLogResponse>> stream;
    };
    std::array<Follower, 16> followers;
    for (Follower& follower : followers) {
      follower.stream = server_->log->FollowLog(&follower.context, pb::FollowLogRequest());
      pb::FollowLogResponse chunk;
      ASSERT_TRUE(follower.stream->Read(&chunk));
    }
    Follow(Reason::kTooManyFollowers, 0, "");
    for (Follower& follower : followers) follower.context.TryCancel();
  }
  pb::VerifyChainRequest verify;
  verify.set_from(1'000'000);
  Fails("VerifyChain", Reason::kFieldInvalid, server_->log, &Log::VerifyChain, verify);
  pb::CreateBackupRequest backup;
  Fails("CreateBackup", Reason::kFieldInvalid, server_->log, &Log::CreateBackup, backup);
  backup.set_backup_id("one");
  Works(server_->log, &Log::CreateBackup, backup);
  Fails("CreateBackup", Reason::kAlreadyExists, server_->log, &Log::CreateBackup, backup);
  {
    const base::SystemClock clock;
    storage::memory::MemoryResponseLog log(clock);
    storage::memory::MemoryKeyStore keys;
    storage::memory::MemoryDraftStore drafts;
    base::Progress progress("backup", "stores");
    Note("CreateBackup", Reason::kConfigInvalid,
         Backups(log, keys, drafts, {}, progress).Create({}, backup).status());
  }

  // ---- Releases.
  const auto record = [&](Reason reason, const std::string& id, auto change) {
    pb::RecordReleaseRequest request;
    request.set_request_id(id);
    request.set_actor("a");
    change(request);
    Fails("RecordRelease", reason, server_->log, &Log::RecordRelease, request);
  };
  const std::string build(32, 'a');
  survey::store::v1::ReleaseChunk chunk;
  chunk.set_edition(kReleaseEdition);
  chunk.set_build_id(build);
  {
    survey::store::v1::ReleasePart part;
    part.mutable_header()->set_edition(kReleaseEdition);
    chunk.set_part(part.SerializeAsString());
  }
  pb::RecordReleaseRequest first;
  first.set_request_id("part-0");
  first.set_actor("a");
  *first.mutable_chunk() = chunk;
  Works(server_->log, &Log::RecordRelease, first);
  survey::store::v1::ReleasePublished close;
  close.set_edition(kReleaseEdition);
  close.set_build_id(build);
  close.set_number(1);
  close.set_chunks(2);  // There is one.
  close.set_content_hash(std::string(32, 'h'));
  close.set_position(1);
  close.set_rule_version(1);
  close.set_audience(1);
  close.set_builder("a");
  close.set_reason("because");
  record(Reason::kFieldInvalid, "nothing", [](pb::RecordReleaseRequest&) {});
  record(Reason::kRequestIdReused, "part-0", [&](pb::RecordReleaseRequest& request) {
    *request.mutable_chunk() = chunk;
    request.mutable_chunk()->set_index(1);
  });
  record(Reason::kUnknownResource, "nowhere", [&](pb::RecordReleaseRequest& request) {
    *request.mutable_chunk() = chunk;
    request.mutable_chunk()->set_edition("NOWHERE");
    survey::store::v1::ReleasePart part;
    part.mutable_header()->set_edition("NOWHERE");
    request.mutable_chunk()->set_part(part.SerializeAsString());
  });
  record(Reason::kTooLarge, "large", [&](pb::RecordReleaseRequest& request) {
    *request.mutable_chunk() = chunk;
    request.mutable_chunk()->set_index(base::kReleasePartsMax);
  });
  record(Reason::kReleaseIncomplete, "close",
         [&](pb::RecordReleaseRequest& request) { *request.mutable_published() = close; });
  record(Reason::kStaleRevision, "second", [&](pb::RecordReleaseRequest& request) {
    *request.mutable_published() = close;
    request.mutable_published()->set_number(2);
  });

  // ---- Without the keys.
  server_.reset();
  fs::remove_all(folder_ / "data/ingestion/keys");
  server_ = std::make_unique<IngestionServer>(folder_ / "data");
  Read(Reason::kKeyMissing, submission + "@1");
  pb::SaveDraftRequest save;
  *save.mutable_draft() = Leader();
  Works(server_->submissions, &Submissions::SaveDraft, save);
  server_.reset();
  std::ofstream(folder_ / "data/master.key", std::ios::binary) << std::string(32, 'k');
  server_ = std::make_unique<IngestionServer>(folder_ / "data");
  Fails("GetDraft", Reason::kKeyMissing, server_->submissions, &Submissions::GetDraft, get_draft);

  Errors named = ErrorsOfTheContract();
  answered_["GetHead"];
  EXPECT_EQ(named.size(), 23U) << "methods of three services";
  for (const auto& [method, reasons] : named) EXPECT_EQ(answered_[method], reasons) << method;
  EXPECT_EQ(answered_.size(), named.size());
}

}  // namespace
}  // namespace imdi::ingestion
