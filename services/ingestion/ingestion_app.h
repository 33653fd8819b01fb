#pragma once

// Composition root of ingestion: the only file of the service that names concrete stores.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/clock.h"
#include "services/base/metrics.h"
#include "services/ingestion/committer.h"
#include "services/process/hosted.h"
#include "services/transport/calls.h"
#include "storage/response_log.h"

namespace imdi::ingestion {

class IngestionApp final : public process::Hosted {
 public:
  // Opens and verifies the stores and rebuilds the catalog. The two Calls, the clock and the
  // metrics must outlive the app.
  static absl::StatusOr<std::unique_ptr<IngestionApp>> Start(
      const survey::config::v1::IngestionConfig& config, const base::Clock& clock,
      transport::Calls& public_calls, transport::Calls& internal_calls, base::Metrics& metrics);
  ~IngestionApp() override;

  grpc::Service& edition_service();     // Internal until login exists.
  grpc::Service& submission_service();  // Public.
  grpc::Service& log_service();         // Internal.
  storage::LogHead head() const;
  Committer::Counters commit_counters() const;

  std::vector<process::Face> public_faces() override;
  std::vector<process::Face> internal_faces() override;
  // Its log takes appends.
  transport::Readiness Ready() const override;
  void Describe(const base::CallContext& call,
                survey::status::v1::GetStatusResponse& status) const override;
  int64_t position() const override { return head().position; }
  // Commits what waits and takes nothing more.
  void Finish() override;

 private:
  struct Parts;
  explicit IngestionApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What a restored data folder holds.
struct Restored {
  storage::LogHead head;          // In its new epoch.
  int64_t texts = 0;              // Submissions with texts that were not erased.
  int64_t texts_without_key = 0;  // Of these, those whose texts cannot be read.
};
// Restores log and drafts out of `backup` and keys out of `key_backup` (empty = no keys: texts stay
// sealed for ever) into the data folder of `config`, which must not hold a log, as a new epoch.
absl::StatusOr<Restored> RestoreBackup(const survey::config::v1::IngestionConfig& config,
                                       const std::string& backup, const std::string& key_backup);
// The keys alone, beside a log that is whole; the data folder must hold none.
absl::Status RestoreKeys(const survey::config::v1::IngestionConfig& config,
                         const std::string& key_backup);

}  // namespace imdi::ingestion
