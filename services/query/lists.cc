#include "services/query/lists.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

// Adds an entry unless the page is full: then false.
template <typename Entry>
bool AddTo(google::protobuf::RepeatedPtrField<Entry>& page, size_t page_size, size_t& bytes,
           const Entry& entry) {
  bytes += entry.ByteSizeLong() + base::kEntryFramingBytes;
  const bool full = static_cast<size_t>(page.size()) >= page_size || bytes > base::kPageBytesMax;
  if (full && !page.empty()) return false;
  *page.Add() = entry;
  return true;
}

}  // namespace

absl::StatusOr<query_pb::ListEditionsResponse> ListEditions(
    Reading& reading, const query_pb::ListEditionsRequest& request) {
  constexpr std::string_view kList = "editions";
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  PageToken token;
  if (!request.page_token().empty()) {
    IMDI_ASSIGN_OR_RETURN(token, ReadPageToken(request.page_token(), kList));
    IMDI_RETURN_IF_ERROR(reading.GoBackTo(token));
  }
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  const Snapshot& snapshot = reading.snapshot();
  query_pb::ListEditionsResponse out;
  size_t bytes = 0;
  for (auto next = snapshot.editions.upper_bound(token.last_name); next != snapshot.editions.end();
       ++next) {
    if (!AddTo(*out.mutable_editions(), page_size, bytes,
               SummaryOf(next->first, next->second, snapshot))) {
      out.set_next_page_token(WritePageToken({.log_id = snapshot.log_id,
                                              .epoch = snapshot.epoch,
                                              .position = snapshot.position,
                                              .release = 0,
                                              .last_name = std::prev(next)->first},
                                             kList));
      break;
    }
  }
  return out;
}

absl::StatusOr<query_pb::ListIndicatorsResponse> ListIndicators(
    Reading& reading, const query_pb::ListIndicatorsRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName parent, ReleaseName::Parse(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  IMDI_ASSIGN_OR_RETURN(const Page page,
                        Page::Open(reading, parent, base::StrCat("indicators|", request.parent()),
                                   page_size, request.page_token()));
  std::vector<const query_pb::IndicatorInfo*> by_name;
  for (const query_pb::IndicatorInfo& indicator : page.set().indicators())
    by_name.push_back(&indicator);
  std::sort(by_name.begin(), by_name.end(),
            [](const auto* a, const auto* b) { return a->name() < b->name(); });
  query_pb::ListIndicatorsResponse out;
  size_t bytes = 0;
  for (const query_pb::IndicatorInfo* indicator : by_name) {
    if (!page.first() && indicator->name() <= page.after()) continue;
    if (!AddTo(*out.mutable_indicators(), page.size(), bytes, *indicator)) {
      out.set_next_page_token(page.Next(out.indicators(out.indicators_size() - 1).name()));
      break;
    }
  }
  return out;
}

absl::StatusOr<query_pb::Release> GetRelease(Reading& reading,
                                             const query_pb::GetReleaseRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName name, ReleaseName::Parse(request.name()));
  IMDI_ASSIGN_OR_RETURN(const query_pb::Release* facts, reading.Facts(name.edition, name.release));
  return *facts;
}

absl::StatusOr<query_pb::ListReleasesResponse> ListReleases(
    Reading& reading, const query_pb::ListReleasesRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string edition, ParseEditionName(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  // Numbers are given once and in order, so a token needs no snapshot.
  const std::string list = base::StrCat("releases|", request.parent());
  PageToken token;
  if (!request.page_token().empty()) {
    IMDI_ASSIGN_OR_RETURN(token, ReadPageToken(request.page_token(), list));
  }
  IMDI_ASSIGN_OR_RETURN(const EditionView* view, reading.Edition(edition));
  query_pb::ListReleasesResponse out;
  size_t bytes = 0;
  for (const auto& release : view->releases) {
    if (release->number() <= token.release) continue;
    if (!AddTo(*out.mutable_releases(), page_size, bytes, *release)) {
      token = {};
      token.release = out.releases(out.releases_size() - 1).number();
      out.set_next_page_token(WritePageToken(token, list));
      break;
    }
  }
  return out;
}

absl::StatusOr<query_pb::ListChangesResponse> ListChanges(
    Reading& reading, const query_pb::ListChangesRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const ReleaseName parent, ReleaseName::Parse(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  IMDI_RETURN_IF_ERROR(reading.Facts(parent.edition, parent.release).status());
  IMDI_ASSIGN_OR_RETURN(
      const Page page,
      Page::Open(reading, parent, base::StrCat("changes|", request.parent(), "|", request.since()),
                 page_size, request.page_token()));
  const auto* later = static_cast<const ReleaseSet*>(&page.set());
  if (request.since() < 0 || (request.since() > 0 && request.since() >= later->number())) {
    return base::InvalidField("since",
                              base::StrCat("the number of a release before ", later->number(),
                                           ", or 0 for the one just before"));
  }
  const int32_t since = request.since() == 0 ? later->number() - 1 : request.since();
  std::vector<query_pb::ReleaseChange> compared;
  const std::vector<query_pb::ReleaseChange>* changes = &later->content().differences;
  if (since > 0) {
    IMDI_ASSIGN_OR_RETURN(
        const query_pb::Release* facts,
        reading.Facts(parent.edition, {.kind = ReleaseRef::Kind::kNumber, .number = since}));
    if (since != later->number() - 1) {
      IMDI_ASSIGN_OR_RETURN(const auto earlier, reading.Release(*facts));
      compared = figures::Differences(earlier->content(), later->content());
      changes = &compared;
    }
  }
  query_pb::ListChangesResponse out;
  IMDI_ASSIGN_OR_RETURN(const EditionView* view, reading.Edition(parent.edition));
  for (const auto& release : view->releases) {
    if (release->number() > since && release->number() <= later->number())
      out.add_reasons(release->reason());
  }
  size_t bytes = out.ByteSizeLong();
  auto next = changes->begin();
  if (!page.first()) {
    next = std::upper_bound(changes->begin(), changes->end(), page.after(),
                            [](const std::string& cell, const query_pb::ReleaseChange& change) {
                              return cell < change.cell();
                            });
  }
  for (; next != changes->end(); ++next) {
    if (!AddTo(*out.mutable_changes(), page.size(), bytes, *next)) {
      out.set_next_page_token(page.Next(out.changes(out.changes_size() - 1).cell()));
      break;
    }
  }
  return out;
}

}  // namespace imdi::query
