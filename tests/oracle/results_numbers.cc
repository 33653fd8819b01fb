#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/linear_estimate.h"
#include "services/domain/quantile.h"
#include "services/domain/weighted_estimate.h"
#include "tests/oracle/results_parts.h"

namespace imdi::oracle {

using domain::EstimateStatus;
using domain::Interval;

namespace {

domain::LinearEstimate Estimate(const Request& request, const Tally& tally, const Level& level) {
  const bool total = request.type == Request::Type::kTotal;
  const domain::Lonely lonely = request.design.lonely;
  if (const std::optional<Sums> sums = tally.SumsOf(level); sums.has_value()) {
    return total ? EstimateTotal(sums->strata, sums->scale_a, lonely)
                 : EstimateRatio(sums->strata, sums->scale_a, sums->scale_b, lonely);
  }
  const std::vector<domain::ValueRow> rows = tally.ValueRows(level);
  return total ? EstimateWeightedTotal(tally.weighting(), rows, lonely)
               : EstimateWeightedRatio(tally.weighting(), rows, lonely);
}

}  // namespace

Value LinearOf(const Request& request, const Tally& tally, const Level& level) {
  const domain::LinearEstimate estimate = Estimate(request, tally, level);
  const bool total = request.type == Request::Type::kTotal;
  Value out = Value::Object();
  out.Set("n", Value::Number(estimate.n));
  out.Set("estimate", Value::Number(estimate.estimate));
  out.Set("se", Value::Number(estimate.standard_error));
  out.Set("status", Value::Text(StatusName(estimate.status)));
  if (estimate.status == EstimateStatus::kEmpty) return out;
  out.Set("sum_w", Value::Number(estimate.weight_sum));
  if (!total) {
    out.Set("num_total", Value::Number(estimate.numerator_total));
    out.Set("den_total", Value::Number(estimate.denominator_total));
  }
  out.Set("df", Value::Number(estimate.df));
  out.Set("ci_wald", Pair(domain::WaldInterval(estimate.estimate, estimate.standard_error,
                                               estimate.df, request.level)));
  return out;
}

Value QuantileOf(const Request& request, const Tally& tally, const Level& level) {
  const std::vector<domain::QuantileRow> rows = tally.QuantileRows(level);
  Value out = Value::Object();
  out.Set("n", Value::Number(static_cast<double>(rows.size())));
  Value list = Value::List();
  EstimateStatus status = EstimateStatus::kEmpty;
  int32_t df = 0;
  for (const std::string& rule : request.rules) {
    for (const std::string& interval : request.intervals) {
      const domain::Quantiles quantiles = EstimateQuantiles(
          tally.weighting(), rows, request.probabilities,
          rule == "math"     ? domain::QuantileRule::kLeftInverse
          : rule == "school" ? domain::QuantileRule::kSchool
                             : domain::QuantileRule::kInterpolated,
          interval == "mean" ? domain::QuantileInterval::kWald : domain::QuantileInterval::kLogit,
          request.design.lonely, request.level);
      status = quantiles.status;
      df = quantiles.df;
      for (const domain::Quantile& one : quantiles.quantiles) {
        list.list.push_back(Value::Object()
                                .Set("qrule", Value::Text(rule))
                                .Set("interval", Value::Text(interval))
                                .Set("prob", Value::Number(one.probability))
                                .Set("quantile", Value::Number(one.value))
                                .Set("ci", Value::List({Number(one.lower), Number(one.upper)}))
                                .Set("se", Number(one.standard_error)));
      }
    }
  }
  out.Set("quantiles", std::move(list));
  out.Set("status", Value::Text(StatusName(status)));
  if (status != EstimateStatus::kEmpty) out.Set("df", Value::Number(df));
  return out;
}

Value WeightsOf(const Request& request, const Tally& tally) {
  const domain::WeightSummary weights = SummarizeWeights(tally.weighting());
  Value out = Value::Object();
  out.Set("n", Value::Number(weights.n));
  out.Set("sum_w", Value::Number(weights.sum));
  out.Set("sum_w2", Value::Number(weights.sum_of_squares));
  out.Set("min_w", Value::Number(weights.smallest));
  out.Set("max_w", Value::Number(weights.largest));
  out.Set("kish_deff", Value::Number(weights.kish_deff));
  Value margins = Value::List();
  for (const Column& column : request.by) {
    Value levels = Value::List();
    Value sums = Value::List();
    for (const auto& [value, counts] : tally.RespondentsBy(column)) {
      double sum = 0;
      for (size_t c = 0; c < counts.size(); ++c)
        sum += tally.weighting().cells()[c].weight * counts[c];
      levels.list.push_back(Value::Text(value));
      sums.list.push_back(Value::Number(sum));
    }
    margins.list.push_back(Value::Object()
                               .Set("column", Value::Text(column.name))
                               .Set("levels", std::move(levels))
                               .Set("sum_w", std::move(sums)));
  }
  out.Set("margins", std::move(margins));
  Value totals = Value::List();
  for (const Column& column : request.totals) {
    totals.list.push_back(Value::Object()
                              .Set("column", Value::Text(column.name))
                              .Set("total", Value::Number(tally.WeightedSum(column))));
  }
  out.Set("totals", std::move(totals));
  if (!request.list) return out;
  Value list = Value::List();
  for (const auto& [unit, weight] : tally.UnitsAndWeights()) {
    list.list.push_back(
        Value::Object().Set("unit", Value::Text(unit)).Set("w", Value::Number(weight)));
  }
  out.Set("weights", std::move(list));
  return out;
}

}  // namespace imdi::oracle
