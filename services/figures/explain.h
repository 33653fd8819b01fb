#pragma once

// How a figure follows from its counts, step by step, so that a reader can recompute it with a
// pocket calculator. It reads only what a release stores.

#include <cstddef>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/store/v1/release.pb.h"

namespace imdi::figures {

namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

// `figure` is named by its cell; the answer's figure has no labels and no full name: the caller
// fills those.
query_pb::Explanation Explain(const store_pb::ReleaseFigure& figure,
                              const store_pb::ReleaseHeader& header);

// The same of a change: `later` is its later figure, `evidence` what it was computed from (empty
// where it has no estimate). Names and labels as above.
query_pb::Explanation ExplainChange(const query_pb::ChangeFigure& change,
                                    const store_pb::ChangeEvidence& evidence,
                                    const store_pb::ReleaseFigure& later,
                                    const store_pb::ReleaseHeader& header);

// The same in at most so many bytes: where it is larger, one step with their sum stands for those
// of every stratum. TOO_LARGE where that is not enough.
absl::StatusOr<query_pb::Explanation> Fitted(query_pb::Explanation explanation, size_t bytes_max);

}  // namespace imdi::figures
