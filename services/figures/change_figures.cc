#include "services/figures/change_figures.h"

#include <algorithm>
#include <utility>

#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/figures/comparability.h"

namespace imdi::figures {
namespace {

void Fill(query_pb::SharePoint& point, std::string name, int32_t year,
          const query_pb::Figure& figure) {
  point.set_figure(std::move(name));
  point.set_year(year);
  point.set_numerator(figure.numerator());
  point.set_base(figure.base());
  if (figure.base() > 0) point.set_value(static_cast<double>(figure.numerator()) / figure.base());
}

// Why a figure that is there, or is not, gives no number; empty where it gives one.
std::optional<query_pb::NoValue> MissingIn(const std::optional<query_pb::Figure>& figure) {
  if (!figure.has_value()) return NoValueOf(domain::CellState::kNotAsked);
  if (figure->has_no_value()) return figure->no_value();
  if (figure->base() <= 0) return NoValueOf(domain::CellState::kNoAnswer);
  // An earlier revision of the indicator counted something else: no line leads from there to here.
  if (figure->unit() == kNumberUnit) return SeriesBreak();
  return std::nullopt;
}

}  // namespace

std::pair<double, double> BoundsOf(const query_pb::Figure& figure) {
  if (!figure.has_estimate()) return {figure.value(), figure.value()};
  return {figure.estimate().bound_lower(), figure.estimate().bound_upper()};
}

std::string CellInGroup(std::string_view cell_of_total, std::string_view group) {
  if (group.empty()) return std::string(cell_of_total);
  const size_t basis = cell_of_total.find('.');
  const size_t answer =
      basis == std::string_view::npos ? std::string_view::npos : cell_of_total.find('.', basis + 1);
  if (answer == std::string_view::npos) return base::StrCat(cell_of_total, ".", group);
  const std::string_view category = cell_of_total.substr(answer + 1);
  const std::string_view head = cell_of_total.substr(0, answer);
  return category < group ? base::StrCat(head, ".", category, ".", group)
                          : base::StrCat(head, ".", group, ".", category);
}

MadeChange ChangeSince(const ChangeSources& sources, const model::Comparison& comparison,
                       std::string_view cell_of_total) {
  const std::string cell = CellInGroup(cell_of_total, comparison.group());
  MadeChange made;
  query_pb::ChangeFigure& out = made.figure;
  out.set_name(base::StrCat(cell, "@", comparison.year()));
  const std::optional<query_pb::Figure> later = sources.find(cell);
  Fill(*out.mutable_later(), cell, sources.edition.definition->reference_year(),
       later.value_or(query_pb::Figure()));
  out.mutable_earlier()->set_year(comparison.year());
  const domain::Catalog::EditionEntry* before =
      sources.catalog.EditionOfYear(sources.edition.definition->survey(), comparison.year());
  std::optional<OtherEdition> other;
  if (before != nullptr && sources.others) other = sources.others(before->id);
  std::optional<query_pb::Figure> earlier;
  if (other.has_value()) {
    out.set_earlier_release(other->release);
    earlier = other->find(cell);
    const std::string release = other->release.empty()
                                    ? base::StrCat("editions/", before->id, "/releases/live")
                                    : other->release;
    Fill(*out.mutable_earlier(), base::StrCat(release, "/figures/", cell), comparison.year(),
         earlier.value_or(query_pb::Figure()));
  }
  Comparability relation;
  if (before != nullptr) {
    relation = Compare(sources.catalog, sources.edition, *before, sources.indicator);
    for (const model::SeriesRelationKind kind : relation.relations) out.add_relations(kind);
  }
  if (before != nullptr && !relation.comparable)
    *out.mutable_no_value() = SeriesBreak();
  else if (!other.has_value())
    *out.mutable_no_value() = NotYet();
  else if (const auto none = MissingIn(later); none.has_value())
    *out.mutable_no_value() = *none;
  else if (const auto none_before = MissingIn(earlier); none_before.has_value())
    *out.mutable_no_value() = *none_before;
  if (out.has_no_value()) return made;
  out.set_value(out.later().value() - out.earlier().value());
  const auto [least, most] = BoundsOf(*later);
  const auto [least_before, most_before] = BoundsOf(*earlier);
  out.set_bound_lower(least - most_before);
  out.set_bound_upper(most - least_before);
  if (sources.indicator.kind() == model::INDICATOR_KIND_OUTCOME_RATE) {
    out.set_test_status(query_pb::CHANGE_TEST_STATUS_KNOWN);
    return made;
  }
  std::optional<CountedChange> counted;
  if (sources.count) counted = sources.count(cell, comparison.year());
  if (!counted.has_value()) {
    out.set_test_status(query_pb::CHANGE_TEST_STATUS_NOT_COUNTED);
    return made;
  }
  const auto is = [](domain::CountedShare share, const query_pb::Figure& figure) {
    return share.x == figure.numerator() && share.n == figure.base();
  };
  if (!is(counted->earlier, *earlier) || !is(counted->later, *later)) {
    out.set_test_status(query_pb::CHANGE_TEST_STATUS_MOVED);
    return made;
  }
  const bool known = later->estimate().may_belong() == 0 && earlier->estimate().may_belong() == 0;
  *out.mutable_estimate() = ChangeEstimateOf(counted->strata, known);
  *out.mutable_panel() = PanelOf(counted->strata);
  out.set_tested(out.estimate().has_p());
  out.set_test_status(known          ? query_pb::CHANGE_TEST_STATUS_KNOWN
                      : out.tested() ? query_pb::CHANGE_TEST_STATUS_TESTED
                                     : query_pb::CHANGE_TEST_STATUS_NO_DF);
  made.evidence.set_name(out.name());
  made.evidence.mutable_strata()->Assign(counted->strata.begin(), counted->strata.end());
  made.evidence.mutable_collapsed()->Assign(counted->collapsed.begin(), counted->collapsed.end());
  return made;
}

const query_pb::ChangeFigure* EditionChanges::Find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(
      figures, name, {},
      [](const query_pb::ChangeFigure& one) -> std::string_view { return one.name(); });
  return found == figures.end() || found->name() != name ? nullptr : &*found;
}

