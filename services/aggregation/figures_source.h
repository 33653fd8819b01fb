#pragma once

// What one reader of the figures is sent: everything that it lacks first, then what changed, or
// only the position.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "services/aggregation/aggregator.h"
#include "services/transport/stream.h"

namespace imdi::aggregation {

class FiguresSource final : public transport::StreamSource {
 public:
  // `followers` was raised for this source and is lowered when it goes.
  FiguresSource(std::shared_ptr<Aggregator> aggregator,
                aggregation_pb::FollowFiguresRequest request, std::function<void()> wake,
                std::shared_ptr<std::atomic<int>> followers);
  ~FiguresSource() override;

  // Nothing before a log was heard of: a reader keeps what it has.
  transport::StreamStep Next() override;

 private:
  const std::shared_ptr<Aggregator> aggregator_;
  const aggregation_pb::FollowFiguresRequest request_;
  const std::shared_ptr<std::atomic<int>> followers_;
  int64_t listener_ = 0;
  std::shared_ptr<const Snapshot> sent_;  // Null = nothing yet.
  std::deque<std::string> chunks_;
};

}  // namespace imdi::aggregation
