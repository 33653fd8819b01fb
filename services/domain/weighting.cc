#include "services/domain/weighting.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/statusor.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::domain {
namespace {

// A column that keeps no more than this of its length says nothing new.
constexpr double kDependent = 1e-9;
// Totals further apart than this, relative to themselves, contradict each other.
constexpr double kContradiction = 1e-7;
// How near raking must come to its totals, relative to their size.
constexpr double kConverged = 1e-11;
constexpr int kMeanRounds = 10;
// What raking makes smaller than this, it would make smaller still.
constexpr double kVanished = 1e-9;
// A step that must be halved more often leads nowhere.
constexpr int kHalvingsMax = 30;

using Column = std::vector<double>;

absl::Status Unreachable(std::string_view margin, std::string_view why) {
  return base::Error(base::Reason::kMarginUnreachable,
                     base::StrCat("weights cannot reach the totals of ", margin, ": ", why,
                                  "; join levels, or calibrate to fewer totals"));
}

// Solves a x = b for a symmetric positive definite, by row. False where it is not.
bool SolveDefinite(std::vector<double> a, std::vector<double>* b) {
  const size_t n = b->size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i == j) {
        if (!(sum > 0) || !std::isfinite(sum)) return false;
        a[i * n + i] = std::sqrt(sum);
      } else {
        a[i * n + j] = sum / a[j * n + j];
      }
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) (*b)[i] -= a[i * n + k] * (*b)[k];
    (*b)[i] /= a[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) (*b)[i] -= a[k * n + i] * (*b)[k];
    (*b)[i] /= a[i * n + i];
  }
  return true;
}

}  // namespace

// The auxiliaries as orthonormal columns, with the frame's totals of these columns.
struct Weighting::Auxiliaries {
  std::vector<Column> basis;
  std::vector<double> totals;
  std::vector<double> mass;  // weight * respondents by cell: what columns are orthonormal in.
};

Weighting::Weighting(std::vector<WeightStratum> strata, std::vector<WeightCell> cells)
    : strata_(std::move(strata)), cells_(std::move(cells)) {}

Weighting Weighting::OfStrata(std::span<const StratumCell> strata, std::vector<uint32_t>* cell_of) {
  std::vector<WeightStratum> out;
  std::vector<WeightCell> cells;
  if (cell_of != nullptr) cell_of->assign(strata.size(), 0);
  for (size_t h = 0; h < strata.size(); ++h) {
    out.push_back({static_cast<double>(strata[h].frame), strata[h].responded});
    if (strata[h].responded == 0) continue;
    if (cell_of != nullptr) (*cell_of)[h] = static_cast<uint32_t>(cells.size());
    cells.push_back({static_cast<uint32_t>(h), strata[h].responded,
                     static_cast<double>(strata[h].frame) / strata[h].responded});
  }
  return {std::move(out), std::move(cells)};
}

std::vector<double> Weighting::Weights() const {
  std::vector<double> out;
  out.reserve(cells_.size());
  for (const WeightCell& cell : cells_) out.push_back(cell.weight);
  return out;
}

absl::StatusOr<Weighting::Auxiliaries> Weighting::Orthogonalise(
    std::span<const Margin> margins, std::span<const KnownTotal> totals) const {
  Auxiliaries out;
  for (const WeightCell& cell : cells_) out.mass.push_back(cell.weight * cell.respondents);
  const auto product = [&out](const Column& a, const Column& b) {
    double sum = 0;
    for (size_t c = 0; c < a.size(); ++c) sum += out.mass[c] * a[c] * b[c];
    return sum;
  };
  // Gram-Schmidt; twice is enough. The total goes through the same steps as its column.
  const auto add = [&](Column column, double total, std::string_view name) -> absl::Status {
    const double length = std::sqrt(product(column, column));
    if (length == 0) {
      return total == 0 ? absl::OkStatus()
                        : Unreachable(name, "a level has units and none of them responded");
    }
    const double size = std::fabs(total);
    for (int round = 0; round < 2; ++round) {
      for (size_t j = 0; j < out.basis.size(); ++j) {
        const double part = product(out.basis[j], column);
        for (size_t c = 0; c < column.size(); ++c) column[c] -= part * out.basis[j][c];
        total -= part * out.totals[j];
      }
    }
    const double left = std::sqrt(product(column, column));
    if (left <= kDependent * length) {
      if (std::fabs(total) <= kContradiction * std::max(1.0, size)) return absl::OkStatus();
      return Unreachable(name, "its totals contradict those before it");
    }
    for (double& value : column) value /= left;
    out.basis.push_back(std::move(column));
    out.totals.push_back(total / left);
    return absl::OkStatus();
  };
  for (const Margin& margin : margins) {
    for (size_t level = 0; level < margin.total.size(); ++level) {
      Column column(cells_.size());
      for (size_t c = 0; c < cells_.size(); ++c) column[c] = margin.level[c] == level ? 1 : 0;
      if (absl::Status added = add(std::move(column), margin.total[level], margin.name);
          !added.ok())
        return added;
    }
  }
  for (const KnownTotal& known : totals) {
    if (absl::Status added = add(known.value, known.total, known.name); !added.ok()) return added;
  }
  return out;
}

