#include "services/query/reading.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

absl::Status Later(std::string_view what) {
  return base::WithRetryDelay(base::Error(base::Reason::kNotYetFolded, what),
                              absl::Milliseconds(base::kShedRetryDelayMs));
}

}  // namespace

absl::Status Reading::CheckLoaded() const {
  if (snapshot_->loaded()) return absl::OkStatus();
  return Later("no figures yet: aggregation has not been heard since the start");
}

absl::StatusOr<const EditionView*> Reading::Edition(std::string_view id) const {
  IMDI_RETURN_IF_ERROR(CheckLoaded());
  const auto found = snapshot_->editions.find(id);
  if (found != snapshot_->editions.end()) return &found->second;
  if (const auto* entry = snapshot_->catalog->FindEdition(id);
      entry != nullptr && entry->frame != nullptr && entry->Current() != nullptr) {
    return Later(base::StrCat("the counts of edition ", entry->id, " have not come yet"));
  }
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat("there are no figures of an edition ", base::Quoted(id),
                                  "; ListEditions names those there are"));
}

absl::StatusOr<std::shared_ptr<const FigureSet>> Reading::Figures(std::string_view edition,
                                                                  const ReleaseRef& release) {
  IMDI_ASSIGN_OR_RETURN(const EditionView* view, Edition(edition));
  if (release.kind == ReleaseRef::Kind::kLive) {
    if (view->live != nullptr) return view->live;
    return Later(base::StrCat("the counts of edition ", edition, " have not come yet"));
  }
  IMDI_ASSIGN_OR_RETURN(const query_pb::Release* facts, Facts(edition, release));
  return Release(*facts);
}

absl::StatusOr<const query_pb::Release*> Reading::Facts(std::string_view edition,
                                                        const ReleaseRef& release) const {
  IMDI_ASSIGN_OR_RETURN(const EditionView* view, Edition(edition));
  switch (release.kind) {
    case ReleaseRef::Kind::kLive:
      return base::Error(base::Reason::kNameInvalid,
                         "live is no release: a number or latest is wanted");
    case ReleaseRef::Kind::kLatest:
      if (!view->releases.empty()) return view->releases.back().get();
      return base::Error(base::Reason::kUnknownResource,
                         base::StrCat("edition ", edition, " has no release yet; there is live"));
    case ReleaseRef::Kind::kNumber:
      break;
  }
  if (const query_pb::Release* facts = view->FindRelease(release.number); facts != nullptr)
    return facts;
  return base::Error(base::Reason::kUnknownResource,
                     base::StrCat("edition ", edition, " has no release ", release.number,
                                  "; ListReleases names those there are"));
}

absl::StatusOr<std::shared_ptr<const ReleaseSet>> Reading::Release(const query_pb::Release& facts) {
  IMDI_ASSIGN_OR_RETURN(const EditionView* view, Edition(domain::EditionIdOf(facts.name())));
  if (view->latest != nullptr && view->latest->facts().number() == facts.number() &&
      view->latest->facts().content_hash() == facts.content_hash())
    return view->latest;
  if (may_read_disk_) return shelf_.Load(facts);
  if (auto kept = shelf_.Find(facts); kept != nullptr) return kept;
  needs_disk_ = true;
  return base::Error(base::Reason::kStoreUnavailable, "the release lies on the disk");
}

absl::Status Reading::GoBackTo(const PageToken& token) {
  IMDI_ASSIGN_OR_RETURN(snapshot_, snapshots_.At(token.log_id, token.epoch, token.position));
  return CheckLoaded();
}

absl::StatusOr<Page> Page::Open(Reading& reading, const ReleaseName& parent, std::string list,
                                size_t size, const std::string& token) {
  Page page;
  page.list_ = std::move(list);
  page.size_ = size;
  ReleaseRef release = parent.release;
  if (!token.empty()) {
    IMDI_ASSIGN_OR_RETURN(PageToken read, ReadPageToken(token, page.list_));
    // A token says which release it pages through, and the call must mean the same one.
    const bool of_live = read.release == 0;
    if (of_live != (release.kind == ReleaseRef::Kind::kLive) ||
        (release.kind == ReleaseRef::Kind::kNumber && read.release != release.number)) {
      return base::Error(base::Reason::kPageTokenInvalid,
                         "page_token is of another release; start from the first page without a "
                         "token");
    }
    page.first_ = false;
    page.after_ = std::move(read.last_name);
    if (read.release > 0) {
      // What was the latest release on the first page is meant on all of them.
      release = {.kind = ReleaseRef::Kind::kNumber, .number = read.release};
    } else {
      IMDI_RETURN_IF_ERROR(reading.GoBackTo(read));
    }
  }
  IMDI_ASSIGN_OR_RETURN(page.set_, reading.Figures(parent.edition, release));
  if (page.set_->live()) {
    page.token_ = {.log_id = reading.snapshot().log_id,
                   .epoch = reading.snapshot().epoch,
                   .position = reading.snapshot().position,
                   .release = 0,
                   .last_name = {}};
  } else {
    page.token_.release = page.set_->number();
  }
  return page;
}

std::string Page::Next(std::string_view last_name) const {
  PageToken token = token_;
  token.last_name = last_name;
  return WritePageToken(token, list_);
}

}  // namespace imdi::query
