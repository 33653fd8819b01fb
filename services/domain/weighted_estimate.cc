#include "services/domain/weighted_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "services/domain/difference_sum.h"
#include "services/domain/distributions.h"
#include "services/domain/linear_pair.h"
#include "services/domain/stratified_variance.h"

namespace imdi::domain {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Which strata a base lies in, and whether all of them are fully answered.
class StrataOfBase {
 public:
  explicit StrataOfBase(const Weighting& weighting)
      : weighting_(weighting), seen_(weighting.strata().size()) {}
  void Add(uint32_t cell) {
    const uint32_t number = weighting_.cells()[cell].stratum;
    if (seen_[number]) return;
    seen_[number] = true;
    ++count_;
    const WeightStratum& stratum = weighting_.strata()[number];
    census_ = census_ && stratum.respondents >= stratum.frame;
  }
  int32_t count() const { return count_; }
  bool census() const { return census_; }

 private:
  const Weighting& weighting_;
  std::vector<bool> seen_;
  int32_t count_ = 0;
  bool census_ = true;
};

// The units of a cell as two values that have the same sum and the same sum of squares.
struct TwoValues {
  double one = 0;     // Of one unit.
  double others = 0;  // Of each of the others.
};
TwoValues Likened(const SumsCell& cell, double slope, double unit) {
  const double m = cell.base;
  const double mean = (static_cast<double>(cell.a) - slope * static_cast<double>(cell.b)) / m;
  if (cell.base == 1) return {mean * unit, 0};
  // m sum(u^2) - sum(u)^2 = m^2 (m - 1) step^2.
  const double step = std::sqrt(CentredSquares(cell, cell.base, slope) / (m - 1)) / m;
  return {(mean + (m - 1) * step) * unit, (mean - step) * unit};
}

LinearEstimate Estimate(const Weighting& weighting, std::span<const SumsCell> cells, double scale_a,
                        double scale_b, bool ratio, Lonely lonely) {
  LinearEstimate out;
  StrataOfBase strata(weighting);
  double a = 0;
  double b = 0;
  for (size_t c = 0; c < cells.size(); ++c) {
    if (cells[c].base == 0) continue;
    const double weight = weighting.cells()[c].weight;
    strata.Add(static_cast<uint32_t>(c));
    out.n += cells[c].base;
    out.weight_sum += weight * cells[c].base;
    a += weight * static_cast<double>(cells[c].a);
    b += weight * static_cast<double>(cells[c].b);
  }
  if (out.n == 0) {
    if (ratio) out.estimate = out.standard_error = kUndefined;
    return out;
  }
  out.df = out.n - strata.count();
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  out.numerator_total = a / scale_a;
  out.denominator_total = b / scale_b;
  if (ratio && b == 0) {
    out.estimate = out.standard_error = kUndefined;
    return out;
  }
  out.estimate = ratio ? out.numerator_total / out.denominator_total : out.numerator_total;
  if (strata.census()) return out;
  const double slope = ratio ? a / b : 0;
  const double unit = ratio ? scale_b / scale_a / b : 1 / scale_a;
  std::vector<LinearRow> rows;
  std::vector<double> values;
  for (size_t c = 0; c < cells.size(); ++c) {
    if (cells[c].base == 0) continue;
    const TwoValues likened = Likened(cells[c], slope, unit);
    rows.push_back({static_cast<uint32_t>(c), 1});
    values.push_back(likened.one);
    if (cells[c].base == 1) continue;
    rows.push_back({static_cast<uint32_t>(c), cells[c].base - 1});
    values.push_back(likened.others);
  }
  const double variance = weighting.Covariance(rows, values, 1, lonely)[0];
  out.standard_error =
      variance < kNoVariance * out.estimate * out.estimate ? 0 : std::sqrt(variance);
  return out;
}

LinearEstimate Estimate(const Weighting& weighting, std::span<const ValueRow> rows, bool ratio,
                        Lonely lonely) {
  LinearEstimate out;
  if (rows.empty()) {
    if (ratio) out.estimate = out.standard_error = kUndefined;
    return out;
  }
  StrataOfBase strata(weighting);
  for (const ValueRow& row : rows) {
    const double weight = weighting.cells()[row.cell].weight;
    strata.Add(row.cell);
    ++out.n;
    out.weight_sum += weight;
    out.numerator_total += weight * row.a;
    out.denominator_total += weight * row.b;
  }
  out.df = out.n - strata.count();
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  if (ratio && out.denominator_total == 0) {
    out.estimate = out.standard_error = kUndefined;
    return out;
  }
  out.estimate = ratio ? out.numerator_total / out.denominator_total : out.numerator_total;
  if (strata.census()) return out;
  const double slope = ratio ? out.estimate : 0;
  const double unit = ratio ? out.denominator_total : 1;
  std::vector<LinearRow> units;
  std::vector<double> values;
  for (const ValueRow& row : rows) {
    units.push_back({row.cell, 1});
    values.push_back((row.a - slope * row.b) / unit);
  }
  const double variance = weighting.Covariance(units, values, 1, lonely)[0];
  out.standard_error =
      variance < kNoVariance * out.estimate * out.estimate ? 0 : std::sqrt(variance);
  return out;
}

}  // namespace

