#include "services/query/notes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/explain.h"
#include "services/query/claims.h"
#include "services/query/figures.h"

namespace imdi::query {
namespace {

constexpr std::string_view kChanges = "/changes/";

// {release}/changes/{cell}@{year}: what the release stored, or what follows from the live counts.
absl::StatusOr<query_pb::Explanation> ExplainChange(Reading& reading, const std::string& name) {
  const size_t at = name.find(kChanges);
  const std::string change_name = name.substr(at + kChanges.size());
  IMDI_ASSIGN_OR_RETURN(const ReleaseName release, ReleaseName::Parse(name.substr(0, at)));
  IMDI_ASSIGN_OR_RETURN(const auto set, reading.Figures(release.edition, release.release));
  const auto unknown = [&] {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat(set->name(), " has no change ", base::Quoted(change_name),
                     "; changes are named {cell}@{year}, as the indicators' comparisons say"));
  };
  const Snapshot& snapshot = reading.snapshot();
  std::shared_ptr<const ClaimCache::Judged> judged;
  const std::vector<query_pb::ChangeFigure>* changes = nullptr;
  const std::vector<store_pb::ChangeEvidence>* evidence = nullptr;
  if (set->live()) {
    IMDI_ASSIGN_OR_RETURN(judged, LiveJudgements(reading, static_cast<const LiveSet&>(*set)));
    changes = &judged->changes.figures;
    evidence = &judged->changes.evidence;
  } else {
    const auto& content = static_cast<const ReleaseSet&>(*set).content();
    changes = &content.changes;
    evidence = &content.evidence;
  }
  const auto change = std::ranges::find(*changes, change_name, &query_pb::ChangeFigure::name);
  if (change == changes->end()) return unknown();
  const auto later = set->Find(change->later().figure());
  if (!later.has_value()) return unknown();
  const auto held = std::ranges::find(*evidence, change_name, &store_pb::ChangeEvidence::name);
  query_pb::Explanation out =
      figures::ExplainChange(*change, held == evidence->end() ? store_pb::ChangeEvidence() : *held,
                             *set->At(*later).stored, set->header());
  set->Complete(*out.mutable_figure(), snapshot.position);
  CompleteChange(snapshot, *set, *out.mutable_change());
  out.set_position(set->PositionIn(snapshot.position));
  if (set->live()) out.set_log_id(snapshot.log_id);
  return figures::Fitted(std::move(out), base::kExplanationBytesMax);
}

}  // namespace

absl::StatusOr<query_pb::Explanation> ExplainFigure(Reading& reading,
                                                    const query_pb::ExplainFigureRequest& request) {
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  if (request.name().find(kChanges) != std::string::npos)
    return ExplainChange(reading, request.name());
  IMDI_ASSIGN_OR_RETURN(const FoundFigure found, FindFigure(reading, request.name()));
  const FigureSet& set = *found.set;
  query_pb::Explanation out = figures::Explain(*set.At(found.place).stored, set.header());
  set.Complete(*out.mutable_figure(), reading.snapshot().position);
  out.set_position(set.PositionIn(reading.snapshot().position));
  if (set.live()) out.set_log_id(reading.snapshot().log_id);
  return figures::Fitted(std::move(out), base::kExplanationBytesMax);
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
