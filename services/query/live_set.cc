#include "services/query/live_set.h"

#include <utility>

namespace imdi::query {

LiveSet::LiveSet(std::shared_ptr<const EditionBook> book,
                 std::shared_ptr<const domain::EditionCounts> counts)
    : FigureSet(book->edition(), 0),
      book_(std::move(book)),
      figures_(book_->catalog(), book_->edition(), std::move(counts)),
      blocks_((figures_.size() + kBlock - 1) / kBlock) {}

LiveSet::~LiveSet() {
  for (const std::atomic<Block*>& slot : blocks_) {
    const Block* block = slot.load(std::memory_order_relaxed);
    if (block == nullptr) continue;
    for (const std::atomic<const Made*>& made : *block) delete made.load(std::memory_order_relaxed);
    delete block;
  }
}

std::optional<size_t> LiveSet::Find(std::string_view cell) const {
  const std::optional<size_t> found = figures_.plan().Find(cell);
  // One cell, one name: nothing that only reads like it.
  if (found.has_value() && figures_.plan().NameOf(figures_.plan().CellAt(*found)) != cell)
    return std::nullopt;
  return found;
}

// Two readers may compute the same figure at the same time; both get the one that came first.
MadeFigure LiveSet::At(size_t place) const {
  std::atomic<Block*>& block_slot = blocks_[place / kBlock];
  Block* block = block_slot.load(std::memory_order_acquire);
  if (block == nullptr) {
    auto fresh = std::make_unique<Block>();
    if (block_slot.compare_exchange_strong(block, fresh.get(), std::memory_order_acq_rel))
      block = fresh.release();
  }
  std::atomic<const Made*>& slot = (*block)[place % kBlock];
  const Made* made = slot.load(std::memory_order_acquire);
  if (made == nullptr) {
    auto fresh = std::make_unique<Made>();
    fresh->stored = figures_.Make(place);
    fresh->bytes = ReadyBytesOf(*this, fresh->stored.figure());
    if (slot.compare_exchange_strong(made, fresh.get(), std::memory_order_acq_rel))
      made = fresh.release();
  }
  return {.stored = &made->stored, .bytes = &made->bytes};
}

const store_pb::ReleaseHeader& LiveSet::header() const {
  std::call_once(header_once_, [this] { header_ = figures_.Header(); });
  return header_;
}

}  // namespace imdi::query