absl::Status Weighting::Take(const std::vector<double>& weights, Step step) {
  for (const double weight : weights) {
    if (!std::isfinite(weight))
      return base::Error(base::Reason::kWeightsNotConverged,
                         "calibration gives a weight that is no number; calibrate to fewer totals");
  }
  step.before = Weights();
  step.after = weights;
  for (size_t c = 0; c < cells_.size(); ++c) cells_[c].weight = weights[c];
  steps_.push_back(std::move(step));
  return absl::OkStatus();
}

absl::Status Weighting::Poststratify(const Margin& by) {
  std::vector<double> sums(by.total.size());
  for (size_t c = 0; c < cells_.size(); ++c)
    sums[by.level[c]] += cells_[c].weight * cells_[c].respondents;
  Step step;
  double unrepresented = 0;
  for (size_t level = 0; level < sums.size(); ++level) {
    if (sums[level] == 0) {
      unrepresented += by.total[level];
      continue;
    }
    if (sums[level] < 0)
      return base::Error(base::Reason::kNegativeWeight,
                         base::StrCat("a level of ", by.name, " has weights that sum to less than ",
                                      "0; stratify before calibrating linearly, or rake"));
    Column column(cells_.size());
    for (size_t c = 0; c < cells_.size(); ++c)
      column[c] = by.level[c] == level ? 1 / std::sqrt(sums[level]) : 0;
    step.basis.push_back(std::move(column));
  }
  std::vector<double> weights = Weights();
  for (size_t c = 0; c < cells_.size(); ++c)
    weights[c] *= by.total[by.level[c]] / sums[by.level[c]];
  if (absl::Status taken = Take(weights, std::move(step)); !taken.ok()) return taken;
  unrepresented_ += unrepresented;
  return absl::OkStatus();
}

absl::Status Weighting::CalibrateLinearly(std::span<const Margin> margins,
                                          std::span<const KnownTotal> totals,
                                          NegativeWeights negative) {
  absl::StatusOr<Auxiliaries> x = Orthogonalise(margins, totals);
  if (!x.ok()) return x.status();
  // In orthonormal columns lambda is what is missing of each total; once more for the rounding.
  std::vector<double> factor(cells_.size(), 1);
  for (int round = 0; round < 2; ++round) {
    for (size_t j = 0; j < x->basis.size(); ++j) {
      double missing = x->totals[j];
      for (size_t c = 0; c < cells_.size(); ++c) missing -= x->mass[c] * factor[c] * x->basis[j][c];
      for (size_t c = 0; c < cells_.size(); ++c) factor[c] += missing * x->basis[j][c];
    }
  }
  std::vector<double> weights = Weights();
  int32_t below_zero = 0;
  for (size_t c = 0; c < cells_.size(); ++c) {
    weights[c] *= factor[c];
    if (weights[c] < 0) below_zero += cells_[c].respondents;
  }
  if (below_zero > 0 && negative == NegativeWeights::kRefuse)
    return base::Error(base::Reason::kNegativeWeight,
                       base::StrCat("linear calibration gives ", below_zero,
                                    " respondents a negative weight; use raking, or fewer totals"));
  Step step;
  step.basis = std::move(x->basis);
  return Take(weights, std::move(step));
}

