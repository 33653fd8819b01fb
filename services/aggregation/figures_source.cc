#include "services/aggregation/figures_source.h"

#include <utility>

#include "services/base/limits.h"

namespace imdi::aggregation {
namespace {

using survey::aggregation::v1::EditionFigures;
using survey::aggregation::v1::FollowFiguresResponse;

// Fills chunks up to their bound. What one element adds is at most its bytes and a few of framing.
class Chunker {
 public:
  Chunker(const Snapshot& snapshot, bool reset, std::deque<std::string>& out) : out_(out) {
    base_.set_position(snapshot.position);
    base_.set_time_us(snapshot.time_us);
    base_.set_log_id(snapshot.log_id);
    base_.set_epoch(snapshot.epoch);
    chunk_ = base_;
    chunk_.set_reset(reset);
  }

  void Add(const EditionFigures& edition) {
    Begin(edition, false);
    for (const auto& figure : edition.figures()) {
      MakeRoomFor(figure.ByteSizeLong(), edition);
      *target_->add_figures() = figure;
    }
    for (const auto& claim : edition.claims()) {
      MakeRoomFor(claim.ByteSizeLong(), edition);
      *target_->add_claims() = claim;
    }
  }
  void Finish() {
    chunk_.set_last_chunk(true);
    out_.push_back(chunk_.SerializeAsString());
  }

 private:
  static constexpr size_t kFramingBytes = 16;

  void Begin(const EditionFigures& edition, bool continued) {
    target_ = chunk_.add_editions();
    *target_->mutable_edition() = edition.edition();
    target_->set_continued(continued);
    bytes_ += edition.edition().ByteSizeLong() + kFramingBytes;
  }
  void MakeRoomFor(size_t bytes, const EditionFigures& edition) {
    if (bytes_ + bytes + kFramingBytes > base::kFollowChunkBytesMax) {
      out_.push_back(chunk_.SerializeAsString());
      chunk_ = base_;
      bytes_ = 0;
      Begin(edition, true);
    }
    bytes_ += bytes + kFramingBytes;
  }

  std::deque<std::string>& out_;
  FollowFiguresResponse base_;
  FollowFiguresResponse chunk_;
  EditionFigures* target_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace

FiguresSource::FiguresSource(std::shared_ptr<Aggregator> aggregator, std::function<void()> wake,
                             std::shared_ptr<std::atomic<int>> followers)
    : aggregator_(std::move(aggregator)), followers_(std::move(followers)) {
  listener_ = aggregator_->AddListener(std::move(wake));
}

FiguresSource::~FiguresSource() {
  aggregator_->RemoveListener(listener_);
  followers_->fetch_sub(1);
}

void FiguresSource::MakeChunks(const std::shared_ptr<const Snapshot>& next) {
  const bool reset = sent_ == nullptr || sent_->log_id != next->log_id ||
                     sent_->epoch != next->epoch || sent_->position > next->position;
  Chunker chunker(*next, reset, chunks_);
  for (const auto& [id, edition] : next->editions) {
    if (!reset) {
      const auto before = sent_->editions.find(id);
      if (before != sent_->editions.end() && before->second == edition) continue;
    }
    chunker.Add(*edition);
  }
  chunker.Finish();
  sent_ = next;
}

transport::StreamStep FiguresSource::Next() {
  if (chunks_.empty()) {
    const std::shared_ptr<const Snapshot> next = aggregator_->Current();
    if (next == sent_) return transport::StreamWait{};
    MakeChunks(next);
  }
  std::string chunk = std::move(chunks_.front());
  chunks_.pop_front();
  return chunk;
}

}  // namespace imdi::aggregation
