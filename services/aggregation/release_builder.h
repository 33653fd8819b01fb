#pragma once

// Computes a release: folds the log afresh up to a position and takes every figure, sentence and
// change of one edition from that state alone. A function of the log's prefix, of the number that
// the release gets and of the rules of this build.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/release_log.h"
#include "services/base/call_context.h"
#include "services/figures/release_content.h"

namespace imdi::aggregation {

struct BuiltRelease {
  query_pb::Release facts;  // Without builder, approver, reason and what publishing adds.
  std::vector<std::string> parts;
  bool unchanged = false;  // The release before has the same figures, claims and changes.
  std::vector<query_pb::ReleaseChange> differences;
  std::vector<query_pb::ClaimResult> claims;
};

// The next release of an edition. `at_position` 0 = the head. UNKNOWN_RESOURCE: no such edition
// there, or nothing to count in it; FIELD_INVALID: a position beyond the head.
absl::StatusOr<BuiltRelease> BuildRelease(ReleaseLog& log, const base::CallContext& call,
                                          const std::string& edition, query_pb::Audience audience,
                                          int64_t at_position);

struct VerifiedRelease {
  bool identical = false;  // Equal content hash.
  figures::VerifyDifferences differences;
};

// Computes a published release again and compares it with what was stored.
absl::StatusOr<VerifiedRelease> VerifyRelease(ReleaseLog& log, const base::CallContext& call,
                                              const query_pb::Release& facts);

// The content at the fold's position without what depends on the release before: number, audience
// and differences.
absl::StatusOr<figures::ReleaseContent> ContentOf(Fold& fold, const base::CallContext& call,
                                                  const std::string& edition,
                                                  const std::string& log_id);

}  // namespace imdi::aggregation
