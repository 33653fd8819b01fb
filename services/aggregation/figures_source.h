#pragma once

// What one reader of the figures is sent: everything first, then the editions that changed, or only
// the position.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "services/aggregation/aggregator.h"
#include "services/transport/stream.h"

namespace imdi::aggregation {

class FiguresSource final : public transport::StreamSource {
 public:
  // `followers` was raised for this source and is lowered when it goes.
  FiguresSource(std::shared_ptr<Aggregator> aggregator, std::function<void()> wake,
                std::shared_ptr<std::atomic<int>> followers);
  ~FiguresSource() override;

  transport::StreamStep Next() override;

 private:
  void MakeChunks(const std::shared_ptr<const Snapshot>& next);

  const std::shared_ptr<Aggregator> aggregator_;
  const std::shared_ptr<std::atomic<int>> followers_;
  int64_t listener_ = 0;
  std::shared_ptr<const Snapshot> sent_;
  std::deque<std::string> chunks_;
};

}  // namespace imdi::aggregation