absl::Status Weighting::Rake(std::span<const Margin> margins, std::span<const KnownTotal> totals) {
  absl::StatusOr<Auxiliaries> x = Orthogonalise(margins, totals);
  if (!x.ok()) return x.status();
  // Newton's method on sum mass * exp(q'lambda) - totals'lambda, which is convex: its minimum, if
  // there is one, has the totals wanted.
  const size_t columns = x->basis.size();
  std::vector<double> lambda(columns, 0);
  std::vector<double> factor(cells_.size(), 1);
  const auto value = [&](const std::vector<double>& at, std::vector<double>* factors) {
    double sum = 0;
    for (size_t c = 0; c < cells_.size(); ++c) {
      double exponent = 0;
      for (size_t j = 0; j < columns; ++j) exponent += at[j] * x->basis[j][c];
      (*factors)[c] = std::exp(exponent);
      sum += x->mass[c] * (*factors)[c];
    }
    for (size_t j = 0; j < columns; ++j) sum -= at[j] * x->totals[j];
    return sum;
  };
  double size = 0;
  for (const double total : x->totals) size = std::max(size, std::fabs(total));
  double now = value(lambda, &factor);
  bool converged = false;
  for (int step = 0; step < base::kCalibrationStepsMax; ++step) {
    std::vector<double> direction(columns);
    double worst = 0;
    for (size_t j = 0; j < columns; ++j) {
      direction[j] = x->totals[j];
      for (size_t c = 0; c < cells_.size(); ++c)
        direction[j] -= x->mass[c] * factor[c] * x->basis[j][c];
      worst = std::max(worst, std::fabs(direction[j]));
    }
    // One step beyond: it halves no distance, it squares it.
    const bool last = worst <= kConverged * size;
    std::vector<double> curvature(columns * columns, 0);
    for (size_t i = 0; i < columns; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (size_t c = 0; c < cells_.size(); ++c)
          sum += x->mass[c] * factor[c] * x->basis[i][c] * x->basis[j][c];
        curvature[i * columns + j] = curvature[j * columns + i] = sum;
      }
    }
    if (!SolveDefinite(std::move(curvature), &direction)) break;
    std::vector<double> next(columns);
    std::vector<double> next_factor(cells_.size());
    double length = 1;
    double there = 0;
    for (int half = 0; half < kHalvingsMax; ++half, length /= 2) {
      for (size_t j = 0; j < columns; ++j) next[j] = lambda[j] + length * direction[j];
      there = value(next, &next_factor);
      // Near the end the value no longer tells; the full step is right there.
      if (worst <= 1e-6 * size || (std::isfinite(there) && there <= now)) break;
    }
    lambda = std::move(next);
    factor = std::move(next_factor);
    now = there;
    if (last) {
      converged = true;
      break;
    }
  }
  // A weight on its way to nothing has no end: these totals lie at the edge of what can be had.
  if (converged && std::ranges::any_of(factor, [](double one) { return one < kVanished; }))
    converged = false;
  if (!converged)
    return base::Error(
        base::Reason::kWeightsNotConverged,
        base::StrCat("raking finds no weights with these totals in ", base::kCalibrationStepsMax,
                     " steps; join thin levels, or rake to fewer margins"));
  std::vector<double> weights = Weights();
  for (size_t c = 0; c < cells_.size(); ++c) weights[c] *= factor[c];
  Step step;
  step.basis = std::move(x->basis);
  return Take(weights, std::move(step));
}

absl::Status Weighting::TakeCalibrated(std::span<const Margin> margins,
                                       std::span<const KnownTotal> totals,
                                       const std::vector<double>& weights) {
  absl::StatusOr<Auxiliaries> x = Orthogonalise(margins, totals);
  if (!x.ok()) return x.status();
  Step step;
  step.basis = std::move(x->basis);
  return Take(weights, std::move(step));
}

absl::Status Weighting::RakeWithMarginMeans(std::span<const Margin> margins) {
  if (absl::Status raked = Rake(margins, {}); !raked.ok()) return raked;
  steps_.back().basis.clear();
  steps_.back().means.assign(margins.begin(), margins.end());
  return absl::OkStatus();
}

void Weighting::SubtractMeans(const Margin& margin, std::vector<double>* cell_sum,
                              std::vector<double>* moved) const {
  struct Level {
    double sum = 0;
    double respondents = 0;
  };
  std::vector<Level> levels(margin.total.size());
  for (size_t c = 0; c < cells_.size(); ++c) {
    levels[margin.level[c]].sum += (*cell_sum)[c];
    levels[margin.level[c]].respondents += cells_[c].respondents;
  }
  for (size_t c = 0; c < cells_.size(); ++c) {
    const Level& level = levels[margin.level[c]];
    const double mean = level.sum / level.respondents;
    (*moved)[c] -= mean;
    (*cell_sum)[c] -= mean * cells_[c].respondents;
  }
}

