#pragma once

// Composition root of aggregation: the only file of the service that names a concrete store.

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/metrics.h"
#include "services/process/hosted.h"
#include "services/transport/calls.h"

namespace imdi::aggregation {

class AggregationApp final : public process::Hosted {
 public:
  // Opens the store (a damaged one is thrown away: all of it can be folded again) and begins to
  // follow the log behind `ingestion_internal`. Calls and metrics must outlive the app.
  static absl::StatusOr<std::unique_ptr<AggregationApp>> Start(
      const survey::config::v1::AggregationConfig& config,
      std::shared_ptr<grpc::Channel> ingestion_internal, transport::Calls& internal_calls,
      base::Metrics& metrics);
  ~AggregationApp() override;

  grpc::Service& figures_service();  // Internal.
  grpc::Service& release_service();  // Internal.

  std::vector<process::Face> internal_faces() override;
  transport::Readiness Ready() const override;
  void Describe(const base::CallContext& call,
                survey::status::v1::GetStatusResponse& status) const override;
  int64_t position() const override;
  // Also ends what is being built or published; figures are served on.
  void StopFollowing() override;

 private:
  struct Parts;
  explicit AggregationApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace imdi::aggregation
