#include "services/query/claims.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/claim_results.h"
#include "services/figures/trends.h"

namespace imdi::query {
namespace {

constexpr std::string_view kEditions = "editions/";

// Other editions as live claims read them: the latest release where there is one, else the live
// figures of the snapshot.
figures::FindOtherEdition OthersOf(const Snapshot& snapshot) {
  return [&snapshot](const std::string& id) -> std::optional<figures::OtherEdition> {
    const auto found = snapshot.editions.find(id);
    if (found == snapshot.editions.end()) return std::nullopt;
    std::shared_ptr<const FigureSet> set = found->second.latest;
    if (set == nullptr) set = found->second.live;
    if (set == nullptr) return std::nullopt;
    return figures::OtherEdition{
        .release = set->live() ? std::string() : set->name(),
        .find = [set](std::string_view cell) -> std::optional<query_pb::Figure> {
          const std::optional<size_t> place = set->Find(cell);
          if (!place.has_value()) return std::nullopt;
          return set->At(*place).stored->figure();
        }};
  };
}

query_pb::ClaimRemark SupersededRemark(const std::string& release, int32_t latest) {
  query_pb::ClaimRemark remark;
  remark.set_kind(query_pb::CLAIM_REMARK_KIND_SUPERSEDED);
  model::LocalizedText& text = *remark.mutable_text();
  text.set_nn(base::StrCat("Samanlikninga las ", release, "; sidan er utgåve ", latest,
                           " publisert. Tala her er ikkje endra."));
  text.set_nb(base::StrCat("Sammenligningen leste ", release, "; siden er utgave ", latest,
                           " publisert. Tallene her er ikke endret."));
  text.set_en(base::StrCat("The comparison read ", release, "; release ", latest,
                           " has been published since. No figure here has changed."));
  return remark;
}

// The number of the latest release of the edition that `release` belongs to.
int32_t LatestOf(const Snapshot& snapshot, const ReleaseName& release) {
  const auto found = snapshot.editions.find(release.edition);
  if (found == snapshot.editions.end() || found->second.releases.empty()) return 0;
  return found->second.releases.back()->number();
}

// With full names and labels, as readers get it.
query_pb::ClaimResult Completed(const Snapshot& snapshot, const FigureSet& set,
                                const query_pb::ClaimResult& stored) {
  query_pb::ClaimResult out = stored;
  for (query_pb::Figure& figure : *out.mutable_figures()) set.Complete(figure, snapshot.position);
  std::string named;
  for (query_pb::ChangeFigure& change : *out.mutable_changes()) {
    CompleteChange(snapshot, set, change);
    if (!change.superseded() || change.earlier_release() == named) continue;
    named = change.earlier_release();
    const absl::StatusOr<ReleaseName> release = ReleaseName::Parse(named);
    if (release.ok()) *out.add_remarks() = SupersededRemark(named, LatestOf(snapshot, *release));
  }
  // A remark more is another answer.
  if (out.remarks_size() != stored.remarks_size()) out.set_etag(figures::EtagOf(out));
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ClaimCache::Judged>> LiveJudgements(const Reading& reading,
                                                                         const LiveSet& live) {
  const Snapshot& snapshot = reading.snapshot();
  const auto wanted = [&reading] { return reading.CheckWanted(); };
  const auto judge = [&]() -> absl::StatusOr<ClaimCache::Judged> {
    const figures::FindOtherEdition others = OthersOf(snapshot);
    ClaimCache::Judged out;
    IMDI_ASSIGN_OR_RETURN(out.changes, figures::Changes(live.computed(), others, wanted));
    IMDI_ASSIGN_OR_RETURN(out.claims, figures::JudgeClaims(live.computed(), out.changes, wanted));
    IMDI_ASSIGN_OR_RETURN(out.trends, figures::Trends(live.computed(), others, wanted));
    return out;
  };
  return snapshot.claims->Get(live.edition(), judge, wanted);
}

void CompleteChange(const Snapshot& snapshot, const FigureSet& set,
                    query_pb::ChangeFigure& change) {
  const auto complete = [](std::string& name, std::string_view release, std::string_view kind) {
    if (!name.empty() && !name.starts_with(kEditions) && !release.empty())
      name = base::StrCat(release, kind, name);
  };
  complete(*change.mutable_name(), set.name(), "/changes/");
  if (change.has_later())
    complete(*change.mutable_later()->mutable_figure(), set.name(), "/figures/");
  if (change.has_earlier()) {
    std::string release = change.earlier_release();
    if (release.empty()) {
      const auto* edition = snapshot.catalog->EditionOfYear(set.header().edition_facts().survey(),
                                                            change.earlier().year());
      if (edition != nullptr) release = base::StrCat(kEditions, edition->id, "/releases/live");
    }
    complete(*change.mutable_earlier()->mutable_figure(), release, "/figures/");
  }
  if (change.earlier_release().empty()) return;
  const absl::StatusOr<ReleaseName> release = ReleaseName::Parse(change.earlier_release());
  if (release.ok() && LatestOf(snapshot, *release) > release->release.number)
    change.set_superseded(true);
}

absl::StatusOr<query_pb::ListClaimsResponse> ListClaims(
    Reading& reading, const query_pb::ListClaimsRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  ReleaseName parent;
  if (absl::StatusOr<std::string> edition = ParseEditionName(request.parent()); edition.ok()) {
    // No release named: the latest, or live where there is none.
    IMDI_ASSIGN_OR_RETURN(const EditionView* view, reading.Edition(*edition));
    parent.edition = *std::move(edition);
    parent.release.kind =
        view->releases.empty() ? ReleaseRef::Kind::kLive : ReleaseRef::Kind::kLatest;
  } else {
    IMDI_ASSIGN_OR_RETURN(parent, ReleaseName::Parse(request.parent()));
  }
  IMDI_ASSIGN_OR_RETURN(const Page page,
                        Page::Open(reading, parent, base::StrCat("claims|", request.parent()),
                                   page_size, request.page_token()));
  const FigureSet& set = page.set();
  const Snapshot& snapshot = reading.snapshot();
  std::shared_ptr<const ClaimCache::Judged> judged;
  const std::vector<query_pb::ClaimResult>* claims = nullptr;
  if (set.live()) {
    IMDI_ASSIGN_OR_RETURN(judged, LiveJudgements(reading, static_cast<const LiveSet&>(set)));
    claims = &judged->claims;
  } else {
    claims = &static_cast<const ReleaseSet&>(set).content().claims;
  }
  query_pb::ListClaimsResponse out;
  out.set_release(set.release());
  size_t bytes = 0;
  for (const query_pb::ClaimResult& stored : *claims) {
    if (!page.first() && stored.claim().name() <= page.after()) continue;
    query_pb::ClaimResult claim = Completed(snapshot, set, stored);
    bytes += claim.ByteSizeLong() + base::kEntryFramingBytes;
    const bool full =
        static_cast<size_t>(out.claims_size()) >= page.size() || bytes > base::kPageBytesMax;
    if (full && !out.claims().empty()) {
      out.set_next_page_token(page.Next(out.claims(out.claims_size() - 1).claim().name()));
      break;
    }
    *out.add_claims() = std::move(claim);
  }
  return out;
}

}  // namespace imdi::query
