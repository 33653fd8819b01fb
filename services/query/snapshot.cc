#include "services/query/snapshot.h"

#include <algorithm>

#include "services/base/text.h"
#include "services/query/figure_name.h"

namespace imdi::query {

EditionView::EditionView(const aggregation_pb::EditionFigures& edition)
    : summary_(edition.edition()), claims_(edition.claims().begin(), edition.claims().end()) {
  figures_.reserve(static_cast<size_t>(edition.figures_size()));
  for (const query_pb::Figure& figure : edition.figures()) {
    const absl::StatusOr<FigureName> name = FigureName::Parse(figure.name());
    if (!name.ok()) continue;  // Nobody could ask for it.
    query_pb::Figure ready = figure;
    ready.clear_position();
    ready.set_name(name->Canonical());
    figures_.push_back(
        {.name = ready.name(),
         .indicator = name->indicator,
         .basis = name->basis,
         .attribute = name->groups.empty() ? std::string() : name->groups.front().first,
         .bytes = ready.SerializeAsString()});
  }
  std::sort(figures_.begin(), figures_.end(),
            [](const ReadyFigure& a, const ReadyFigure& b) { return a.name < b.name; });
  by_name_.reserve(figures_.size());
  for (size_t i = 0; i < figures_.size(); ++i) by_name_.emplace(figures_[i].name, i);
  std::sort(claims_.begin(), claims_.end(),
            [](const model::Claim& a, const model::Claim& b) { return a.name() < b.name(); });
}

const ReadyFigure* EditionView::Find(std::string_view name) const {
  const auto found = by_name_.find(base::ToAbsl(name));
  return found == by_name_.end() ? nullptr : &figures_[found->second];
}

bool EditionView::HasIndicator(std::string_view id) const {
  return std::any_of(figures_.begin(), figures_.end(),
                     [&](const ReadyFigure& figure) { return figure.indicator == id; });
}

bool EditionView::HasBasis(std::string_view indicator, std::string_view basis) const {
  return std::any_of(figures_.begin(), figures_.end(), [&](const ReadyFigure& figure) {
    return figure.indicator == indicator && figure.basis == basis;
  });
}

std::string BytesOf(const ReadyFigure& figure, const Snapshot& snapshot) {
  // Fields may come in any order, so the position is one more message behind the others.
  query_pb::Figure position;
  position.set_position(snapshot.position);
  std::string bytes;
  bytes.reserve(figure.bytes.size() + 12);
  bytes = figure.bytes;
  position.AppendToString(&bytes);
  return bytes;
}

query_pb::Figure MessageOf(const ReadyFigure& figure, const Snapshot& snapshot) {
  query_pb::Figure out;
  out.ParseFromString(figure.bytes);
  out.set_position(snapshot.position);
  return out;
}

query_pb::EditionSummary SummaryOf(const EditionView& edition, const Snapshot& snapshot) {
  query_pb::EditionSummary out = edition.summary();
  out.set_position(snapshot.position);
  out.set_time_us(snapshot.time_us);
  out.set_stale(snapshot.stale);
  return out;
}

}  // namespace imdi::query