std::vector<double> Weighting::Shift(std::span<const double> sums) const {
  const size_t count = cells_.size();
  // Within a step, what a unit has is `scale` * u + `moved`; its weight then is that of the step.
  std::vector<double> moved(count, 0);
  const Step* before = nullptr;
  for (const Step& step : steps_) {
    std::vector<double> cell_sum(count);
    for (size_t c = 0; c < count; ++c) {
      if (before != nullptr)
        moved[c] = step.after[c] == 0 ? 0 : moved[c] * before->after[c] / step.after[c];
      const double scale = step.after[c] == cells_[c].weight ? 1 : cells_[c].weight / step.after[c];
      cell_sum[c] = scale * sums[c] + cells_[c].respondents * moved[c];
    }
    if (step.means.empty()) {
      std::vector<double> fitted(count, 0);
      for (const Column& q : step.basis) {
        double coefficient = 0;
        for (size_t c = 0; c < count; ++c) coefficient += step.before[c] * q[c] * cell_sum[c];
        for (size_t c = 0; c < count; ++c) fitted[c] += coefficient * q[c];
      }
      for (size_t c = 0; c < count; ++c) moved[c] -= fitted[c];
    } else {
      for (int round = 0; round < kMeanRounds; ++round) {
        for (const Margin& margin : step.means) SubtractMeans(margin, &cell_sum, &moved);
      }
    }
    before = &step;
  }
  for (size_t c = 0; c < count; ++c) moved[c] *= cells_[c].weight;
  return moved;
}

std::vector<double> Weighting::Covariance(std::span<const LinearRow> rows,
                                          std::span<const double> values, size_t variables,
                                          Lonely lonely, bool all_strata) const {
  // By cell: what rows do not cover, and the shift of each variable.
  std::vector<int32_t> uncovered(cells_.size());
  for (size_t c = 0; c < cells_.size(); ++c) uncovered[c] = cells_[c].respondents;
  std::vector<bool> present(strata_.size(), all_strata || calibrated());
  for (const LinearRow& row : rows) {
    uncovered[row.cell] -= row.units;
    if (row.units > 0) present[cells_[row.cell].stratum] = true;
  }
  std::vector<std::vector<double>> shift(variables);
  for (size_t v = 0; v < variables; ++v) {
    shift[v].assign(cells_.size(), 0);
    if (!calibrated()) continue;
    std::vector<double> sums(cells_.size(), 0);
    for (size_t i = 0; i < rows.size(); ++i)
      sums[rows[i].cell] += rows[i].units * values[i * variables + v];
    shift[v] = Shift(sums);
  }
  const auto at = [&](size_t i, size_t v) {
    const uint32_t c = rows[i].cell;
    return cells_[c].weight * values[i * variables + v] + shift[v][c];
  };
  std::vector<double> mean(strata_.size() * variables, 0);
  const auto each = [&](const auto& see) {  // see(stratum, units, value by variable)
    for (size_t i = 0; i < rows.size(); ++i)
      see(cells_[rows[i].cell].stratum, rows[i].units, [&](size_t v) { return at(i, v); });
    for (size_t c = 0; c < cells_.size(); ++c)
      see(cells_[c].stratum, uncovered[c], [&](size_t v) { return shift[v][c]; });
  };
  each([&](uint32_t h, int32_t units, const auto& z) {
    for (size_t v = 0; v < variables; ++v)
      mean[h * variables + v] += units * z(v) / strata_[h].respondents;
  });
  // A stratum's sums of products; of a lonely one not centred.
  const size_t size = variables * variables;
  std::vector<double> products(strata_.size() * size, 0);
  each([&](uint32_t h, int32_t units, const auto& z) {
    if (units == 0) return;
    const bool lone = strata_[h].respondents == 1;
    for (size_t v = 0; v < variables; ++v) {
      const double a = z(v) - (lone ? 0 : mean[h * variables + v]);
      for (size_t w = 0; w <= v; ++w) {
        const double b = z(w) - (lone ? 0 : mean[h * variables + w]);
        products[h * size + v * variables + w] += units * a * b;
      }
    }
  });
  std::vector<double> out(size, 0);
  int32_t strata = 0;
  int32_t lonely_strata = 0;
  for (size_t h = 0; h < strata_.size(); ++h) {
    const double r = strata_[h].respondents;
    if (!present[h] || r == 0) continue;
    ++strata;
    if (r >= strata_[h].frame) continue;
    double factor = 1 - r / strata_[h].frame;
    if (r == 1) {
      ++lonely_strata;
      if (lonely != Lonely::kAdjust) continue;
    } else {
      factor *= r / (r - 1);
    }
    for (size_t i = 0; i < size; ++i) out[i] += factor * products[h * size + i];
  }
  double average = 1;
  if (lonely == Lonely::kAverage && lonely_strata > 0) {
    average = lonely_strata == strata ? std::numeric_limits<double>::quiet_NaN()
                                      : static_cast<double>(strata) / (strata - lonely_strata);
  }
  for (size_t v = 0; v < variables; ++v) {
    for (size_t w = 0; w <= v; ++w) {
      out[v * variables + w] *= average;
      out[w * variables + v] = out[v * variables + w];
    }
  }
  return out;
}

}  // namespace imdi::domain
