#pragma once

// What stands behind figures: how one follows from its counts, and how the edition was carried out.

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/explanation.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/reading.h"

namespace imdi::query {

absl::StatusOr<query_pb::Explanation> ExplainFigure(Reading& reading,
                                                    const query_pb::ExplainFigureRequest& request);
absl::StatusOr<query_pb::MethodNote> GetMethodNote(Reading& reading,
                                                   const query_pb::GetMethodNoteRequest& request);

}  // namespace imdi::query
