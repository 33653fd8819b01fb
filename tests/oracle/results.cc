#include "tests/oracle/results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/domain/linear_estimate.h"
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
  }
  return absl::InternalError("a type without a computation");
}

}  // namespace

absl::StatusOr<Value> Compute(const Case& data, const Request& request) {
  const absl::StatusOr<Tally> tally = Tally::Of(data, request);
  if (!tally.ok()) return tally.status();
  // `by` of weights names margins, not a breakdown.
  if (request.by.empty() || request.type == Request::Type::kWeights)
    return ComputeLevel(request, *tally, Level{});
  std::vector<Value> cells;
  for (const Level& level : tally->Levels()) {
    absl::StatusOr<Value> cell = ComputeLevel(request, *tally, level);
    if (!cell.ok()) return cell.status();
    cell->members.insert(cell->members.begin(), {"level", Value::Text(level.name)});
    cells.push_back(*std::move(cell));
  }
  return Value::Object().Set("cells", Value::List(std::move(cells)));
}

}  // namespace imdi::oracle
