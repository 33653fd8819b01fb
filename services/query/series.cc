#include "services/query/series.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/claim_results.h"
#include "services/figures/comparability.h"
#include "services/figures/edition_figures.h"
#include "services/query/claims.h"
#include "services/query/figures.h"

namespace imdi::query {
namespace {

using Entry = domain::Catalog::EditionEntry;

// An edition of the survey and where its figure comes from.
struct Place {
  const Entry* entry = nullptr;
  int32_t year = 0;
  std::shared_ptr<const FigureSet>
      set;  // Null where the edition has no release, and live is not wanted.
  std::shared_ptr<const LiveSet> live;     // Null where it has none.
  std::optional<query_pb::Figure> figure;  // Complete.
  bool has_cell = false;                   // In that set, or at least live.
};

std::vector<Place> PlacesOf(const Snapshot& snapshot, const std::string& survey, bool live) {
  std::vector<Place> out;
  for (const auto& [id, entry] : snapshot.catalog->editions()) {
    if (entry->definition == nullptr || entry->definition->survey() != survey) continue;
    Place place{.entry = entry.get(),
                .year = entry->definition->reference_year(),
                .set = nullptr,
                .live = nullptr,
                .figure = {}};
    if (const auto found = snapshot.editions.find(id); found != snapshot.editions.end()) {
      place.live = found->second.live;
      place.set = found->second.latest;
      if (place.set == nullptr && live) place.set = place.live;
    }
    out.push_back(std::move(place));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Place& a, const Place& b) { return a.year < b.year; });
  return out;
}

const domain::CompiledIndicator* FindIndicator(const Place& place, std::string_view id) {
  if (place.live == nullptr) return nullptr;
  for (const auto& indicator : place.live->computed().plan().indicators()) {
    if (indicator->id() == id) return indicator.get();
  }
  return nullptr;
}

// How an earlier edition relates to a later one over what the cell's indicator reads, and whether
// both cover the cell's units; unknown where the later one does not have the indicator any more.
figures::Comparability Relate(const Snapshot& snapshot, const Place& later, const Place& earlier,
                              std::string_view indicator, std::string_view cell) {
  const domain::CompiledIndicator* compiled = FindIndicator(later, indicator);
  if (compiled == nullptr) {
    return {
        .relations = {model::SERIES_RELATION_KIND_UNKNOWN}, .comparable = false, .assumed = false};
  }
  return figures::CompareCell(*snapshot.catalog, *later.entry, *earlier.entry, *compiled, cell);
}

query_pb::SharePoint PointOf(const Place& place) {
  query_pb::SharePoint out;
  out.set_figure(place.figure->name());
  out.set_year(place.year);
  out.set_numerator(place.figure->numerator());
  out.set_base(place.figure->base());
  if (place.figure->unit() == figures::kFractionUnit) out.set_value(place.figure->value());
  return out;
}

// What a set of figures says of changes and trends.
struct Comparisons {
  std::span<const query_pb::ChangeFigure> changes;
  std::span<const query_pb::Trend> trends;
  std::shared_ptr<const ClaimCache::Judged> judged;  // Holds those of live figures.
};
absl::StatusOr<Comparisons> ComparisonsOf(const Reading& reading, const FigureSet& set) {
  Comparisons out;
  if (set.live()) {
    IMDI_ASSIGN_OR_RETURN(out.judged, LiveJudgements(reading, static_cast<const LiveSet&>(set)));
    out.changes = out.judged->changes.figures;
    out.trends = out.judged->trends;
  } else {
    const figures::ReleaseContent& content = static_cast<const ReleaseSet&>(set).content();
    out.changes = content.changes;
    out.trends = content.trends;
  }
  return out;
}

// As it was published or is declared, else out of the two points.
absl::StatusOr<query_pb::ChangeFigure> ChangeOf(const Reading& reading, const Place& later,
                                                const Place& earlier, const std::string& cell,
                                                std::string_view indicator) {
  const Snapshot& snapshot = reading.snapshot();
  const std::string name = base::StrCat(cell, "@", earlier.year);
  query_pb::ChangeFigure out;
  IMDI_ASSIGN_OR_RETURN(const Comparisons declared, ComparisonsOf(reading, *later.set));
  for (const query_pb::ChangeFigure& one : declared.changes) {
    // Live figures are compared with the latest release where there is one; here both may be live.
    if (one.name() != name ||
        (later.set->live() && one.earlier_release().empty() != earlier.set->live()))
      continue;
    out = one;
    CompleteChange(snapshot, *later.set, out);
    return out;
  }
  const figures::Comparability relation = Relate(snapshot, later, earlier, indicator, cell);
  out.set_name(name);
  for (const model::SeriesRelationKind kind : relation.relations) out.add_relations(kind);
  *out.mutable_later() = PointOf(later);
  *out.mutable_earlier() = PointOf(earlier);
  if (!earlier.set->live()) out.set_earlier_release(earlier.set->name());
  // An earlier revision of the indicator counted something else: no line leads from there to here.
  if (!relation.comparable || later.figure->unit() != earlier.figure->unit()) {
    *out.mutable_no_value() = figures::SeriesBreak();
  } else if (later.figure->has_no_value()) {
    *out.mutable_no_value() = later.figure->no_value();
  } else {
    out.set_value(later.figure->value() - earlier.figure->value());
    out.set_test_status(query_pb::CHANGE_TEST_STATUS_NOT_COUNTED);
  }
  CompleteChange(snapshot, *later.set, out);
  return out;
}

// Why no edition has the cell.
absl::Status WhyMissing(const std::vector<Place>& places, const CellName& cell) {
  absl::Status why;
  for (const Place& place : places) {
    const FigureSet* set = place.set.get();
    if (set == nullptr) set = place.live.get();
    if (set == nullptr) continue;
    const absl::Status status = FindCell(*set, cell).status();
    if (why.ok() || base::ReasonOf(status) == base::Reason::kCellNotInRelease) why = status;
  }
  if (!why.ok()) return why;
  return base::Error(base::Reason::kUnknownResource, "no edition of the survey has figures yet");
}

}  // namespace

