#include "services/query/figures.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/figure_name.h"
#include "services/query/page_token.h"

namespace imdi::query {
namespace {

constexpr std::string_view kEditions = "editions/";
constexpr std::string_view kTotal = "total";

absl::StatusOr<std::shared_ptr<const EditionView>> EditionOf(const Snapshot& snapshot,
                                                             std::string_view id) {
  const auto found = snapshot.editions.find(id);
  if (found != snapshot.editions.end()) return found->second;
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat("there is no edition ", base::Quoted(id),
                                  "; ListEditions names those there are"));
}

// The one spelling of a name is looked up as it came; only what is not found is taken apart.
const ReadyFigure* FindAsSpelt(const Snapshot& snapshot, std::string_view name) {
  if (!name.starts_with(kEditions)) return nullptr;
  const size_t end = name.find('/', kEditions.size());
  if (end == std::string_view::npos) return nullptr;
  const auto edition =
      snapshot.editions.find(name.substr(kEditions.size(), end - kEditions.size()));
  return edition == snapshot.editions.end() ? nullptr : edition->second->Find(name);
}

absl::StatusOr<const ReadyFigure*> Find(const Snapshot& snapshot, std::string_view text) {
  if (const ReadyFigure* figure = FindAsSpelt(snapshot, text); figure != nullptr) return figure;
  IMDI_ASSIGN_OR_RETURN(const FigureName name, FigureName::Parse(text));
  IMDI_RETURN_IF_ERROR(
      ParseLiveReleaseName(base::StrCat(kEditions, name.edition, "/releases/", name.release))
          .status());
  IMDI_ASSIGN_OR_RETURN(const auto edition, EditionOf(snapshot, name.edition));
  if (const ReadyFigure* figure = edition->Find(name.Canonical()); figure != nullptr) return figure;
  if (!edition->HasIndicator(name.indicator)) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat("edition ", name.edition, " has no indicator ", base::Quoted(name.indicator)));
  }
  if (!edition->HasBasis(name.indicator, name.basis)) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat("indicator ", name.indicator, " has no basis ", base::Quoted(name.basis)));
  }
  return base::Error(
      base::Reason::kCellNotInRelease,
      base::StrCat(
          base::Quoted(text),
          " is not a cell of this release: bases, breakdowns and their groups are declared with "
          "the indicator; ListFigures names the cells there are"));
}

absl::Status WithPlace(const absl::Status& status, std::string_view place) {
  return base::WithMetadata(status, "field", place);
}

// The snapshot that a page is read from, and the name after which it begins.
struct Page {
  std::shared_ptr<const Snapshot> kept;  // Holds `snapshot` when a token named it.
  const Snapshot* snapshot = nullptr;
  std::string after;
  size_t size = 0;
};

absl::StatusOr<Page> PageOf(const Snapshots& snapshots, const Snapshot& current,
                            std::string_view list, int32_t page_size, const std::string& token) {
  Page page;
  IMDI_ASSIGN_OR_RETURN(page.size, PageSize(page_size));
  page.snapshot = &current;
  if (!token.empty()) {
    IMDI_ASSIGN_OR_RETURN(PageToken read, ReadPageToken(token, list));
    IMDI_ASSIGN_OR_RETURN(page.kept, snapshots.At(read.log_id, read.epoch, read.position));
    page.snapshot = page.kept.get();
    page.after = std::move(read.last_name);
  }
  IMDI_RETURN_IF_ERROR(CheckLoaded(*page.snapshot));
  return page;
}

}  // namespace

absl::Status CheckLoaded(const Snapshot& snapshot) {
  if (!snapshot.stale || !snapshot.log_id.empty()) return absl::OkStatus();
  return base::WithRetryDelay(
      base::Error(base::Reason::kNotYetFolded,
                  "no figures yet: aggregation has not been heard since the start"),
      absl::Milliseconds(base::kShedRetryDelayMs));
}

absl::StatusOr<std::string> FigureBytes(const Snapshot& snapshot, std::string_view name) {
  IMDI_RETURN_IF_ERROR(CheckLoaded(snapshot));
  IMDI_ASSIGN_OR_RETURN(const ReadyFigure* figure, Find(snapshot, name));
  return BytesOf(*figure, snapshot);
}

absl::StatusOr<query_pb::BatchGetFiguresResponse> BatchGetFigures(
    const Snapshot& snapshot, const query_pb::BatchGetFiguresRequest& request) {
  if (request.names().empty() ||
      static_cast<size_t>(request.names_size()) > base::kBatchFiguresMax) {
    return base::InvalidField("names", base::StrCat("1 to ", base::kBatchFiguresMax, " names"));
  }
  IMDI_RETURN_IF_ERROR(CheckLoaded(snapshot));
  query_pb::BatchGetFiguresResponse out;
  out.set_position(snapshot.position);
  size_t bytes = 0;
  for (int i = 0; i < request.names_size(); ++i) {
    const absl::StatusOr<const ReadyFigure*> figure = Find(snapshot, request.names(i));
    if (!figure.ok()) return WithPlace(figure.status(), base::StrCat("names[", i, "]"));
    bytes += (*figure)->bytes.size() + base::kEntryFramingBytes;
    if (bytes > base::kMessageBytesMax) {
      return base::Error(
          base::Reason::kTooLarge,
          base::StrCat("the figures from names[", i, "] on do not fit; ask for fewer at a time"));
    }
    *out.add_figures() = MessageOf(**figure, snapshot);
  }
  return out;
}

