#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/change.h"
#include "tests/oracle/results_parts.h"

namespace imdi::oracle {
namespace {

using domain::EstimateStatus;

// Counts of two years by stratum.
std::vector<domain::PairCell> PairCells(const Tally& tally,
                                        const std::vector<domain::AnswerState>& a,
                                        const std::vector<domain::AnswerState>& b) {
  std::vector<domain::PairCell> cells(tally.strata());
  for (size_t unit = 0; unit < a.size(); ++unit) {
    domain::PairCell& cell = cells[tally.StratumOf(unit)];
    ++cell.frame_a;
    ++cell.frame_b;
    ++cell.frame_both;
    ++cell.At(a[unit], b[unit]);
  }
  return cells;
}

bool InBase(domain::AnswerState state) {
  return state == domain::AnswerState::kNo || state == domain::AnswerState::kYes;
}

Value MethodOf(const domain::Change& change) {
  Value out = Value::Object();
  out.Set("se_a", Value::Number(change.se_a));
  out.Set("se_b", Value::Number(change.se_b));
  out.Set("cov", Value::Number(change.covariance));
  out.Set("se", Value::Number(change.test.standard_error));
  out.Set("ci_wald", Pair(change.test.interval));
  out.Set("t", Number(change.test.t));
  out.Set("p", Number(change.test.p));
  return out;
}

Value ChangeOf(const std::vector<domain::PairCell>& cells, double level) {
  const domain::Change change = domain::EstimateChange(cells, level);
  Value out = Value::Object();
  out.Set("n_a", Value::Number(change.n_a));
  out.Set("n_b", Value::Number(change.n_b));
  out.Set("n_ab", Value::Number(change.n_both));
  out.Set("n_union", Value::Number(change.n_either));
  out.Set("status", Value::Text(StatusName(change.status)));
  if (change.status == EstimateStatus::kEmpty) return out.Set("estimate", Value());
  out.Set("p_a", Value::Number(change.p_a));
  out.Set("p_b", Value::Number(change.p_b));
  out.Set("estimate", Value::Number(change.estimate));
  out.Set("df", Value::Number(change.df));
  out.Set("methods", Value::Object()
                         .Set("overlap_fpc", MethodOf(change))
                         .Set("stacked_fpc", MethodOf(domain::EstimateStackedChange(
                                                 cells, domain::Stacked::kCorrected, level)))
                         .Set("stacked_nofpc", MethodOf(domain::EstimateStackedChange(
                                                   cells, domain::Stacked::kUncorrected, level))));
  return out;
}

Value McNemarOf(const std::vector<domain::PairCell>& cells) {
  const domain::PanelTest panel = domain::McNemar(cells);
  Value out = Value::Object();
  out.Set("n", Value::Number(panel.n));
  out.Set("yes_yes", Value::Number(panel.yes_yes));
  out.Set("yes_no", Value::Number(panel.yes_no));
  out.Set("no_yes", Value::Number(panel.no_yes));
  out.Set("no_no", Value::Number(panel.no_no));
  out.Set("status", Value::Text(panel.tested ? "ok" : "no_discordant"));
  if (!panel.tested) return out;
  out.Set("chisq", Value::Number(panel.chi_squared));
  out.Set("p", Value::Number(panel.p));
  out.Set("chisq_cc", Value::Number(panel.chi_squared_corrected));
  out.Set("p_cc", Value::Number(panel.p_corrected));
  out.Set("p_exact", Value::Number(panel.p_exact));
  out.Set("p_mid", Value::Number(panel.p_mid));
  return out;
}

Value TrendOf(const Tally& tally, const std::vector<std::vector<domain::AnswerState>>& states,
              const std::vector<double>& times, double level) {
  domain::SeriesCounts counts;
  counts.editions = states.size();
  counts.strata = tally.strata();
  std::vector<domain::PairCell> pairs;
  for (size_t s = 0; s < states.size(); ++s) {
    for (size_t t = s + 1; t < states.size(); ++t) {
      const std::vector<domain::PairCell> cells = PairCells(tally, states[s], states[t]);
      pairs.insert(pairs.end(), cells.begin(), cells.end());
    }
  }
  std::vector<int32_t> in_any_base(tally.strata());
  for (size_t unit = 0; unit < states[0].size(); ++unit) {
    const auto in_base = [unit](const auto& year) { return InBase(year[unit]); };
    if (std::ranges::any_of(states, in_base)) ++in_any_base[tally.StratumOf(unit)];
  }
  counts.pairs = pairs;
  counts.in_any_base = in_any_base;
  const domain::SeriesEstimate series = domain::EstimateSeries(counts);
  Value out = Value::Object();
  out.Set("n", Numbers(series.n));
  out.Set("status", Value::Text(StatusName(series.status)));
  if (series.status == EstimateStatus::kEmpty) return out;
  const domain::Contrast slope =
      domain::EstimateContrast(series, domain::SlopeCoefficients(times), level);
  out.Set("shares", Numbers(series.shares));
  out.Set("cov", Matrix(series.covariance, series.shares.size()));
  out.Set("estimate", Value::Number(slope.estimate));
  out.Set("se", Value::Number(slope.test.standard_error));
  out.Set("df", Value::Number(slope.df));
  out.Set("ci_wald", Pair(slope.test.interval));
  out.Set("t", Number(slope.test.t));
  out.Set("p", Number(slope.test.p));
  return out;
}

}  // namespace

Value YearsOf(const Request& request, const std::vector<Tally>& years, const Level& level) {
  std::vector<std::vector<domain::AnswerState>> states;
  for (const Tally& year : years) states.push_back(year.States(level));
  if (request.type == Request::Type::kTrend) {
    std::vector<double> times;
    for (const std::string& year : request.years)
      times.push_back(std::strtod(year.c_str(), nullptr));
    return TrendOf(years[0], states, times, request.level);
  }
  const std::vector<domain::PairCell> cells = PairCells(years[0], states[0], states[1]);
  return request.type == Request::Type::kChange ? ChangeOf(cells, request.level) : McNemarOf(cells);
}

}  // namespace imdi::oracle