EditionChanges Changes(const EditionFigures& edition, const FindOtherEdition& others) {
  return *Changes(edition, others, [] { return absl::OkStatus(); });
}

absl::StatusOr<EditionChanges> Changes(const EditionFigures& edition,
                                       const FindOtherEdition& others,
                                       const std::function<absl::Status()>& wanted) {
  EditionChanges out;
  const domain::FigurePlan& plan = edition.plan();
  const std::function<std::optional<query_pb::Figure>(std::string_view)> find =
      [&edition](std::string_view cell) -> std::optional<query_pb::Figure> {
    std::optional<store_pb::ReleaseFigure> found = edition.Find(cell);
    if (!found.has_value()) return std::nullopt;
    return std::move(*found->mutable_figure());
  };
  const std::function<std::optional<CountedChange>(std::string_view, int32_t)> count =
      [&edition](std::string_view cell, int32_t year) { return CountChange(edition, cell, year); };
  for (uint32_t block = 0; block < plan.blocks().size(); ++block) {
    const domain::CompiledIndicator& indicator = *plan.indicators()[plan.blocks()[block].indicator];
    if (indicator.definition().compare().empty()) continue;
    const ChangeSources sources{edition.catalog(), edition.entry(), indicator, find, count, others};
    for (uint32_t category = 0; category < plan.blocks()[block].categories.size(); ++category) {
      const std::string cell = plan.NameOf({.block = block, .category = category});
      for (const model::Comparison& comparison : indicator.definition().compare()) {
        // The list is that of the newest edition; to an older one, its own year and later ones are
        // no past.
        if (comparison.year() >= edition.entry().definition->reference_year()) continue;
        IMDI_RETURN_IF_ERROR(wanted());
        MadeChange made = ChangeSince(sources, comparison, cell);
        if (!made.evidence.strata().empty()) out.evidence.push_back(std::move(made.evidence));
        out.figures.push_back(std::move(made.figure));
      }
    }
  }
  const auto name = [](const auto& one) -> const std::string& { return one.name(); };
  std::ranges::sort(out.figures, {}, name);
  std::ranges::sort(out.evidence, {}, name);
  AdjustWithinTables(out.figures);
  return out;
}

}  // namespace imdi::figures
