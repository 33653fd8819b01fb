#include "tests/support/ingestion_server.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "services/base/text.h"

namespace imdi::testing_support {

std::string SurveyFolder() {
  const char* root = std::getenv("IMDI_ROOT");
  return base::StrCat(root == nullptr ? "." : root, "/deploy/surveys/ku");
}

IngestionServer::IngestionServer(const std::string& folder) {
  config_.set_data_dir(folder + "/ingestion");
  config_.set_master_key_file(folder + "/master.key");
  config_.set_create_master_key(true);
  config_.set_backup_dir(folder + "/backups");
  config_.set_key_backup_dir(folder + "/key-backups");
  Start();
}

void IngestionServer::Restart() {
  Stop();
  Start();
}

void IngestionServer::Start() {
  executor_ = std::make_unique<base::BoundedExecutor>("calls", 4, 64);
  calls_ = std::make_unique<transport::Calls>(
      transport::Calls::Options{.actor = "test", .internal = true}, *executor_, metrics_);
  auto app = ingestion::IngestionApp::Start(config_, clock_, *calls_, *calls_, metrics_);
  ASSERT_TRUE(app.ok()) << app.status();
  app_ = std::move(*app);
  auto host = transport::ServerHost::Listen(
      "127.0.0.1:0", {&app_->edition_service(), &app_->submission_service(), &app_->log_service()});
  ASSERT_TRUE(host.ok()) << host.status();
  host_ = std::move(*host);
  const auto channel = transport::MakeChannel(host_->address());
  editions = ingestion_pb::EditionService::NewStub(channel);
  submissions = ingestion_pb::SubmissionService::NewStub(channel);
  log = ingestion_pb::LogService::NewStub(channel);
}

void IngestionServer::Stop() {
  if (calls_ != nullptr) calls_->streams().EndAll();
  if (host_ != nullptr) host_->Drain(absl::Seconds(1));
  executor_->Drain();
  host_.reset();
  app_.reset();
}

void IngestionServer::Apply(const cli::DefinitionDocuments& documents) {
  for (const config::Problem& problem : documents.problems)
    ADD_FAILURE() << config::ToText(problem);
  for (const cli::DefinitionDocument& document : documents.documents) {
    const auto response = Apply(document.definition);
    ASSERT_TRUE(response.ok()) << document.name << ": " << response.status();
    for (const ingestion_pb::DefinitionFinding& finding : response->findings()) {
      ADD_FAILURE() << document.name << " " << finding.path() << ": " << finding.rule() << ": "
                    << finding.message();
    }
  }
}

void IngestionServer::ApplyFiles(const std::string& path) { Apply(cli::LoadDefinitions({path})); }

absl::StatusOr<ingestion_pb::ApplyDefinitionResponse> IngestionServer::Apply(
    const model::Definition& definition) {
  ingestion_pb::ApplyDefinitionRequest request;
  *request.mutable_definition() = definition;
  request.set_request_id(NewId());
  ingestion_pb::ApplyDefinitionResponse response;
  const absl::Status status = CallOnce(*editions, &Editions::ApplyDefinition, request, &response);
  if (!status.ok()) return status;
  return response;
}

absl::Status IngestionServer::SetState(const std::string& edition, model::EditionState state,
                                       const std::string& unit) {
  ingestion_pb::SetEditionStateRequest request;
  request.set_edition("editions/" + edition);
  request.set_state(state);
  request.set_unit(unit);
  request.set_reason("test");
  request.set_request_id(NewId());
  ingestion_pb::SetEditionStateResponse response;
  return CallOnce(*editions, &Editions::SetEditionState, request, &response);
}

absl::StatusOr<ingestion_pb::SubmitResponse> IngestionServer::Submit(
    const ingestion_pb::SubmitRequest& request) {
  ingestion_pb::SubmitResponse response;
  const absl::Status status = CallOnce(*submissions, &Submissions::Submit, request, &response);
  if (!status.ok()) return status;
  return response;
}

absl::StatusOr<model::Submission> IngestionServer::Get(const std::string& name) {
  ingestion_pb::GetSubmissionRequest request;
  request.set_name(name);
  ingestion_pb::GetSubmissionResponse response;
  const absl::Status status =
      CallOnce(*submissions, &Submissions::GetSubmission, request, &response);
  if (!status.ok()) return status;
  return response.submission();
}

int64_t IngestionServer::Head() {
  ingestion_pb::GetHeadResponse response;
  EXPECT_TRUE(CallOnce(*log, &Log::GetHead, ingestion_pb::GetHeadRequest(), &response).ok());
  return response.head().position();
}

std::string IngestionServer::NewId() { return base::StrCat("test-", ++ids_); }

}  // namespace imdi::testing_support
