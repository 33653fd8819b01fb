// Ingestion as its users meet it: real gRPC over loopback TCP, a real RocksDB, the survey's own documents.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "clients/cli/definition_documents.h"
#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "services/base/error.h"
#include "services/base/executor.h"
#include "services/base/metrics.h"
#include "services/base/text.h"
#include "services/ingestion/ingestion_app.h"
#include "services/transport/client.h"
#include "services/transport/server_host.h"
#include "services/transport/status_bridge.h"

namespace imdi::ingestion {
namespace {

namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "imdi-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One process' worth of ingestion; Restart stands for the end and the next start of the process.
class Server {
 public:
  explicit Server(const std::string& folder) {
    config_.set_data_dir(folder + "/ingestion");
    config_.set_master_key_file(folder + "/master.key");
    config_.set_create_master_key(true);
    config_.set_backup_dir(folder + "/backups");
    Start();
  }
  ~Server() { Stop(); }

  void Restart() {
    Stop();
    Start();
  }

  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(20));
    return transport::FromRpc((stub.*method)(&context, request, response));
  }

  std::unique_ptr<pb::EditionService::Stub> editions;
  std::unique_ptr<pb::SubmissionService::Stub> submissions;
  std::unique_ptr<pb::LogService::Stub> log;

 private:
  void Start() {
    executor_ = std::make_unique<base::BoundedExecutor>("calls", 4, 64);
    calls_ = std::make_unique<transport::Calls>(transport::Calls::Options{.actor = "test", .internal = true}, *executor_, metrics_);
    auto app = IngestionApp::Start(config_, clock_, *calls_, *calls_);
    ASSERT_TRUE(app.ok()) << app.status();
    app_ = std::move(*app);
    auto host = transport::ServerHost::Listen(
        "127.0.0.1:0", {&app_->edition_service(), &app_->submission_service(), &app_->log_service()});
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = std::move(*host);
    const auto channel = transport::MakeChannel(host_->address());
    editions = pb::EditionService::NewStub(channel);
    submissions = pb::SubmissionService::NewStub(channel);
    log = pb::LogService::NewStub(channel);
  }
  void Stop() {
    if (host_ != nullptr) host_->Drain(absl::Seconds(1));
    executor_->Drain();
    host_.reset();
    app_.reset();
  }

  survey::config::v1::IngestionConfig config_;
  base::SystemClock clock_;
  base::Metrics metrics_;
  std::unique_ptr<base::BoundedExecutor> executor_;
  std::unique_ptr<transport::Calls> calls_;
  std::unique_ptr<IngestionApp> app_;
  std::unique_ptr<transport::ServerHost> host_;
};

std::string SurveyFolder() {
  const char* root = std::getenv("IMDI_ROOT");
  return base::StrCat(root == nullptr ? "." : root, "/deploy/surveys/ku");
}

class IngestionOverTcp : public testing::Test {
 protected:
  IngestionOverTcp() : server_(folder_.path()) {}