absl::StatusOr<query_pb::Series> GetSeries(Reading& reading,
                                           const query_pb::GetSeriesRequest& request) {
  IMDI_ASSIGN_OR_RETURN(const std::string survey, ParseSurveyName(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const CellName name, CellName::Parse(request.cell()));
  IMDI_RETURN_IF_ERROR(reading.CheckLoaded());
  const Snapshot& snapshot = reading.snapshot();
  const std::string cell = name.Canonical();
  std::vector<Place> places = PlacesOf(snapshot, survey, request.live());
  if (places.empty()) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no edition of a survey ", base::Quoted(survey)));
  }
  const Place* latest = nullptr;  // The last edition that has the cell, published or not.
  for (Place& place : places) {
    IMDI_RETURN_IF_ERROR(reading.CheckWanted());
    if (place.set != nullptr) {
      if (const auto found = place.set->Find(cell); found.has_value()) {
        place.figure = place.set->At(*found).stored->figure();
        place.set->Complete(*place.figure, snapshot.position);
      }
    }
    place.has_cell =
        place.figure.has_value() || (place.live != nullptr && place.live->Find(cell).has_value());
    if (place.has_cell) latest = &place;
  }
  if (latest == nullptr) return WhyMissing(places, name);

  query_pb::Series out;
  out.set_cell(cell);
  const Place* before = nullptr;  // The last one with a value.
  for (const Place& place : places) {
    query_pb::SeriesPoint& point = *out.add_points();
    point.set_edition(base::StrCat("editions/", place.entry->id));
    point.set_year(place.year);
    if (place.set != nullptr) point.set_release(place.set->release());
    *point.mutable_respondent() = place.entry->definition->addressed_to();
    if (place.set != nullptr && !place.set->live())
      *point.mutable_respondent() = place.set->header().method_note().respondent();
    if (&place == latest) {
      point.set_comparable(true);
    } else if (place.has_cell) {
      const figures::Comparability relation =
          Relate(snapshot, *latest, place, name.indicator, cell);
      for (const model::SeriesRelationKind kind : relation.relations) point.add_relations(kind);
      point.set_comparable(relation.comparable);
      point.set_assumed(relation.assumed);
    }
    if (!place.figure.has_value()) continue;
    *point.mutable_figure() = *place.figure;
    *point.mutable_basis_title() = place.figure->basis_title();
    // Numbers have no changes: their sums are not counted together over editions.
    if (before != nullptr && (place.figure->unit() == figures::kFractionUnit ||
                              before->figure->unit() == figures::kFractionUnit)) {
      IMDI_ASSIGN_OR_RETURN(*out.add_changes(),
                            ChangeOf(reading, place, *before, cell, name.indicator));
    }
    if (!place.figure->has_no_value()) before = &place;
  }
  if (latest->set != nullptr) {
    IMDI_ASSIGN_OR_RETURN(const Comparisons comparisons, ComparisonsOf(reading, *latest->set));
    const auto trend = std::ranges::find(comparisons.trends, cell, &query_pb::Trend::cell);
    if (trend != comparisons.trends.end()) *out.mutable_trend() = *trend;
  }
  return out;
}

}  // namespace imdi::query
