#pragma once

// Chunks of a swap → the next snapshot. Editions that did not change are shared with the one
// before.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/query/snapshot.h"

namespace imdi::query {

class SwapAssembler {
 public:
  struct Swap {
    std::shared_ptr<const Snapshot> snapshot;  // Null until the last chunk has come.
    std::vector<std::shared_ptr<const aggregation_pb::EditionFigures>> changed;
    bool reset = false;
  };

  // Takes the next chunk of one stream. INVALID_ARGUMENT for chunks that do not fit together: open
  // the stream again.
  absl::StatusOr<Swap> Add(const aggregation_pb::FollowFiguresResponse& chunk,
                           const Snapshot& before);
  // The stream has ended: what was begun is forgotten.
  void Forget();

 private:
  bool begun_ = false;
  bool reset_ = false;
  int64_t position_ = 0;
  std::map<std::string, std::shared_ptr<aggregation_pb::EditionFigures>> editions_;  // By id.
};

}  // namespace imdi::query
