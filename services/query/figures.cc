#include "services/query/figures.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/wire.h"

namespace imdi::query {
namespace {

constexpr std::string_view kTotal = "total";
constexpr size_t kCellsBetweenLooks = 64;  // At the caller, whether it still waits.

bool HasBasis(const query_pb::IndicatorInfo& indicator, std::string_view basis) {
  return std::any_of(indicator.bases().begin(), indicator.bases().end(),
                     [&](const query_pb::BasisInfo& one) { return one.id() == basis; });
}

absl::Status NoIndicator(const FigureSet& set, std::string_view id) {
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat(set.name(), " has no indicator ", base::Quoted(id),
                                  "; ListIndicators names those there are"));
}

}  // namespace

absl::StatusOr<size_t> FindCell(const FigureSet& set, const CellName& cell) {
  const std::string canonical = cell.Canonical();
  if (const std::optional<size_t> place = set.Find(canonical); place.has_value()) return *place;
  const query_pb::IndicatorInfo* indicator = set.labels().FindIndicator(cell.indicator);
  if (indicator == nullptr) return NoIndicator(set, cell.indicator);
  if (!HasBasis(*indicator, cell.basis)) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat("indicator ", cell.indicator, " has no basis ", base::Quoted(cell.basis)));
  }
  return base::Error(
      base::Reason::kCellNotInRelease,
      base::StrCat(base::Quoted(canonical), " is not a cell of ", set.name(),
                   ": bases, categories, breakdowns and their groups are declared with the "
                   "indicator; ListIndicators names those there are"));
}

absl::StatusOr<FoundFigure> FindFigure(Reading& reading, std::string_view text) {
  // The one spelling is looked up as it came; only what is not found is taken apart.
  if (const auto pieces = Split(text); pieces.has_value() && text.size() <= base::kNameBytesMax) {
    if (const auto release = ReleaseRef::Parse(pieces->release); release.has_value()) {
      if (auto set = reading.Figures(pieces->edition, *release); set.ok()) {
        if (const auto place = (*set)->Find(pieces->cell); place.has_value())
          return FoundFigure{.set = *std::move(set), .place = *place};
      }
    }
  }
  IMDI_ASSIGN_OR_RETURN(const FigureName name, FigureName::Parse(text));
  FoundFigure out;
  IMDI_ASSIGN_OR_RETURN(out.set, reading.Figures(name.edition, name.release));
  IMDI_ASSIGN_OR_RETURN(out.place, FindCell(*out.set, name.cell));
  return out;
}

absl::StatusOr<ReadyBytes> GetFigure(Reading& reading, const query_pb::GetFigureRequest& request) {
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  IMDI_ASSIGN_OR_RETURN(FoundFigure found, FindFigure(reading, request.name()));
  const std::string* bytes = found.set->At(found.place).bytes;
  std::string currency = reading.CurrencyBytes<query_pb::Figure>(*found.set);
  // The figure's bytes live as long as its set.
  return ReadyBytes{.shared = std::shared_ptr<const std::string>(std::move(found.set), bytes),
                    .tail = std::move(currency)};
}

