#include "services/query/release_source.h"

#include <utility>

namespace imdi::query {

ReleaseSource::ReleaseSource(ReleaseFollower follower, Snapshots& snapshots,
                             std::function<void()> wake,
                             std::shared_ptr<std::atomic<int>> followers)
    : follower_(std::move(follower)),
      snapshots_(snapshots),
      followers_(std::move(followers)),
      listener_(snapshots_.AddListener(std::move(wake))) {}

ReleaseSource::~ReleaseSource() {
  snapshots_.RemoveListener(listener_);
  followers_->fetch_sub(1);
}

transport::StreamStep ReleaseSource::Next() {
  absl::StatusOr<std::optional<query_pb::FollowReleasesResponse>> next =
      follower_.Next(base::SteadyClock::now());
  if (!next.ok()) return next.status();
  if (!next->has_value()) return transport::StreamWait{};
  return (*next)->SerializeAsString();
}

}  // namespace imdi::query