absl::StatusOr<query_pb::ListFiguresResponse> ListFigures(
    const Snapshots& snapshots, const Snapshot& current,
    const query_pb::ListFiguresRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string id, ParseLiveReleaseName(request.parent()));
  const std::string list = base::StrCat("figures|", request.parent(), "|", request.indicator(), "|",
                                        request.attribute());
  IMDI_ASSIGN_OR_RETURN(
      const Page page, PageOf(snapshots, current, list, request.page_size(), request.page_token()));
  IMDI_ASSIGN_OR_RETURN(const auto edition, EditionOf(*page.snapshot, id));
  if (!request.indicator().empty() && !edition->HasIndicator(request.indicator())) {
    return base::Error(
        base::Reason::kUnknownResource,
        base::StrCat("edition ", id, " has no indicator ", base::Quoted(request.indicator())));
  }
  const auto wanted = [&](const ReadyFigure& figure) {
    if (!request.indicator().empty() && figure.indicator != request.indicator()) return false;
    if (request.attribute().empty()) return true;
    return request.attribute() == kTotal ? figure.attribute.empty()
                                         : figure.attribute == request.attribute();
  };
  query_pb::ListFiguresResponse out;
  out.set_position(page.snapshot->position);
  size_t bytes = 0;
  const auto& figures = edition->figures();
  auto next = std::upper_bound(
      figures.begin(), figures.end(), page.after,
      [](const std::string& name, const ReadyFigure& figure) { return name < figure.name; });
  for (; next != figures.end(); ++next) {
    if (!wanted(*next)) continue;
    bytes += next->bytes.size() + base::kEntryFramingBytes;
    const bool full =
        static_cast<size_t>(out.figures_size()) >= page.size || bytes > base::kPageBytesMax;
    if (full && !out.figures().empty()) {
      out.set_next_page_token(
          WritePageToken(*page.snapshot, list, out.figures(out.figures_size() - 1).name()));
      break;
    }
    *out.add_figures() = MessageOf(*next, *page.snapshot);
  }
  return out;
}

absl::StatusOr<query_pb::ListEditionsResponse> ListEditions(
    const Snapshots& snapshots, const query_pb::ListEditionsRequest& request) {
  const auto current = snapshots.Current();
  constexpr std::string_view kList = "editions";
  IMDI_ASSIGN_OR_RETURN(const Page page, PageOf(snapshots, *current, kList, request.page_size(),
                                                request.page_token()));
  query_pb::ListEditionsResponse out;
  std::string last;
  for (auto next = page.snapshot->editions.upper_bound(page.after);
       next != page.snapshot->editions.end(); ++next) {
    if (static_cast<size_t>(out.editions_size()) >= page.size) {
      out.set_next_page_token(WritePageToken(*page.snapshot, kList, last));
      break;
    }
    *out.add_editions() = SummaryOf(*next->second, *page.snapshot);
    last = next->first;
  }
  return out;
}

absl::StatusOr<query_pb::ListClaimsResponse> ListClaims(
    const Snapshots& snapshots, const query_pb::ListClaimsRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string id, ParseEditionName(request.parent()));
  const auto current = snapshots.Current();
  const std::string list = base::StrCat("claims|", request.parent());
  IMDI_ASSIGN_OR_RETURN(const Page page, PageOf(snapshots, *current, list, request.page_size(),
                                                request.page_token()));
  IMDI_ASSIGN_OR_RETURN(const auto edition, EditionOf(*page.snapshot, id));
  query_pb::ListClaimsResponse out;
  size_t bytes = 0;
  const auto& claims = edition->claims();
  auto next = std::upper_bound(
      claims.begin(), claims.end(), page.after,
      [](const std::string& name, const model::Claim& claim) { return name < claim.name(); });
  for (; next != claims.end(); ++next) {
    query_pb::ClaimFigures entry;
    *entry.mutable_claim() = *next;
    for (const std::string& cell : next->figures()) {
      const ReadyFigure* figure =
          edition->Find(base::StrCat(kEditions, id, "/releases/live/figures/", cell));
      if (figure != nullptr) *entry.add_figures() = MessageOf(*figure, *page.snapshot);
    }
    bytes += entry.ByteSizeLong() + base::kEntryFramingBytes;
    const bool full =
        static_cast<size_t>(out.claims_size()) >= page.size || bytes > base::kPageBytesMax;
    if (full && !out.claims().empty()) {
      out.set_next_page_token(
          WritePageToken(*page.snapshot, list, out.claims(out.claims_size() - 1).claim().name()));
      break;
    }
    *out.add_claims() = std::move(entry);
  }
  return out;
}

}  // namespace imdi::query
