// Ingestion as its users meet it: real gRPC over loopback TCP, a real RocksDB, the survey's own
// documents.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"
#include "tests/support/ingestion_server.h"
#include "tests/support/temp_folder.h"

namespace imdi::ingestion {
namespace {

namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;

using testing_support::CallOnce;
using testing_support::IngestionServer;
using testing_support::SurveyFolder;
using testing_support::TempFolder;

class IngestionOverTcp : public testing::Test {
 protected:
  IngestionOverTcp() : server_(folder_.path()) {}

  void ApplySurvey() { server_.ApplyFiles(SurveyFolder()); }
  absl::Status SetState(model::EditionState state, const std::string& unit = "") {
    return server_.SetState("KU2015", state, unit);
  }
  static pb::SubmitRequest Answers(const std::string& unit, int participants, int target,
                                   int64_t expected, const std::string& id) {
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
    return server_.Submit(request);
  }
  int64_t Head() { return server_.Head(); }

  TempFolder folder_;
  IngestionServer server_;
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
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
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
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  ASSERT_TRUE(SetState(model::EDITION_STATE_CLOSED).ok());
  EXPECT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  EXPECT_EQ(base::ReasonOf(Submit(Answers("0104", 1, 1, 0, "two")).status()),
            base::Reason::kEditionClosed);
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN, "0104").ok());
  EXPECT_TRUE(Submit(Answers("0104", 1, 1, 0, "two")).ok());
}

TEST_F(IngestionOverTcp, ARequestIdWithOtherContentIsRefused) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  const auto other = Submit(Answers("0101", 1, 2, 0, "one"));
  EXPECT_EQ(base::ReasonOf(other.status()), base::Reason::kRequestIdReused);
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(IngestionOverTcp, AKnownRequestIdGoesBeforeEveryOtherAnswer) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  const auto first = Submit(Answers("0101", 1, 1, 0, "one"));
  ASSERT_TRUE(first.ok()) << first.status();
  const int64_t head = Head();
  pb::SubmitRequest of_another_version = Answers("0101", 1, 1, 1, "one");
  of_another_version.mutable_submission()->set_questionnaire(7);
  const std::vector<pb::SubmitRequest> others = {
      Answers("0104", 1, 1, 0, "one"),  // Could be appended.
      Answers("0101", 1, 1, 1, "one"),  // Could be appended.
      Answers("0101", 1, 1, 5, "one"),  // Would be stale.
      Answers("0101", 7, 1, 1, "one"),  // Would be refused by the questionnaire.
      Answers("9999", 1, 1, 0, "one"),  // Would not be invited.
      of_another_version};
  const auto expect_reused = [&](const std::string& when) {
    for (const pb::SubmitRequest& other : others) {
      EXPECT_EQ(base::ReasonOf(Submit(other).status()), base::Reason::kRequestIdReused)
          << when << ": " << other.ShortDebugString();
    }
    const auto again = Submit(Answers("0101", 1, 1, 0, "one"));
    ASSERT_TRUE(again.ok()) << when << ": " << again.status();
    EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString()) << when;
    EXPECT_EQ(Head(), head) << when;
  };
  expect_reused("open");
  expect_reused("asked twice");
  server_.Restart();
  expect_reused("after a restart");
}

TEST_F(IngestionOverTcp, AStaleRevisionIsAbortedAndNamesTheCurrentOne) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  const auto stale = Submit(Answers("0101", 1, 2, 0, "two"));
  EXPECT_EQ(stale.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(base::InfoOf(stale.status()).metadata.at("current_revision"), "1");
}

