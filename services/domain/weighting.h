#pragma once

// Weights of respondents, and what they do to a variance: strata by themselves, weights that come
// with a sample, and weights calibrated to totals that are known from the frame.
//
// Respondents come in cells: all that share stratum, weight and every auxiliary variable. With
// categorical margins alone a cell is stratum x margins and holds many, so weights follow from
// counts that add up, and no figure visits units. Calibrated to a numeric total (inhabitants), each
// unit is a cell of its own; that is not additive, and nothing here hides it.
//
// Sums run in the order of the cells given: equal cells in equal order give equal bits.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/estimate.h"

namespace imdi::domain {

struct WeightStratum {
  double frame = 0;         // Units that it stands for; infinite: no finite population correction.
  int32_t respondents = 0;  // All of them, in any base or not.
};

struct WeightCell {
  uint32_t stratum = 0;
  int32_t respondents = 0;  // >= 1.
  double weight = 0;        // Of each of them; > 0, finite.
};

// A breakdown of the frame. Every cell lies in one level.
struct Margin {
  std::string name;             // For errors.
  std::vector<uint32_t> level;  // By cell.
  std::vector<double> total;    // By level: units of the frame.
};

// A number known of every unit, and its sum over the frame.
struct KnownTotal {
  std::string name;
  std::vector<double> value;  // By cell.
  double total = 0;
};

enum class NegativeWeights : uint8_t { kRefuse, kKeep };

// Respondents of one base: `units` of a cell that have the same values.
struct LinearRow {
  uint32_t cell = 0;
  int32_t units = 0;
};

class Weighting {
 public:
  // The weights before any calibration.
  Weighting(std::vector<WeightStratum> strata, std::vector<WeightCell> cells);
  // Weights frame / respondents, one cell a stratum that has respondents; `cell_of` gets the
  // number of that cell by stratum where it is not null.
  static Weighting OfStrata(std::span<const StratumCell> strata,
                            std::vector<uint32_t>* cell_of = nullptr);

  // Each of these starts from the weights so far; the auxiliaries are by cell. Afterwards the
  // weighted margins and totals are the frame's. A step that fails changes nothing.
  //
  // A level without respondents stays unrepresented, as a stratum does: `unrepresented` grows by
  // its total. NEGATIVE_WEIGHT where the weights so far of a level sum to less than 0.
  absl::Status Poststratify(const Margin& by);
  // w exp(x'lambda): weights stay positive. MARGIN_UNREACHABLE where a level has units and no
  // respondents, or totals contradict each other; WEIGHTS_NOT_CONVERGED where no weights have these
  // totals, after kCalibrationStepsMax steps at most.
  absl::Status Rake(std::span<const Margin> margins, std::span<const KnownTotal> totals);
  // w (1 + x'lambda). Without a margin, give an intercept: one of a single level. Errors of the
  // first kind as above, and NEGATIVE_WEIGHT unless kept.
  absl::Status CalibrateLinearly(std::span<const Margin> margins,
                                 std::span<const KnownTotal> totals, NegativeWeights negative);
  // Weights that one of these has given before, by cell: the same weights and residuals without
  // solving again. `totals` of the margins may be 0 for a level without respondents.
  absl::Status TakeCalibrated(std::span<const Margin> margins, std::span<const KnownTotal> totals,
                              const std::vector<double>& weights);
  // The weights of Rake, with residuals by ten rounds of subtracting unweighted margin means, as a
  // well known package has it. For comparison with it alone: for unequal base weights it is wrong.
  absl::Status RakeWithMarginMeans(std::span<const Margin> margins);

  std::span<const WeightStratum> strata() const { return strata_; }
  std::span<const WeightCell> cells() const { return cells_; }  // With the weights of now.
  bool calibrated() const { return !steps_.empty(); }
  double unrepresented() const { return unrepresented_; }  // Units of the frame.

  // Covariance matrix of the weighted sums of `variables` values over the rows; a respondent that
  // is in no row has zeros. `values` by row, `variables` each. Linearised, one stage:
  //   sum_h (1 - f_h) r_h / (r_h - 1) sum_i (w e - mean)(w e' - mean')
  // e = u without calibration; else what is left of u after a regression on the auxiliaries with
  // the weights before the step, over all respondents. `all_strata`: a lonely stratum is averaged
  // over all strata, not over those of the rows (calibrated, it always is). NaN where every such
  // stratum is lonely and the rule is kAverage.
  std::vector<double> Covariance(std::span<const LinearRow> rows, std::span<const double> values,
                                 size_t variables, Lonely lonely, bool all_strata = false) const;

 private:
  struct Step {
    // Orthonormal columns over the cells in the product sum before * respondents * q * q'.
    std::vector<std::vector<double>> basis;
    std::vector<double> before;  // Weights that the regression runs on.
    std::vector<double> after;
    std::vector<Margin> means;  // Instead of the basis, where margin means are subtracted.
  };
  struct Auxiliaries;

  absl::StatusOr<Auxiliaries> Orthogonalise(std::span<const Margin> margins,
                                            std::span<const KnownTotal> totals) const;
  std::vector<double> Weights() const;
  absl::Status Take(const std::vector<double>& weights, Step step);
  // What each cell's values move by, so that z = weight * u + shift.
  std::vector<double> Shift(std::span<const double> sums) const;
  // Takes each level's mean from its cells' sums, and notes it in what they moved by.
  void SubtractMeans(const Margin& margin, std::vector<double>* cell_sum,
                     std::vector<double>* moved) const;

  std::vector<WeightStratum> strata_;
  std::vector<WeightCell> cells_;
  std::vector<Step> steps_;
  double unrepresented_ = 0;
};

}  // namespace imdi::domain