Distribution EstimateWeightedDistribution(const Weighting& weighting, std::span<const int32_t> base,
                                          std::span<const int32_t> counts, size_t codes,
                                          Lonely lonely, double level) {
  Distribution out;
  StrataOfBase strata(weighting);
  int32_t n = 0;
  double weight_sum = 0;
  std::vector<int32_t> x(codes, 0);
  std::vector<double> sums(codes, 0);
  for (size_t c = 0; c < base.size(); ++c) {
    if (base[c] == 0) continue;
    strata.Add(static_cast<uint32_t>(c));
    n += base[c];
    weight_sum += weighting.cells()[c].weight * base[c];
    for (size_t k = 0; k < codes; ++k) {
      x[k] += counts[c * codes + k];
      sums[k] += weighting.cells()[c].weight * counts[c * codes + k];
    }
  }
  for (size_t k = 0; k < codes; ++k) {
    Proportion& share = out.codes.emplace_back();
    share.n = n;
    share.x = x[k];
    share.strata = strata.count();
    share.weight_sum = weight_sum;
    share.estimate = n == 0 ? kUndefined : ExactShare(sums[k], weight_sum, x[k], n);
    if (n == 0) share.variance = share.standard_error = kUndefined;
  }
  if (n == 0 || codes == 0) return out;
  // One row for each cell and code, and one for those of the base with none of the codes.
  std::vector<LinearRow> rows;
  std::vector<double> values;
  for (size_t c = 0; c < base.size(); ++c) {
    int32_t left = base[c];
    for (size_t k = 0; k <= codes; ++k) {
      const int32_t units = k < codes ? counts[c * codes + k] : left;
      left -= units;
      if (units == 0) continue;
      rows.push_back({static_cast<uint32_t>(c), units});
      for (size_t j = 0; j < codes; ++j)
        values.push_back(((j == k ? 1 : 0) - out.codes[j].estimate) / weight_sum);
    }
  }
  out.covariance = weighting.Covariance(rows, values, codes, lonely);
  double largest = 0;
  for (size_t k = 0; k < codes; ++k) {
    Proportion& share = out.codes[k];
    share.variance = out.covariance[k * codes + k];
    FinishProportion(strata.census(), level, &share);
    largest = std::max(largest, share.variance);
  }
  for (double& covariance : out.covariance) {
    if (strata.census() || std::fabs(covariance) <= kNoCovariance * largest) covariance = 0;
  }
  return out;
}

