#pragma once

// Composition root of query: the only file of the service that names a concrete store.

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "imdi/survey/config/v1/config.pb.h"
#include "services/base/clock.h"
#include "services/base/metrics.h"
#include "services/process/hosted.h"
#include "services/transport/calls.h"

namespace imdi::query {

class QueryApp final : public process::Hosted {
 public:
  // Opens the store (a damaged one is thrown away: all of it comes again), serves what it kept, and
  // begins to follow the figures behind `aggregation_internal`. Clock, calls and metrics must
  // outlive the app.
  static absl::StatusOr<std::unique_ptr<QueryApp>> Start(
      const survey::config::v1::QueryConfig& config, const base::Clock& clock,
      std::shared_ptr<grpc::Channel> aggregation_internal, transport::Calls& internal_calls,
      base::Metrics& metrics);
  ~QueryApp() override;

  grpc::Service& query_service();  // Internal until login exists.

  std::vector<process::Face> internal_faces() override;
  transport::Readiness Ready() const override;
  void Describe(const base::CallContext& call,
                survey::status::v1::GetStatusResponse& status) const override;
  int64_t position() const override;
  // Also keeps the last snapshot; it is served on.
  void StopFollowing() override;

 private:
  struct Parts;
  explicit QueryApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace imdi::query
