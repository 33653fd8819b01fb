#include "tests/oracle/results.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/base/text.h"
#include "services/domain/change.h"
#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/multiplicity.h"
#include "tests/oracle/tally.h"

namespace imdi::oracle {
namespace {

using domain::EstimateStatus;
using domain::Interval;

std::string_view StatusName(EstimateStatus status) {
  switch (status) {
    case EstimateStatus::kOk:
      return "ok";
    case EstimateStatus::kEmpty:
      return "empty";
    case EstimateStatus::kCensus:
      return "census";
    case EstimateStatus::kNoDf:
      return "no_df";
    case EstimateStatus::kDegenerate:
      return "degenerate";
    case EstimateStatus::kZeroVariance:
      return "zero_variance";
  }
  return "";
}

Value Pair(const std::optional<Interval>& interval) {
  if (!interval.has_value()) return Value::List({Value(), Value()});
  return Value::List({Value::Number(interval->lower), Value::Number(interval->upper)});
}

Value Number(const std::optional<double>& number) {
  return number.has_value() ? Value::Number(*number) : Value();
}

// Intervals of a share: those of its variance, and where the base is the frame's alone those of the
// silent.
Value Intervals(const domain::Proportion& share, const std::vector<domain::StratumCell>& cells,
                const std::optional<int32_t>& frame_units, bool one_stratum, double level) {
  Value ci = Value::Object();
  ci.Set("wald", Pair(WaldInterval(share, level)));
  ci.Set("logit", Pair(LogitInterval(share, level)));
  ci.Set("beta", Pair(BetaInterval(share, level)));
  ci.Set("wilson", Pair(WilsonInterval(share, level)));
  if (!frame_units.has_value()) return ci;
  const double units = *frame_units;
  const domain::CountInterval predictive = PredictiveInterval(cells, level);
  ci.Set("predictive", Pair(Interval{predictive.lower / units, predictive.upper / units}));
  if (one_stratum) {
    const domain::CountInterval exact =
        domain::HypergeometricInterval(*frame_units, share.n, share.x, level);
    ci.Set("hypergeom", Pair(Interval{exact.lower / units, exact.upper / units}));
  }
  return ci;
}

// N where base and domain are the frame's alone.
std::optional<int32_t> UnitsOfFrameBase(const Request& request, const Tally& tally,
                                        const Level& level) {
  if (!request.clause.exclude.empty() || !request.clause.route.empty()) return std::nullopt;
  return tally.FrameUnits(level);
}

Value ProportionOf(const Request& request, const Tally& tally, const Level& level) {
  const std::vector<domain::StratumCell> cells = tally.Cells(level, request.clause.yes);
  const domain::Proportion share = EstimateProportion(cells, request.design.lonely, request.level);
  const std::optional<int32_t> units = tally.FrameUnits(level);
  Value out = Value::Object();
  out.Set("N", units.has_value() ? Value::Number(*units) : Value());
  out.Set("r", Value::Number(tally.Respondents(level)));
  out.Set("n", Value::Number(share.n));
  out.Set("x", Value::Number(share.x));
  out.Set("sum_w", Value::Number(share.weight_sum));
  out.Set("estimate", Value::Number(share.estimate));
  out.Set("se", Value::Number(share.standard_error));
  if (share.status != EstimateStatus::kEmpty) {
    out.Set("df", Value::Number(share.df));
    out.Set("n_eff", Number(share.n_eff));
    out.Set("n_eff_adj", Number(share.n_eff_adj));
  }
  out.Set("status", Value::Text(StatusName(share.status)));
  if (share.status == EstimateStatus::kEmpty) return out;
  const std::optional<int32_t> base = UnitsOfFrameBase(request, tally, level);
  out.Set("ci", Intervals(share, cells, base, request.design.strata.empty(), request.level));
  if (base.has_value())
    out.Set("bounds", Pair(domain::LogicalBounds(share.n, share.x, *base - share.n)));
  return out;
}

Value DistributionOf(const Request& request, const Tally& tally, const Level& level) {
  std::vector<std::string> codes;
  for (const std::string& code : request.codes) {
    if (std::ranges::find(request.clause.exclude, code) == request.clause.exclude.end())
      codes.push_back(code);
  }
  const std::vector<domain::StratumCell> cells = tally.Cells(level, {});
  const domain::Distribution distribution = EstimateDistribution(
      cells, tally.CodeCounts(level, codes), codes.size(), request.design.lonely, request.level);
  Value out = Value::Object();
  if (distribution.covariance.empty())
    return out.Set("n", Value::Number(0)).Set("status", Value::Text("empty"));
  out.Set("n", Value::Number(distribution.codes[0].n));
  out.Set("sum_w", Value::Number(distribution.codes[0].weight_sum));
  const std::optional<int32_t> base = UnitsOfFrameBase(request, tally, level);
  std::vector<Value> shares;
  for (size_t c = 0; c < codes.size(); ++c) {
    const domain::Proportion& share = distribution.codes[c];
    const std::vector<domain::StratumCell> of_code = tally.Cells(level, {codes[c]});
    Value one = Value::Object();
    one.Set("code", Value::Text(codes[c]));
    one.Set("x", Value::Number(share.x));
    one.Set("estimate", Value::Number(share.estimate));
    one.Set("se", Value::Number(share.standard_error));
    one.Set("status", Value::Text(StatusName(share.status)));
    one.Set("ci", Intervals(share, of_code, base, request.design.strata.empty(), request.level));
    shares.push_back(std::move(one));
  }
  out.Set("codes", Value::List(std::move(shares)));
  std::vector<Value> rows;
  for (size_t a = 0; a < codes.size(); ++a) {
    std::vector<Value> row;
    for (size_t b = 0; b < codes.size(); ++b)
      row.push_back(Value::Number(distribution.covariance[a * codes.size() + b]));
    rows.push_back(Value::List(std::move(row)));
  }
  out.Set("cov", Value::List(std::move(rows)));
  return out;
}

absl::StatusOr<Value> LinearOf(const Request& request, const Tally& tally, const Level& level) {
  const absl::StatusOr<Sums> sums = tally.SumsOf(level);
  if (!sums.ok()) return sums.status();
  const bool total = request.type == Request::Type::kTotal;
  const domain::LinearEstimate estimate =
      total ? EstimateTotal(sums->strata, sums->scale_a, request.design.lonely)
            : EstimateRatio(sums->strata, sums->scale_a, sums->scale_b, request.design.lonely);
  Value out = Value::Object();
  out.Set("n", Value::Number(estimate.n));
  const bool empty = estimate.status == EstimateStatus::kEmpty;
  if (!empty) {
    out.Set("sum_w", Value::Number(estimate.weight_sum));
    if (!total) {
      out.Set("num_total", Value::Number(estimate.numerator_total));
      out.Set("den_total", Value::Number(estimate.denominator_total));
    }
  }
  out.Set("estimate", Value::Number(estimate.estimate));
  out.Set("se", Value::Number(estimate.standard_error));
  if (!empty) {
    out.Set("df", Value::Number(estimate.df));
    out.Set("ci_wald", Pair(domain::WaldInterval(estimate.estimate, estimate.standard_error,
                                                 estimate.df, request.level)));
  }
  out.Set("status", Value::Text(StatusName(estimate.status)));
  return out;
}

Value DifferenceOf(const Request& request, const Tally& tally) {
  const domain::Difference difference =
      EstimateDifference(tally.DifferenceCells(), request.design.lonely);
  Value out = Value::Object();
  out.Set("n_a", Value::Number(difference.n_a));
  out.Set("n_b", Value::Number(difference.n_b));
  out.Set("n_union", Value::Number(difference.n_union));
  out.Set("p_a", Value::Number(difference.p_a));
  out.Set("p_b", Value::Number(difference.p_b));
  out.Set("se_a", Value::Number(difference.se_a));
  out.Set("se_b", Value::Number(difference.se_b));
  out.Set("cov", Value::Number(difference.covariance));
  out.Set("estimate", Value::Number(difference.estimate));
  out.Set("se", Value::Number(difference.standard_error));
  out.Set("df", Value::Number(difference.df));
  out.Set("ci_wald", Pair(domain::WaldInterval(difference.estimate, difference.standard_error,
                                               difference.df, request.level)));
  out.Set("status", Value::Text(StatusName(difference.status)));
  out.Set("t", Number(difference.t));
  out.Set("p", Number(difference.p));
  return out;
}

absl::StatusOr<Value> WeightsOf(const Request& request, const Tally& tally) {
  const std::vector<domain::StratumCell> cells = tally.AllCells();
  const domain::WeightSummary weights = domain::SummarizeWeights(cells);
  Value out = Value::Object();
  out.Set("n", Value::Number(weights.n));
  out.Set("sum_w", Value::Number(weights.sum));
  out.Set("sum_w2", Value::Number(weights.sum_of_squares));
  out.Set("min_w", Value::Number(weights.smallest));
  out.Set("max_w", Value::Number(weights.largest));
  out.Set("kish_deff", Value::Number(weights.kish_deff));
  std::vector<Value> margins;
  for (const auto& [name, column] : request.by) {
    std::vector<Value> levels;
    std::vector<Value> sums;
    for (const auto& [value, counts] : tally.RespondentsBy(column)) {
      levels.push_back(Value::Text(value));
      sums.push_back(Value::Number(domain::WeightedSum(cells, counts)));
    }
    margins.push_back(Value::Object()
                          .Set("column", Value::Text(name))
                          .Set("levels", Value::List(std::move(levels)))
                          .Set("sum_w", Value::List(std::move(sums))));
  }
  out.Set("margins", Value::List(std::move(margins)));
  std::vector<Value> totals;
  for (const auto& [name, column] : request.totals) {
    const auto sums = tally.SumsBy(column);
    if (!sums.ok()) return sums.status();
    const auto& [values, scale] = *sums;
    totals.push_back(Value::Object()
                         .Set("column", Value::Text(name))
                         .Set("total", Value::Number(domain::WeightedSum(cells, values) / scale)));
  }
  out.Set("totals", Value::List(std::move(totals)));
  if (!request.list) return out;
  // One respondent of one stratum weighs what its stratum does.
  std::vector<Value> list;
  for (const auto& [unit, stratum] : tally.UnitsAndStrata()) {
    std::vector<int64_t> one(cells.size(), 0);
    one[stratum] = 1;
    list.push_back(Value::Object()
                       .Set("unit", Value::Text(unit))
                       .Set("w", Value::Number(domain::WeightedSum(cells, one))));
  }
  out.Set("weights", Value::List(std::move(list)));
  return out;
}

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

Value Matrix(const std::vector<double>& numbers, size_t columns) {
  std::vector<Value> rows;
  for (size_t begin = 0; begin < numbers.size(); begin += columns) {
    std::vector<Value> row;
    for (size_t i = 0; i < columns; ++i) row.push_back(Value::Number(numbers[begin + i]));
    rows.push_back(Value::List(std::move(row)));
  }
  return Value::List(std::move(rows));
}

Value Numbers(const auto& numbers) {
  Value out = Value::List();
  for (const auto number : numbers) out.list.push_back(Value::Number(number));
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

Value BhOf(const Request& request, const Value& done) {
  std::vector<std::string> ids;
  std::vector<std::optional<double>> p;
  const auto add = [&](std::string id, const Value* value) {
    const bool number = value != nullptr && value->kind == Value::Kind::kNumber;
    ids.push_back(std::move(id));
    p.push_back(number ? std::optional(value->number) : std::nullopt);
  };
  for (size_t i = 0; i < request.p.size(); ++i) {
    char* end = nullptr;
    const double number = std::strtod(request.p[i].c_str(), &end);
    const Value value = *end == 0 && !request.p[i].empty() ? Value::Number(number) : Value();
    add(base::StrCat("p", i + 1), &value);
  }
  if (request.p.empty()) {
    for (const std::string& id : request.requests) {
      const Value* result = done.Find(id);
      const Value* cells = result == nullptr ? nullptr : result->Find("cells");
      if (cells == nullptr) {
        add(id, result == nullptr ? nullptr : result->FindPath(request.field));
        continue;
      }
      for (const Value& cell : cells->list)
        add(base::StrCat(id, "#", cell.Find("level")->text), cell.FindPath(request.field));
    }
  }
  const std::vector<domain::AdjustedP> adjusted = domain::AdjustForMultiplicity(p);
  int rejected = 0;
  int tests = 0;
  std::vector<Value> list;
  for (size_t i = 0; i < p.size(); ++i) {
    const domain::AdjustedP& one = adjusted[i];
    if (one.holm.has_value()) ++tests;
    if (one.benjamini_hochberg.has_value() && *one.benjamini_hochberg <= request.q) ++rejected;
    list.push_back(Value::Object()
                       .Set("id", Value::Text(ids[i]))
                       .Set("p", Number(p[i]))
                       .Set("bh", Number(one.benjamini_hochberg))
                       .Set("by", Number(one.benjamini_yekutieli))
                       .Set("holm", Number(one.holm)));
  }
  return Value::Object()
      .Set("m", Value::Number(tests))
      .Set("tests", Value::List(std::move(list)))
      .Set("rejected_bh", Value::Number(rejected))
      .Set("q", Value::Number(request.q));
}

absl::StatusOr<Value> YearsOf(const std::vector<Tally>& years, const Request& request,
                              const Level& level) {
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

absl::StatusOr<Value> ComputeLevel(const Request& request, const Tally& tally, const Level& level) {
  switch (request.type) {
    case Request::Type::kProportion:
      return ProportionOf(request, tally, level);
    case Request::Type::kDistribution:
      return DistributionOf(request, tally, level);
    case Request::Type::kMean:
    case Request::Type::kTotal:
    case Request::Type::kRatio:
      return LinearOf(request, tally, level);
    case Request::Type::kDifference:
      return DifferenceOf(request, tally);
    case Request::Type::kWeights:
      return WeightsOf(request, tally);
    default:
      break;
  }
  return absl::InternalError("a type without a computation");
}

}  // namespace

absl::StatusOr<Value> Compute(const Case& data, const Request& request, const Value& done) {
  if (request.type == Request::Type::kBh) return BhOf(request, done);
  std::vector<std::string> years = request.years;
  if (years.empty()) years.push_back(request.year);
  std::vector<Tally> tallies;
  for (const std::string& year : years) {
    absl::StatusOr<Tally> tally = Tally::Of(data, request, year);
    if (!tally.ok()) return tally.status();
    tallies.push_back(*std::move(tally));
  }
  const auto compute = [&](const Level& level) {
    return request.years.empty() ? ComputeLevel(request, tallies[0], level)
                                 : YearsOf(tallies, request, level);
  };
  // `by` of weights names margins, not a breakdown.
  if (request.by.empty() || request.type == Request::Type::kWeights) return compute(Level{});
  std::vector<Value> cells;
  for (const Level& level : tallies[0].Levels()) {
    absl::StatusOr<Value> cell = compute(level);
    if (!cell.ok()) return cell.status();
    cell->members.insert(cell->members.begin(), {"level", Value::Text(level.name)});
    cells.push_back(*std::move(cell));
  }
  return Value::Object().Set("cells", Value::List(std::move(cells)));
}

}  // namespace imdi::oracle