Proportion EstimateWeightedProportion(const Weighting& weighting, std::span<const int32_t> base,
                                      std::span<const int32_t> yes, Lonely lonely, double level) {
  return EstimateWeightedDistribution(weighting, base, yes, 1, lonely, level).codes[0];
}

LinearEstimate EstimateWeightedTotal(const Weighting& weighting, std::span<const ValueRow> rows,
                                     Lonely lonely) {
  return Estimate(weighting, rows, false, lonely);
}

LinearEstimate EstimateWeightedRatio(const Weighting& weighting, std::span<const ValueRow> rows,
                                     Lonely lonely) {
  return Estimate(weighting, rows, true, lonely);
}

LinearEstimate EstimateWeightedTotal(const Weighting& weighting, std::span<const SumsCell> cells,
                                     double scale, Lonely lonely) {
  return Estimate(weighting, cells, scale, 1, false, lonely);
}

LinearEstimate EstimateWeightedRatio(const Weighting& weighting, std::span<const SumsCell> cells,
                                     double scale_a, double scale_b, Lonely lonely) {
  return Estimate(weighting, cells, scale_a, scale_b, true, lonely);
}

Difference EstimateWeightedDifference(const Weighting& weighting,
                                      std::span<const DifferenceCell> cells, Lonely lonely) {
  DifferenceSum sums;
  StrataOfBase either(weighting);
  for (size_t c = 0; c < cells.size(); ++c) {
    sums.Add(cells[c], weighting.cells()[c].weight);
    if (DifferenceSum::InEither(cells[c]) > 0) either.Add(static_cast<uint32_t>(c));
  }
  Difference out = sums.Shares(either.count());
  if (out.status == EstimateStatus::kEmpty) return out;
  const double base_a = sums.base_a();
  const double base_b = sums.base_b();
  const double u_a[3] = {0, -out.p_a / base_a, (1 - out.p_a) / base_a};  // Outside, no, yes.
  const double u_b[3] = {0, -out.p_b / base_b, (1 - out.p_b) / base_b};
  std::vector<LinearRow> rows;
  std::vector<double> values;
  for (size_t c = 0; c < cells.size(); ++c) {
    const DifferenceCell& cell = cells[c];
    const auto add = [&](int32_t units, size_t a, size_t b) {
      if (units == 0) return;
      rows.push_back({static_cast<uint32_t>(c), units});
      values.push_back(u_a[a]);
      values.push_back(u_b[b]);
    };
    add(cell.yes_both, 2, 2);
    add(cell.yes_a_of_both - cell.yes_both, 2, 1);
    add(cell.yes_b_of_both - cell.yes_both, 1, 2);
    add(cell.base_both - cell.yes_a_of_both - cell.yes_b_of_both + cell.yes_both, 1, 1);
    add(cell.yes_a - cell.yes_a_of_both, 2, 0);
    add(cell.base_a - cell.base_both - (cell.yes_a - cell.yes_a_of_both), 1, 0);
    add(cell.yes_b - cell.yes_b_of_both, 0, 2);
    add(cell.base_b - cell.base_both - (cell.yes_b - cell.yes_b_of_both), 0, 1);
  }
  const std::vector<double> v = weighting.Covariance(rows, values, 2, lonely, true);
  SetDifferenceVariance(v[0], v[3], v[1], &out);
  return out;
}

WeightSummary SummarizeWeights(const Weighting& weighting) {
  WeightSummary out;
  for (const WeightCell& cell : weighting.cells()) {
    out.smallest = out.n == 0 ? cell.weight : std::min(out.smallest, cell.weight);
    out.largest = out.n == 0 ? cell.weight : std::max(out.largest, cell.weight);
    out.n += cell.respondents;
    out.sum += cell.weight * cell.respondents;
    out.sum_of_squares += cell.weight * cell.weight * cell.respondents;
  }
  if (out.n > 0) out.kish_deff = out.n * out.sum_of_squares / (out.sum * out.sum);
  return out;
}

}  // namespace imdi::domain
