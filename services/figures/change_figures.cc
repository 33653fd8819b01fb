#include "services/figures/change_figures.h"

#include <algorithm>
#include <utility>

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
  return std::nullopt;
}

}  // namespace

const domain::Catalog::EditionEntry* EditionOfYear(const domain::Catalog& catalog,
                                                   std::string_view survey, int32_t year) {
  for (const auto& [id, edition] : catalog.editions()) {
    if (edition->definition->survey() == survey && edition->definition->reference_year() == year)
      return edition.get();
  }
  return nullptr;
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

query_pb::ChangeFigure ChangeSince(const ChangeSources& sources,
                                   const model::Comparison& comparison,
                                   std::string_view cell_of_total) {
  const std::string cell = CellInGroup(cell_of_total, comparison.group());
  query_pb::ChangeFigure out;
  out.set_name(base::StrCat(cell, "@", comparison.year()));
  const std::optional<query_pb::Figure> later = sources.find(cell);
  Fill(*out.mutable_later(), cell, sources.edition.definition->reference_year(),
       later.value_or(query_pb::Figure()));
  out.mutable_earlier()->set_year(comparison.year());
  const domain::Catalog::EditionEntry* before =
      EditionOfYear(sources.catalog, sources.edition.definition->survey(), comparison.year());
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
  else
    out.set_value(out.later().value() - out.earlier().value());
  return out;
}

std::vector<query_pb::ChangeFigure> Changes(const EditionFigures& edition,
                                            const FindOtherEdition& others) {
  std::vector<query_pb::ChangeFigure> out;
  const domain::FigurePlan& plan = edition.plan();
  const std::function<std::optional<query_pb::Figure>(std::string_view)> find =
      [&edition](std::string_view cell) -> std::optional<query_pb::Figure> {
    std::optional<store_pb::ReleaseFigure> found = edition.Find(cell);
    if (!found.has_value()) return std::nullopt;
    return std::move(*found->mutable_figure());
  };
  for (uint32_t block = 0; block < plan.blocks().size(); ++block) {
    const domain::CompiledIndicator& indicator = *plan.indicators()[plan.blocks()[block].indicator];
    if (indicator.definition().compare().empty()) continue;
    for (uint32_t category = 0; category < plan.blocks()[block].categories.size(); ++category) {
      const std::string cell = plan.NameOf({.block = block, .category = category});
      for (const model::Comparison& comparison : indicator.definition().compare()) {
        // The list is that of the newest edition; to an older one, its own year and later ones are
        // no past.
        if (comparison.year() >= edition.entry().definition->reference_year()) continue;
        out.push_back(ChangeSince({edition.catalog(), edition.entry(), indicator, find, others},
                                  comparison, cell));
      }
    }
  }
  std::ranges::sort(out, [](const query_pb::ChangeFigure& a, const query_pb::ChangeFigure& b) {
    return a.name() < b.name();
  });
  return out;
}

}  // namespace imdi::figures
