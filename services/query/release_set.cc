#include "services/query/release_set.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

absl::Status Corrupt(const query_pb::Release& facts, std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("release ", base::Quoted(facts.name()), ": ", what));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ReleaseSet>> ReleaseSet::Read(
    const query_pb::Release& facts, std::span<const std::string> parts) {
  if (base::Hex(figures::ContentHash(parts)) != facts.content_hash())
    return Corrupt(facts, "its parts have another hash than it says");
  IMDI_ASSIGN_OR_RETURN(figures::ReleaseContent content, figures::ReadParts(parts));
  const store_pb::ReleaseHeader& header = content.header;
  if (base::StrCat("editions/", header.edition(), "/releases/", header.number()) != facts.name() ||
      header.number() != facts.number() || header.number() < 1) {
    return Corrupt(facts, "its parts are of another release");
  }
  for (size_t i = 0; i < content.figures.size(); ++i) {
    if (i > 0 && content.figures[i - 1].figure().name() >= content.figures[i].figure().name())
      return Corrupt(facts, "its figures are not in order");
  }
  return std::make_shared<const ReleaseSet>(facts, std::move(content));
}

ReleaseSet::ReleaseSet(query_pb::Release facts, figures::ReleaseContent content)
    : FigureSet(content.header.edition(), content.header.number()),
      facts_(std::move(facts)),
      content_(std::move(content)),
      labels_(content_.header.indicators()) {
  bytes_.reserve(content_.figures.size());
  by_cell_.reserve(content_.figures.size());
  for (const store_pb::ReleaseFigure& figure : content_.figures) {
    by_cell_.emplace(figure.figure().name(), bytes_.size());
    bytes_.push_back(ReadyBytesOf(*this, figure.figure()));
  }
}

std::optional<size_t> ReleaseSet::Find(std::string_view cell) const {
  const auto found = by_cell_.find(base::ToAbsl(cell));
  if (found == by_cell_.end()) return std::nullopt;
  return found->second;
}

}  // namespace imdi::query
