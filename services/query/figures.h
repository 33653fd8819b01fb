#pragma once

// Figures by name: one, several, and lists of them. Their bytes lie ready, and are put together
// without being read.

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "services/query/reading.h"
#include "services/transport/ready_bytes.h"

namespace imdi::query {

using transport::ReadyBytes;

// A cell of a set under any spelling. UNKNOWN_RESOURCE for indicator or basis, CELL_NOT_IN_RELEASE
// for a cell that the documents do not declare.
absl::StatusOr<size_t> FindCell(const FigureSet& set, const CellName& cell);
// By full name. NAME_INVALID beside these.
struct FoundFigure {
  std::shared_ptr<const FigureSet> set;
  size_t place = 0;
};
absl::StatusOr<FoundFigure> FindFigure(Reading& reading, std::string_view name);

// The bytes of a query.v1.Figure.
absl::StatusOr<ReadyBytes> GetFigure(Reading& reading, const query_pb::GetFigureRequest& request);

// BatchGetFiguresResponse, in the order asked. FIELD_INVALID for no names or more than
// kBatchFiguresMax; otherwise the error of the first name that has one, naming its place; TOO_LARGE
// when the answer would not fit into one message.
absl::StatusOr<ReadyBytes> BatchGetFigures(Reading& reading,
                                           const query_pb::BatchGetFiguresRequest& request);

// ListFiguresResponse. A page ends early at kPageBytesMax.
absl::StatusOr<ReadyBytes> ListFigures(Reading& reading,
                                       const query_pb::ListFiguresRequest& request);

}  // namespace imdi::query
