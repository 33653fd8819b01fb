#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/rao_scott.h"
#include "services/domain/weighted_estimate.h"
#include "tests/oracle/results_parts.h"

namespace imdi::oracle {
namespace {

using domain::EstimateStatus;
using domain::Interval;
using domain::Proportion;

std::vector<int32_t> Bases(const std::vector<domain::StratumCell>& cells) {
  std::vector<int32_t> out;
  for (const domain::StratumCell& cell : cells) out.push_back(cell.base);
  return out;
}

domain::Distribution Estimate(const Request& request, const Tally& tally,
                              const std::vector<domain::StratumCell>& cells,
                              const std::vector<int32_t>& counts, size_t codes) {
  return tally.plain()
             ? EstimateDistribution(cells, counts, codes, request.design.lonely, request.level)
             : EstimateWeightedDistribution(tally.weighting(), Bases(cells), counts, codes,
                                            request.design.lonely, request.level);
}

// Intervals of a share: those of its variance, and where the base is the frame's alone and weights
// are the strata's, those of the silent.
Value Intervals(const Request& request, const Tally& tally, const Proportion& share,
                const std::vector<domain::StratumCell>& cells,
                const std::optional<int32_t>& frame_units) {
  const double level = request.level;
  Value ci = Value::Object();
  ci.Set("wald", Pair(WaldInterval(share, level)));
  ci.Set("logit", Pair(LogitInterval(share, level)));
  ci.Set("beta", Pair(BetaInterval(share, level)));
  ci.Set("wilson", Pair(WilsonInterval(share, level)));
  if (!frame_units.has_value() || !tally.plain()) return ci;
  const double units = *frame_units;
  const domain::CountInterval predictive = PredictiveInterval(cells, level);
  ci.Set("predictive", Pair(Interval{predictive.lower / units, predictive.upper / units}));
  if (request.design.strata.empty()) {
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

}  // namespace

Value ProportionOf(const Request& request, const Tally& tally, const Level& level) {
  const std::vector<domain::StratumCell> cells = tally.Cells(level, request.clause.yes);
  Proportion share;
  if (tally.plain()) {
    share = EstimateProportion(cells, request.design.lonely, request.level);
  } else {
    std::vector<int32_t> yes;
    for (const domain::StratumCell& cell : cells) yes.push_back(cell.yes);
    share = EstimateWeightedProportion(tally.weighting(), Bases(cells), yes, request.design.lonely,
                                       request.level);
  }
  const std::optional<int32_t> units = tally.FrameUnits(level);
  Value out = Value::Object();
  out.Set("N", units.has_value() ? Value::Number(*units) : Value());
  out.Set("r", Value::Number(tally.Respondents(level)));
  out.Set("n", Value::Number(share.n));
  out.Set("x", Value::Number(share.x));
  out.Set("sum_w", Value::Number(share.weight_sum));
  out.Set("estimate", Value::Number(share.estimate));
  out.Set("se", Value::Number(share.standard_error));
  out.Set("status", Value::Text(StatusName(share.status)));
  if (share.status == EstimateStatus::kEmpty) return out;
  out.Set("df", Value::Number(share.df));
  out.Set("n_eff", Number(share.n_eff));
  out.Set("n_eff_adj", Number(share.n_eff_adj));
  const std::optional<int32_t> base = UnitsOfFrameBase(request, tally, level);
  out.Set("ci", Intervals(request, tally, share, cells, base));
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
  const domain::Distribution distribution =
      Estimate(request, tally, cells, tally.CodeCounts(level, codes), codes.size());
  Value out = Value::Object();
  if (distribution.covariance.empty())
    return out.Set("n", Value::Number(0)).Set("status", Value::Text("empty"));
  out.Set("n", Value::Number(distribution.codes[0].n));
  out.Set("sum_w", Value::Number(distribution.codes[0].weight_sum));
  const std::optional<int32_t> base = UnitsOfFrameBase(request, tally, level);
  std::vector<Value> shares;
  for (size_t c = 0; c < codes.size(); ++c) {
    const Proportion& share = distribution.codes[c];
    Value one = Value::Object();
    one.Set("code", Value::Text(codes[c]));
    one.Set("x", Value::Number(share.x));
    one.Set("estimate", Value::Number(share.estimate));
    one.Set("se", Value::Number(share.standard_error));
    one.Set("status", Value::Text(StatusName(share.status)));
    one.Set("ci", Intervals(request, tally, share, tally.Cells(level, {codes[c]}), base));
    shares.push_back(std::move(one));
  }
  out.Set("codes", Value::List(std::move(shares)));
  out.Set("cov", Matrix(distribution.covariance, codes.size()));
  return out;
}

Value DifferenceOf(const Request& request, const Tally& tally) {
  const domain::Difference difference =
      tally.plain() ? EstimateDifference(tally.DifferenceCells(), request.design.lonely)
                    : EstimateWeightedDifference(tally.weighting(), tally.DifferenceCells(),
                                                 request.design.lonely);
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

Value ChisqOf(const Request& request, const Tally& tally) {
  const CrossCounts cross = tally.Cross();
  const size_t codes = cross.rows.size() * cross.columns.size();
  const std::vector<domain::StratumCell> cells = tally.Cells(Level{}, {});
  const domain::Distribution table = Estimate(request, tally, cells, cross.counts, codes);
  Value out = Value::Object();
  int32_t n = 0;
  for (const int32_t units : cross.base) n += units;
  out.Set("n", Value::Number(n));
  out.Set("rows", Texts(cross.rows));
  out.Set("cols", Texts(cross.columns));
  if (cross.rows.size() < 2 || cross.columns.size() < 2)
    return out.Set("status", Value::Text("one_level"));
  std::vector<double> counts;
  std::vector<double> shares;
  for (const Proportion& cell : table.codes) {
    counts.push_back(cell.x);
    shares.push_back(cell.estimate);
  }
  const int32_t nu = table.codes[0].df;
  const domain::RaoScottTest test = domain::TestAssociation(
      shares, table.covariance, cross.rows.size(), cross.columns.size(), n, nu);
  const auto tested = [&test](double number) {
    return test.tested ? Value::Number(number) : Value();
  };
  out.Set("counts", Matrix(counts, cross.columns.size()));
  out.Set("shares", Matrix(shares, cross.columns.size()));
  out.Set("nu", Value::Number(nu));
  out.Set("X2", tested(test.x2));
  out.Set("F", Number(test.f));
  out.Set("ndf", Number(test.numerator_df));
  out.Set("ddf", Number(test.denominator_df));
  out.Set("p", Number(test.p));
  out.Set("chisq_df", tested(test.degrees));
  out.Set("chisq_p", Number(test.chi_squared_p));
  out.Set("mean_delta", tested(test.mean_design_effect));
  out.Set("status", Value::Text(test.tested ? "ok" : "no_contrast"));
  return out;
}

}  // namespace imdi::oracle
