#pragma once

// The live figures of an edition, each computed when it is first read and kept as long as the
// counts hold.

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "services/domain/edition_counts.h"
#include "services/figures/edition_figures.h"
#include "services/query/edition_book.h"
#include "services/query/figure_set.h"

namespace imdi::query {

class LiveSet final : public FigureSet {
 public:
  // `counts` must be of the book's plan.
  LiveSet(std::shared_ptr<const EditionBook> book,
          std::shared_ptr<const domain::EditionCounts> counts);
  ~LiveSet() override;

  const figures::EditionFigures& computed() const { return figures_; }
  const EditionBook& book() const { return *book_; }

  int64_t PositionIn(int64_t snapshot_position) const override { return snapshot_position; }
  std::optional<size_t> Find(std::string_view cell) const override;
  MadeFigure At(size_t place) const override;
  size_t size() const override { return figures_.size(); }
  std::string_view CellOf(size_t rank) const override { return book_->order().names[rank]; }
  size_t PlaceOf(size_t rank) const override { return book_->order().cell[rank]; }
  const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators() const override {
    return book_->texts(figures_).indicators;
  }
  const figures::Labels& labels() const override { return book_->texts(figures_).labels; }
  const store_pb::ReleaseHeader& header() const override;

 private:
  struct Made {
    store_pb::ReleaseFigure stored;
    std::string bytes;
  };
  // Most figures of most swaps are never read, so their slots come in blocks that are made when
  // needed.
  static constexpr size_t kBlock = 64;
  using Block = std::array<std::atomic<const Made*>, kBlock>;

  const std::shared_ptr<const EditionBook> book_;
  const figures::EditionFigures figures_;
  mutable std::vector<std::atomic<Block*>> blocks_;
  mutable std::once_flag header_once_;
  mutable store_pb::ReleaseHeader header_;
};

}  // namespace imdi::query
