#include "services/query/release_follower.h"

#include <algorithm>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/names.h"

namespace imdi::query {
namespace {

// The first release published behind a position; null when there is none. One published beyond the
// snapshot is of a past that was restored away.
const query_pb::Release* FirstAfter(const Snapshot& snapshot, const std::string& edition,
                                    int64_t after) {
  const query_pb::Release* first = nullptr;
  for (const auto& [id, view] : snapshot.editions) {
    if (!edition.empty() && id != edition) continue;
    for (const auto& release : view.releases) {
      if (release->published_position() > after &&
          release->published_position() <= snapshot.position &&
          (first == nullptr || release->published_position() < first->published_position()))
        first = release.get();
    }
  }
  return first;
}

}  // namespace

absl::StatusOr<ReleaseFollower> ReleaseFollower::Make(
    const Snapshots& snapshots, const query_pb::FollowReleasesRequest& request) {
  ReleaseFollower out(snapshots);
  const std::shared_ptr<const Snapshot> current = snapshots.Current();
  if (!request.parent().empty()) {
    IMDI_ASSIGN_OR_RETURN(out.edition_, ParseEditionName(request.parent()));
    if (current->loaded() && !current->editions.contains(out.edition_) &&
        current->catalog->FindEdition(out.edition_) == nullptr) {
      return base::Error(base::Reason::kUnknownResource,
                         base::StrCat("there is no edition ", base::Quoted(out.edition_)));
    }
  }
  if (request.after_position() < 0)
    return base::InvalidField("after_position", "0 (from the first release) or a position");
  if (request.after_position() > 0) {
    if (request.log_id().empty())
      return base::InvalidField("log_id", "the log that after_position is of");
    out.after_ = request.after_position();
    out.log_id_ = request.log_id();
    out.epoch_ = request.epoch();
  }
  return out;
}

absl::StatusOr<std::optional<query_pb::FollowReleasesResponse>> ReleaseFollower::Next(
    base::SteadyTime now) {
  const std::shared_ptr<const Snapshot> snapshot = snapshots_->Current();
  query_pb::FollowReleasesResponse out;
  out.set_stale(snapshot->stale);
  if (snapshot->loaded()) {
    if (log_id_.empty()) {
      log_id_ = snapshot->log_id;
      epoch_ = snapshot->epoch;
    } else if (log_id_ != snapshot->log_id || epoch_ != snapshot->epoch) {
      return base::Error(
          base::Reason::kLogDiverged,
          base::StrCat("position ", after_, " is of log ", base::Quoted(log_id_), " epoch ", epoch_,
                       "; served is ", snapshot->log_id, " epoch ", snapshot->epoch,
                       "; follow again from position 0"));
    }
    const query_pb::Release* release = FirstAfter(*snapshot, edition_, after_);
    if (release != nullptr) {
      *out.mutable_release() = *release;
      after_ = release->published_position();
    } else {
      after_ = std::max(after_, snapshot->position);
    }
  }
  if (!out.has_release() && sent_.has_value() &&
      now - *sent_ < std::chrono::milliseconds(base::kReleaseSignMs))
    return std::optional<query_pb::FollowReleasesResponse>();
  sent_ = now;
  out.set_position(after_);
  out.set_log_id(log_id_);
  out.set_epoch(epoch_);
  return std::optional<query_pb::FollowReleasesResponse>(std::move(out));
}

}  // namespace imdi::query