absl::StatusOr<ReadyBytes> BatchGetFigures(Reading& reading,
                                           const query_pb::BatchGetFiguresRequest& request) {
  using Response = query_pb::BatchGetFiguresResponse;
  if (request.names().empty() ||
      static_cast<size_t>(request.names_size()) > base::kBatchFiguresMax) {
    return base::InvalidField("names", base::StrCat("1 to ", base::kBatchFiguresMax, " names"));
  }
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  // Most batches are of one release, so its name is taken apart once.
  std::vector<std::shared_ptr<const FigureSet>> held;
  std::string_view prefix;
  struct Part {
    const FigureSet* set;
    const std::string* bytes;
  };
  std::vector<Part> parts;
  parts.reserve(static_cast<size_t>(request.names_size()));
  size_t size = 2 * kFieldFramingBytes;
  for (int i = 0; i < request.names_size(); ++i) {
    const std::string_view name = request.names(i);
    std::optional<size_t> place;
    if (!prefix.empty() && name.starts_with(prefix) && name.size() <= base::kNameBytesMax)
      place = held.back()->Find(name.substr(prefix.size()));
    if (!place.has_value()) {
      absl::StatusOr<FoundFigure> found = FindFigure(reading, name);
      if (!found.ok())
        return base::WithMetadata(found.status(), "field", base::StrCat("names[", i, "]"));
      place = found->place;
      held.push_back(std::move(found->set));
      prefix = name.substr(0, name.rfind('/') + 1);
    }
    const std::string* bytes = held.back()->At(*place).bytes;
    size += bytes->size() + 2 * kFieldFramingBytes;
    if (size > base::kMessageBytesMax) {
      return base::Error(
          base::Reason::kTooLarge,
          base::StrCat("the figures from names[", i, "] on do not fit; ask for fewer at a time"));
    }
    parts.push_back({held.back().get(), bytes});
  }
  std::string out;
  out.reserve(size);
  const FigureSet* of = nullptr;
  std::string currency;
  for (const Part& part : parts) {
    if (part.set != of) {
      of = part.set;
      currency = reading.CurrencyBytes<query_pb::Figure>(*of);
    }
    AppendMessageField(out, Response::kFiguresFieldNumber, *part.bytes, currency);
  }
  AppendVarintField(out, Response::kPositionFieldNumber,
                    static_cast<uint64_t>(reading.snapshot().position));
  return ReadyBytes{.shared = std::make_shared<const std::string>(std::move(out)), .tail = {}};
}

absl::StatusOr<ReadyBytes> ListFigures(Reading& reading,
                                       const query_pb::ListFiguresRequest& request) {
  using Response = query_pb::ListFiguresResponse;
  IMDI_ASSIGN_OR_RETURN(const ReleaseName parent, ReleaseName::Parse(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  IMDI_ASSIGN_OR_RETURN(const Page page,
                        Page::Open(reading, parent,
                                   base::StrCat("figures|", request.parent(), "|",
                                                request.indicator(), "|", request.attribute()),
                                   page_size, request.page_token()));
  const FigureSet& set = page.set();
  const std::string& indicator = request.indicator();
  if (!indicator.empty() && set.labels().FindIndicator(indicator) == nullptr)
    return NoIndicator(set, indicator);
  const std::string prefix = indicator.empty() ? std::string() : indicator + ".";
  const auto wanted = [&](std::string_view cell) {
    if (request.attribute().empty()) return true;
    const std::string breakdown = BreakdownOf(cell);
    return request.attribute() == kTotal ? breakdown.empty() : breakdown == request.attribute();
  };
  ReadyBytes out;
  const std::string currency = reading.CurrencyBytes<query_pb::Figure>(set);
  // The cells of an indicator lie together.
  size_t rank = set.RankOf(std::max(prefix, page.after()));
  if (rank < set.size() && !page.first() && set.CellOf(rank) == page.after()) ++rank;
  size_t count = 0;
  std::string_view last;
  for (; rank < set.size() && set.CellOf(rank).starts_with(prefix); ++rank) {
    // To ask costs as much as to look at some cells.
    if (rank % kCellsBetweenLooks == 0) IMDI_RETURN_IF_ERROR(reading.CheckWanted());
    const std::string_view cell = set.CellOf(rank);
    if (!wanted(cell)) continue;
    const std::string& bytes = *set.At(set.PlaceOf(rank)).bytes;
    const size_t more = bytes.size() + 2 * kFieldFramingBytes;
    if (count >= page.size() || (count > 0 && out.tail.size() + more > base::kPageBytesMax)) {
      AppendTextField(out.tail, Response::kNextPageTokenFieldNumber, page.Next(last));
      break;
    }
    AppendMessageField(out.tail, Response::kFiguresFieldNumber, bytes, currency);
    last = cell;
    ++count;
  }
  AppendVarintField(out.tail, Response::kPositionFieldNumber,
                    static_cast<uint64_t>(set.PositionIn(reading.snapshot().position)));
  return out;
}

}  // namespace imdi::query
