#pragma once

// FollowReleases as a stream.

#include <atomic>
#include <functional>
#include <memory>

#include "services/query/release_follower.h"
#include "services/query/snapshots.h"
#include "services/transport/stream.h"

namespace imdi::query {

class ReleaseSource final : public transport::StreamSource {
 public:
  // `followers` was raised for this source and is lowered when it goes. `snapshots` must outlive
  // it.
  ReleaseSource(ReleaseFollower follower, Snapshots& snapshots, std::function<void()> wake,
                std::shared_ptr<std::atomic<int>> followers);
  ~ReleaseSource() override;

  transport::StreamStep Next() override;

 private:
  ReleaseFollower follower_;
  Snapshots& snapshots_;
  const std::shared_ptr<std::atomic<int>> followers_;
  int64_t listener_ = 0;
};

}  // namespace imdi::query
