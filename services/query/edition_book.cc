#include "services/query/edition_book.h"

#include <algorithm>
#include <numeric>

namespace imdi::query {

const EditionBook::Order& EditionBook::order() const {
  std::call_once(order_once_, [this] {
    std::vector<std::string> names(plan_->cell_count());
    for (size_t i = 0; i < names.size(); ++i) names[i] = plan_->NameOf(plan_->CellAt(i));
    order_.cell.resize(names.size());
    std::iota(order_.cell.begin(), order_.cell.end(), 0U);
    std::sort(order_.cell.begin(), order_.cell.end(),
              [&names](uint32_t a, uint32_t b) { return names[a] < names[b]; });
    order_.names.reserve(names.size());
    for (const uint32_t cell : order_.cell) order_.names.push_back(std::move(names[cell]));
  });
  return order_;
}

const EditionBook::Texts& EditionBook::texts(const figures::EditionFigures& figures) const {
  std::call_once(texts_once_, [&] {
    survey::store::v1::ReleaseHeader header = figures.Header();
    figures::Labels labels(header.indicators());
    texts_ = std::make_unique<const Texts>(
        Texts{.indicators = std::move(*header.mutable_indicators()), .labels = std::move(labels)});
  });
  return *texts_;
}

}  // namespace imdi::query
