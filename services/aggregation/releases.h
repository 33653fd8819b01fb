#pragma once

// Use cases of releases: build a candidate, show it, publish it, verify what was published. Without
// gRPC.

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "imdi/survey/aggregation/v1/release_service.pb.h"
#include "services/aggregation/aggregator.h"
#include "services/aggregation/release_builder.h"
#include "services/aggregation/release_log.h"
#include "services/base/call_context.h"
#include "services/base/metrics.h"
#include "services/base/mutex.h"

namespace imdi::aggregation {

// Thread-safe. Build, Publish and Verify take seconds and run one at a time: another one is
// OVERLOADED.
class Releases {
 public:
  // `log` and `metrics` must outlive it.
  Releases(ReleaseLog& log, std::shared_ptr<const Aggregator> aggregator, base::Metrics& metrics);

  absl::StatusOr<aggregation_pb::Candidate> Build(
      const base::CallContext& call, const aggregation_pb::BuildReleaseRequest& request);
  absl::StatusOr<aggregation_pb::Candidate> GetCandidate(
      const aggregation_pb::GetCandidateRequest& request) const;
  absl::StatusOr<aggregation_pb::PreviewCandidateResponse> Preview(
      const aggregation_pb::PreviewCandidateRequest& request) const;
  absl::StatusOr<aggregation_pb::PublishReleaseResponse> Publish(
      const base::CallContext& call, const aggregation_pb::PublishReleaseRequest& request);
  absl::StatusOr<aggregation_pb::VerifyReleaseResponse> Verify(
      const base::CallContext& call, const aggregation_pb::VerifyReleaseRequest& request);
  // Of the candidates in memory, the newest last.
  std::vector<std::string> CandidateNames() const;

 private:
  struct Held;
  class Turn;

  absl::StatusOr<std::shared_ptr<Held>> FindCandidate(const std::string& name) const;
  // A release that is no more, or another one by now, does not count.
  absl::Status CheckNoneDiffers();
  // Writes parts and close under the candidate's building.
  absl::StatusOr<ingestion_pb::RecordReleaseResponse> Write(const base::CallContext& call,
                                                            const std::string& reason, Held& held);

  ReleaseLog& log_;
  const std::shared_ptr<const Aggregator> aggregator_;
  base::Gauge& differing_gauge_;
  base::Progress& building_;
  base::Progress& publishing_;
  base::Progress& verifying_;
  std::atomic<bool> busy_ = false;
  mutable base::Mutex mutex_;
  std::deque<std::shared_ptr<Held>> candidates_ ABSL_GUARDED_BY(mutex_);  // The newest last.
  // Releases that did not verify: content hashes by name.
  std::map<std::string, std::string> differing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::aggregation