TEST_F(IngestionOverTcp,
       WhatTheQuestionnaireRefusesIsAnsweredWithEveryFindingAndLeavesTheRequestIdFree) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
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
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 1, 0, "one")).ok());
  ASSERT_TRUE(Submit(Answers("0101", 1, 2, 1, "two")).ok());
  pb::DiffSubmissionsRequest diff;
  diff.set_parent("editions/KU2015/submissions/0101.main");
  diff.set_from_revision(1);
  diff.set_to_revision(2);
  pb::DiffSubmissionsResponse changes;
  ASSERT_TRUE(
      CallOnce(*server_.submissions, &pb::SubmissionService::Stub::DiffSubmissions, diff, &changes)
          .ok());
  ASSERT_EQ(changes.changes_size(), 1);
  EXPECT_EQ(changes.changes(0).item(), "INT01");
  EXPECT_EQ(changes.changes(0).before().code(), 1);
  EXPECT_EQ(changes.changes(0).after().code(), 2);

  pb::WithdrawRequest withdraw;
  withdraw.set_name("editions/KU2015/submissions/0101.main");
  withdraw.set_expected_revision(2);
  withdraw.set_request_id("three");
  pb::WithdrawResponse withdrawn;
  ASSERT_TRUE(
      CallOnce(*server_.submissions, &pb::SubmissionService::Stub::Withdraw, withdraw, &withdrawn)
          .ok());
  pb::ListSubmissionsRequest list;
  list.set_parent("editions/KU2015/submissions/0101.main");
  pb::ListSubmissionsResponse history;
  ASSERT_TRUE(
      CallOnce(*server_.submissions, &pb::SubmissionService::Stub::ListSubmissions, list, &history)
          .ok());
  ASSERT_EQ(history.submissions_size(), 3);
  EXPECT_TRUE(history.submissions(2).withdrawn());

  pb::GetCollectionStatusRequest status;
  status.set_edition("editions/KU2015");
  pb::GetCollectionStatusResponse counts;
  ASSERT_TRUE(CallOnce(*server_.submissions, &pb::SubmissionService::Stub::GetCollectionStatus,
                       status, &counts)
                  .ok());
  EXPECT_EQ(counts.total().invited(), 443);
  EXPECT_EQ(counts.total().complete(), 0);
  EXPECT_EQ(counts.total().non_contact(), 443);
}

TEST_F(IngestionOverTcp, TextsAreNowhereInTheClearAndErasingThemIsForGood) {
  ApplySurvey();
  ASSERT_TRUE(SetState(model::EDITION_STATE_OPEN).ok());
  pb::SubmitRequest request = Answers("0101", 1, 1, 0, "one");
  request.mutable_submission()->mutable_contact()->set_email("seksjonspost@example.invalid");
  ASSERT_TRUE(Submit(request).ok());
  const auto contact = [&] {
    pb::GetSubmissionRequest get;
    get.set_name("editions/KU2015/submissions/0101.main@1");
    pb::GetSubmissionResponse got;
    EXPECT_TRUE(
        CallOnce(*server_.submissions, &pb::SubmissionService::Stub::GetSubmission, get, &got)
            .ok());
    return got.submission();
  };
  EXPECT_EQ(contact().contact().email(), "seksjonspost@example.invalid");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes.find("seksjonspost"), std::string::npos) << entry.path();
  }
  pb::EraseTextRequest erase;
  erase.set_name("editions/KU2015/submissions/0101.main@1");
  erase.set_request_id("erase");
  pb::EraseTextResponse erased;
  ASSERT_TRUE(
      CallOnce(*server_.submissions, &pb::SubmissionService::Stub::EraseText, erase, &erased).ok());
  EXPECT_GT(erased.position(), 0);
  EXPECT_TRUE(contact().text_erased());
  EXPECT_EQ(contact().contact().email(), "");
}

TEST_F(IngestionOverTcp, AMutationWithoutADeadlineIsRefused) {
  grpc::ClientContext context;
  pb::SubmitResponse response;
  const absl::Status status = transport::FromRpc(
      server_.submissions->Submit(&context, Answers("0101", 1, 1, 0, "one"), &response));
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kDeadlineRequired);
}

TEST_F(IngestionOverTcp, TheChainVerifies) {
  ApplySurvey();
  pb::VerifyChainResponse verified;
  ASSERT_TRUE(CallOnce(*server_.log, &pb::LogService::Stub::VerifyChain, pb::VerifyChainRequest(),
                       &verified)
                  .ok());
  EXPECT_EQ(verified.verified(), Head());
}

}  // namespace
}  // namespace imdi::ingestion
