#pragma once

// Ingestion behind real gRPC on loopback, over a real RocksDB in a folder of the test.

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/definition_documents.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "imdi/survey/ingestion/v1/edition_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "services/base/clock.h"
#include "services/base/executor.h"
#include "services/base/metrics.h"
#include "services/ingestion/ingestion_app.h"
#include "services/transport/client.h"
#include "services/transport/server_host.h"
#include "services/transport/status_bridge.h"

namespace imdi::testing_support {

namespace ingestion_pb = survey::ingestion::v1;
namespace model = survey::model::v1;

// One call with a deadline long enough for any machine.
template <typename Stub, typename Request, typename Response>
absl::Status CallOnce(Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response* response) {
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(30));
  return transport::FromRpc((stub.*method)(&context, request, response));
}

// The folder of the survey's own documents, deploy/surveys/ku.
std::string SurveyFolder();

class IngestionServer {
 public:
  using Editions = ingestion_pb::EditionService::Stub;
  using Submissions = ingestion_pb::SubmissionService::Stub;
  using Log = ingestion_pb::LogService::Stub;

  // Fails the test when it cannot start.
  explicit IngestionServer(const std::string& folder);
  ~IngestionServer() { Stop(); }
  // The end of the process and its next start on the same folder.
  void Restart();

  // Applies documents; every error and finding fails the test. Request ids are new ones.
  void Apply(const cli::DefinitionDocuments& documents);
  // The documents of a file, a folder, or a text.
  void ApplyFiles(const std::string& path);
  absl::StatusOr<ingestion_pb::ApplyDefinitionResponse> Apply(const model::Definition& definition);
  // "KU2017"; a new request id each time.
  absl::Status SetState(const std::string& edition, model::EditionState state,
                        const std::string& unit = "");
  absl::StatusOr<ingestion_pb::SubmitResponse> Submit(const ingestion_pb::SubmitRequest& request);
  absl::StatusOr<model::Submission> Get(const std::string& name);
  // Position of the log's last record.
  int64_t Head();
  std::string NewId();

  std::unique_ptr<Editions> editions;
  std::unique_ptr<Submissions> submissions;
  std::unique_ptr<Log> log;
  const std::string& address() const { return host_->address(); }

 private:
  void Start();
  void Stop();

  survey::config::v1::IngestionConfig config_;
  base::SystemClock clock_;
  base::Metrics metrics_;
  std::unique_ptr<base::BoundedExecutor> executor_;
  std::unique_ptr<transport::Calls> calls_;
  std::unique_ptr<ingestion::IngestionApp> app_;
  std::unique_ptr<transport::ServerHost> host_;
  int64_t ids_ = 0;
};

}  // namespace imdi::testing_support
