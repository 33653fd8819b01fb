#include "services/aggregation/figures_source.h"

#include <utility>

#include "services/aggregation/figures_chunks.h"

namespace imdi::aggregation {

FiguresSource::FiguresSource(std::shared_ptr<Aggregator> aggregator,
                             aggregation_pb::FollowFiguresRequest request,
                             std::function<void()> wake,
                             std::shared_ptr<std::atomic<int>> followers)
    : aggregator_(std::move(aggregator)),
      request_(std::move(request)),
      followers_(std::move(followers)) {
  listener_ = aggregator_->AddListener(std::move(wake));
}

FiguresSource::~FiguresSource() {
  aggregator_->RemoveListener(listener_);
  followers_->fetch_sub(1);
}

transport::StreamStep FiguresSource::Next() {
  if (chunks_.empty()) {
    std::shared_ptr<const Snapshot> next = aggregator_->Current();
    if (next == sent_ || next->log_id.empty()) return transport::StreamWait{};
    absl::StatusOr<std::deque<std::string>> chunks =
        MakeChunks(*next, sent_.get(), request_,
                   [this](const ClosedRelease& release) { return aggregator_->PartsOf(release); });
    if (!chunks.ok()) return chunks.status();
    chunks_ = *std::move(chunks);
    sent_ = std::move(next);
  }
  std::string chunk = std::move(chunks_.front());
  chunks_.pop_front();
  return chunk;
}

}  // namespace imdi::aggregation
