#include "services/query/figure_set.h"

#include <utility>

#include "services/base/text.h"

namespace imdi::query {

FigureSet::FigureSet(std::string edition, int32_t number)
    : edition_(std::move(edition)),
      number_(number),
      release_(number == 0 ? std::string("live") : std::to_string(number)),
      name_(base::StrCat("editions/", edition_, "/releases/", release_)) {}

std::string FigureSet::NameOf(std::string_view cell) const {
  return base::StrCat(name_, "/figures/", cell);
}

size_t FigureSet::RankOf(std::string_view cell) const {
  size_t low = 0;
  size_t high = size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (CellOf(middle) < cell) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void FigureSet::Complete(query_pb::Figure& figure, int64_t snapshot_position) const {
  const std::string cell = figure.name();
  labels().Fill(figure, cell);
  figure.set_name(NameOf(cell));
  figure.set_position(PositionIn(snapshot_position));
}

std::string ReadyBytesOf(const FigureSet& set, const query_pb::Figure& named_by_cell) {
  query_pb::Figure ready = named_by_cell;
  set.labels().Fill(ready, named_by_cell.name());
  ready.set_name(set.NameOf(named_by_cell.name()));
  ready.clear_position();
  return ready.SerializeAsString();
}

}  // namespace imdi::query
