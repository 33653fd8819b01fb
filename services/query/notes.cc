#include "services/query/notes.h"

#include "services/base/status_macros.h"
#include "services/figures/explain.h"
#include "services/query/figures.h"

namespace imdi::query {

absl::StatusOr<query_pb::Explanation> ExplainFigure(Reading& reading,
                                                    const query_pb::ExplainFigureRequest& request) {
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  IMDI_ASSIGN_OR_RETURN(const FoundFigure found, FindFigure(reading, request.name()));
  const FigureSet& set = *found.set;
  query_pb::Explanation out = figures::Explain(*set.At(found.place).stored, set.header());
  set.Complete(*out.mutable_figure(), reading.snapshot().position);
  out.set_position(set.PositionIn(reading.snapshot().position));
  if (set.live()) out.set_log_id(reading.snapshot().log_id);
  return out;
}

absl::StatusOr<query_pb::MethodNote> GetMethodNote(Reading& reading,
                                                   const query_pb::GetMethodNoteRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName name, ReleaseName::Parse(request.release()));
  IMDI_ASSIGN_OR_RETURN(const auto set, reading.Figures(name.edition, name.release));
  query_pb::MethodNote out = set->header().method_note();
  out.set_release(set->name());
  return out;
}

}  // namespace imdi::query