  void ApplySurvey() {
    const cli::DefinitionDocuments documents = cli::LoadDefinitions({SurveyFolder()});
    for (const config::Problem& problem : documents.problems) ADD_FAILURE() << config::ToText(problem);
    int number = 0;
    for (const cli::DefinitionDocument& document : documents.documents) {
      pb::ApplyDefinitionRequest request;
      *request.mutable_definition() = document.definition;
      request.set_request_id(base::StrCat("apply-", ++number));
      pb::ApplyDefinitionResponse response;
      const absl::Status status = server_.Call(*server_.editions, &pb::EditionService::Stub::ApplyDefinition, request, &response);
      ASSERT_TRUE(status.ok()) << document.name << ": " << status;
      for (const pb::DefinitionFinding& finding : response.findings()) {
        ADD_FAILURE() << document.name << " " << finding.path() << ": " << finding.rule() << ": " << finding.message();
      }
    }
  }
  absl::Status SetState(model::EditionState state, const std::string& id, const std::string& unit = "") {
    pb::SetEditionStateRequest request;
    request.set_edition("editions/KU2015");
    request.set_state(state);
    request.set_unit(unit);
    request.set_reason("test");
    request.set_request_id(id);
    pb::SetEditionStateResponse response;
    return server_.Call(*server_.editions, &pb::EditionService::Stub::SetEditionState, request, &response);
  }
  static pb::SubmitRequest Answers(const std::string& unit, int participants, int target, int64_t expected, const std::string& id) {
    pb::SubmitRequest request;
    request.set_request_id(id);
    request.set_expected_revision(expected);
    pb::SubmissionDraft& draft = *request.mutable_submission();
    draft.set_edition("editions/KU2015");
    draft.set_unit(unit);
    draft.set_part("main");
    draft.set_questionnaire(1);
    draft.set_language(model::LANGUAGE_NN);
    model::Answer& first = *draft.add_answers();
    first.set_item("BAK05");
    first.set_code(participants);
    if (target != 0) {
      model::Answer& second = *draft.add_answers();
      second.set_item("INT01");
      second.set_code(target);
    }
    return request;
  }
  absl::StatusOr<pb::SubmitResponse> Submit(const pb::SubmitRequest& request) {
    pb::SubmitResponse response;
    const absl::Status status = server_.Call(*server_.submissions, &pb::SubmissionService::Stub::Submit, request, &response);
    if (!status.ok()) return status;
    return response;
  }
  int64_t Head() {
    pb::GetHeadResponse response;
    EXPECT_TRUE(server_.Call(*server_.log, &pb::LogService::Stub::GetHead, pb::GetHeadRequest(), &response).ok());
    return response.head().position();
  }

  TempFolder folder_;
  Server server_;
};

TEST_F(IngestionOverTcp, TakesTheWholeSurveyAndApplyingItAgainAppendsNothing) {
  ApplySurvey();
  const int64_t head = Head();
  EXPECT_GT(head, 20);
  ApplySurvey();
  EXPECT_EQ(Head(), head);
}

TEST_F(IngestionOverTcp, AnAcceptedSubmissionIsThereAfterARestartAndARetryGetsTheSameReceipt) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  const auto first = Submit(Answers("0101", 1, 1, 0, "one"));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->outcome(), pb::SUBMIT_OUTCOME_ACCEPTED) << first->DebugString();
  const int64_t head = Head();
  server_.Restart();
  const auto again = Submit(Answers("0101", 1, 1, 0, "one"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(Head(), head);
}

TEST_F(IngestionOverTcp, ARetryIsAnsweredAfterTheEditionClosedButANewSubmissionIsRefused) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  ASSERT_TRUE(SetState(model::EDITION_STATE_CLOSED, "close").ok());
  EXPECT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  EXPECT_EQ(base::ReasonOf(Submit(Answers("0104", 1, 1, 0, "two")).status()), base::Reason::kEditionClosed);
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "reopen", "0104").ok());
  EXPECT_TRUE(Submit(Answers("0104", 1, 1, 0, "two")).ok());
}

TEST_F(IngestionOverTcp, ARequestIdWithOtherContentIsRefused) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  const auto other = Submit(Answers("0101", 1, 2, 0, "one"));
  EXPECT_EQ(base::ReasonOf(other.status()), base::Reason::kRequestIdReused);
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(IngestionOverTcp, AStaleRevisionIsAbortedAndNamesTheCurrentOne) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  const auto stale = Submit(Answers("0101", 1, 2, 0, "two"));
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(base::InfoOf(stale.status()).metadata.at("current_revision"), "1");
}

TEST_F(IngestionOverTcp, WhatTheQuestionnaireRefusesIsAnsweredWithEveryFindingAndLeavesTheRequestIdFree) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  const int64_t head = Head();
  pb::SubmitRequest request = Answers("0101", 7, 1, 0, "one");
  request.mutable_submission()->add_answers()->set_item("NOSUCH");
  const auto refused = Submit(request);
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->outcome(), pb::SUBMIT_OUTCOME_REFUSED);
  std::vector<std::string> rules;
  for (const model::Finding& finding : refused->findings()) rules.push_back(finding.rule());
  EXPECT_THAT(rules, testing::IsSupersetOf({"UNKNOWN_CODE", "UNKNOWN_ITEM"}));
  EXPECT_EQ(Head(), head);
  EXPECT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
}

