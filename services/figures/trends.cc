#include "services/figures/trends.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "services/base/status_macros.h"
#include "services/domain/change.h"
#include "services/figures/comparability.h"
#include "services/figures/joined_strata.h"
#include "services/figures/stratum_labels.h"

namespace imdi::figures {
namespace {

using domain::AnswerState;
using domain::PairCell;

// The share of the earlier one of a pair.
domain::CountedShare EarlierOf(std::span<const PairCell> cells) {
  domain::CountedShare out;
  for (const PairCell& cell : cells) {
    for (size_t s = 0; s < domain::kAnswerStates; ++s) {
      const auto later = static_cast<AnswerState>(s);
      out.x += cell.At(AnswerState::kYes, later);
      out.n += cell.At(AnswerState::kYes, later) + cell.At(AnswerState::kNo, later);
    }
  }
  return out;
}

bool OnOneLine(const EditionFigures& edition, const domain::FigurePlan::Panel& panel, size_t number,
               const FindOtherEdition& others) {
  const domain::FigurePlan& plan = edition.plan();
  const domain::CompiledIndicator& indicator = plan.IndicatorOf(plan.blocks()[panel.cell.block]);
  const std::string cell = plan.NameOf(panel.cell);
  for (size_t e = 0; e < panel.earlier.size(); ++e) {
    const std::string& id = plan.panel_frame().earlier[panel.earlier[e]].edition.id;
    const auto* before = edition.catalog().FindEdition(id);
    if (before == nullptr ||
        !CompareCell(edition.catalog(), edition.entry(), *before, indicator, cell).comparable)
      return false;
    const std::optional<OtherEdition> other = others ? others(id) : std::nullopt;
    const std::optional<query_pb::Figure> figure =
        other.has_value() ? other->find(cell) : std::nullopt;
    const domain::CountedShare counted =
        EarlierOf(edition.counts().CountsOfPanel(number, e, panel.editions() - 1));
    if (!figure.has_value() || figure->numerator() != counted.x || figure->base() != counted.n)
      return false;
  }
  return true;
}

}  // namespace

std::vector<query_pb::Trend> Trends(const EditionFigures& edition, const FindOtherEdition& others) {
  return *Trends(edition, others, [] { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<query_pb::Trend>> Trends(const EditionFigures& edition,
                                                    const FindOtherEdition& others,
                                                    const std::function<absl::Status()>& wanted) {
  const domain::FigurePlan& plan = edition.plan();
  std::vector<query_pb::Trend> out;
  for (size_t p = 0; p < plan.panels().size(); ++p) {
    const domain::FigurePlan::Panel& panel = plan.panels()[p];
    IMDI_RETURN_IF_ERROR(wanted());
    if (panel.editions() < 3 || !OnOneLine(edition, panel, p, others)) continue;
    std::vector<std::vector<PairCell>> pairs;
    for (size_t a = 0; a < panel.editions(); ++a) {
      for (size_t b = a + 1; b < panel.editions(); ++b)
        pairs.push_back(edition.counts().CountsOfPanel(p, a, b));
    }
    const JoinedStrata joined = JoinStrata(plan.strata(), pairs);
    std::vector<PairCell> cells;
    for (const std::vector<PairCell>& pair : pairs) {
      const std::vector<PairCell> sums = Join(joined, pair);
      cells.insert(cells.end(), sums.begin(), sums.end());
    }
    std::vector<int32_t> in_any_base(joined.count);
    const std::vector<int32_t> in_any = edition.counts().InAnyBase(p);
    for (size_t h = 0; h < in_any.size(); ++h) in_any_base[joined.to[h]] += in_any[h];
    const domain::SeriesEstimate series = domain::EstimateSeries({.editions = panel.editions(),
                                                                  .strata = joined.count,
                                                                  .pairs = cells,
                                                                  .in_any_base = in_any_base});
    if (series.status == domain::EstimateStatus::kEmpty) continue;
    query_pb::Trend& trend = out.emplace_back();
    trend.set_cell(plan.NameOf(panel.cell));
    std::vector<int32_t> reference_years;
    for (const uint32_t number : panel.earlier)
      reference_years.push_back(plan.panel_frame().earlier[number].edition.year);
    reference_years.push_back(edition.entry().definition->reference_year());
    trend.mutable_years()->Add(reference_years.begin(), reference_years.end());
    const std::vector<query_pb::CollapsedStratum> collapsed =
        CollapsedInfos(plan.strata(), joined.steps, reference_years);
    trend.mutable_collapsed()->Assign(collapsed.begin(), collapsed.end());
    const std::vector<double> years(reference_years.begin(), reference_years.end());
    trend.mutable_shares()->Add(series.shares.begin(), series.shares.end());
    trend.mutable_covariance()->Add(series.covariance.begin(), series.covariance.end());
    const domain::Contrast slope =
        domain::EstimateContrast(series, domain::SlopeCoefficients(years), kTestLevel);
    trend.set_slope(slope.estimate);
    trend.set_lower(slope.test.interval.has_value() ? slope.test.interval->lower : slope.estimate);
    trend.set_upper(slope.test.interval.has_value() ? slope.test.interval->upper : slope.estimate);
    if (!std::isnan(slope.test.standard_error)) trend.set_standard_error(slope.test.standard_error);
    trend.set_df(slope.df);
    if (slope.test.p.has_value()) {
      trend.set_t(*slope.test.t);
      trend.set_p(*slope.test.p);
    }
  }
  std::ranges::sort(out, {}, [](const query_pb::Trend& one) { return one.cell(); });
  return out;
}

}  // namespace imdi::figures