TEST_F(IngestionOverTcp, HistoryAndDiffShowACorrectionAndAWithdrawal) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 2, 1, "two")).ok());
  pb::DiffSubmissionsRequest diff;
  diff.set_parent("editions/KU2015/submissions/0101.main");
  diff.set_from_revision(1);
  diff.set_to_revision(2);
  pb::DiffSubmissionsResponse changes;
  ASSERT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::DiffSubmissions, diff, &changes).ok());
  ASSERT_EQ(changes.changes_size(), 1);
  EXPECT_EQ(changes.changes(0).item(), "INT01");
  EXPECT_EQ(changes.changes(0).before().code(), 1);
  EXPECT_EQ(changes.changes(0).after().code(), 2);

  pb::WithdrawRequest withdraw;
  withdraw.set_name("editions/KU2015/submissions/0101.main");
  withdraw.set_expected_revision(2);
  withdraw.set_request_id("three");
  pb::WithdrawResponse withdrawn;
  ASSERT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::Withdraw, withdraw, &withdrawn).ok());
  pb::ListSubmissionsRequest list;
  list.set_parent("editions/KU2015/submissions/0101.main");
  pb::ListSubmissionsResponse history;
  ASSERT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::ListSubmissions, list, &history).ok());
  ASSERT_EQ(history.submissions_size(), 3);
  EXPECT_TRUE(history.submissions(2).withdrawn());

  pb::GetCollectionStatusRequest status;
  status.set_edition("editions/KU2015");
  pb::GetCollectionStatusResponse counts;
  ASSERT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::GetCollectionStatus, status, &counts).ok());
  EXPECT_EQ(counts.total().invited(), 443);
  EXPECT_EQ(counts.total().complete(), 0);
  EXPECT_EQ(counts.total().non_contact(), 443);
}

TEST_F(IngestionOverTcp, TextsAreNowhereInTheClearAndErasingThemIsForGood) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "open").ok());
  pb::SubmitRequest request = Answers("0101", 1, 1, 0, "one");
  request.mutable_submission()->mutable_contact()->set_email("seksjonspost@example.invalid");
  ASSERT_TRUE(Submit(request).ok());
  const auto contact = [&] {
    pb::GetSubmissionRequest get;
    get.set_name("editions/KU2015/submissions/0101.main@1");
    pb::GetSubmissionResponse got;
    EXPECT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::GetSubmission, get, &got).ok());
    return got.submission();
  };
  EXPECT_EQ(contact().contact().email(), "seksjonspost@example.invalid");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes.find("seksjonspost"), std::string::npos) << entry.path();
  }
  pb::EraseTextRequest erase;
  erase.set_name("editions/KU2015/submissions/0101.main@1");
  erase.set_request_id("erase");
  pb::EraseTextResponse erased;
  ASSERT_TRUE(server_.Call(*server_.submissions, &pb::SubmissionService::Stub::EraseText, erase, &erased).ok());
  EXPECT_GT(erased.position(), 0);
  EXPECT_TRUE(contact().text_erased());
  EXPECT_EQ(contact().contact().email(), "");
}

TEST_F(IngestionOverTcp, AMutationWithoutADeadlineIsRefused) {
  grpc::ClientContext context;
  pb::SubmitResponse response;
  const absl::Status status =
      transport::FromRpc(server_.submissions->Submit(&context, Answers("0101", 1, 1, 0, "one"), &response));
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kDeadlineRequired);
}

TEST_F(IngestionOverTcp, TheChainVerifies) {
  ApplySurvey();
  pb::VerifyChainResponse verified;
  ASSERT_TRUE(server_.Call(*server_.log, &pb::LogService::Stub::VerifyChain, pb::VerifyChainRequest(), &verified).ok());
  EXPECT_EQ(verified.verified(), Head());
}

}  // namespace
}  // namespace imdi::ingestion
