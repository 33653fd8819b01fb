#pragma once

// Has a share changed between editions? Units overlap: many answer in several of them. Everything
// comes from how many units of a stratum stand where in each two of the editions: integer counts
// that add up, so that a figure needs no pass over units and no order can change a bit of it.
//
// Each edition keeps its own weights N/r and its own finite population correction. Two editions'
// shares covary by the units that answered both:
//
//   C = sum_h N_ah N_bh (r_abh / (r_ah r_bh) - N_abh / (N_ah N_bh)) s_h(u_a, u_b)
//
// which is 0 on average where answering in one year has nothing to do with answering in another,
// however alike the answers are. With one frame for both, N_abh = N_ah = N_bh = N_h and this is
// N_h^2 (r_abh / (r_ah r_bh) - 1 / N_h) s_h; with a = b it is the variance of one year's share. An
// edition with r_ah < 2, or an overlap with r_abh < 2, adds nothing from its stratum; nor does one
// that either edition answered completely add to C, since that share is a constant there.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/estimate.h"
#include "services/domain/intervals.h"

namespace imdi::domain {

// Where a unit stands in one edition.
enum class AnswerState : uint8_t {
  kSilent,   // Did not answer the survey, or is not in that edition's frame.
  kOutside,  // Answered, and is not in the base.
  kNo,       // In the base, not in the numerator.
  kYes,
};
inline constexpr size_t kAnswerStates = 4;

// One stratum of two editions. The same strata, in the same order, for all that is compared.
struct PairCell {
  int32_t frame_a = 0;  // Units of the stratum in the frame of edition a, less out of scope.
  int32_t frame_b = 0;
  int32_t frame_both = 0;  // In both frames: all of them where the editions share one.
  // Units of either frame by state in a x state in b: [4 * a + b].
  std::array<int32_t, kAnswerStates * kAnswerStates> count{};

  int32_t& At(AnswerState a, AnswerState b) {
    return count[kAnswerStates * static_cast<size_t>(a) + static_cast<size_t>(b)];
  }
  int32_t At(AnswerState a, AnswerState b) const {
    return count[kAnswerStates * static_cast<size_t>(a) + static_cast<size_t>(b)];
  }
};

// A test of "nothing has changed". t and its p exist where the standard error is not 0 and there is
// a degree of freedom; the interval where there is one. A variance that is estimated to be below 0
// (possible where few answered both times) gives no standard error, and nothing that rests on it.
struct ChangeTest {
  double standard_error = 0;         // NaN where there is none.
  std::optional<Interval> interval;  // estimate -+ t(df) * standard_error.
  std::optional<double> t;
  std::optional<double> p;  // Two-sided.
};

struct Change {
  EstimateStatus status = EstimateStatus::kEmpty;  // kEmpty when either base is; kNoDf or kOk.
  int32_t n_a = 0;                                 // Units in the base of a.
  int32_t n_b = 0;
  int32_t n_both = 0;    // In the base both times: the panel.
  int32_t n_either = 0;  // In the base at least once.
  int32_t df = 0;        // n_either less the strata with one of them.
  // Fractions, not percent. All that follows is 0 when kEmpty.
  double p_a = 0;  // sum W y / sum W m of the edition.
  double p_b = 0;
  double estimate = 0;  // p_b - p_a.
  double se_a = 0;
  double se_b = 0;
  double covariance = 0;
  ChangeTest test;
};

// The change of all units from a to b, with the covariance above ("overlap_fpc"). `level` in (0,
// 1).
Change EstimateChange(std::span<const PairCell> strata, double level);

// The same change as one design with both years stacked and units as clusters; for comparison
// alone. With the correction it is wrong: the part of the frame that answered in either year is
// taken for the part that answered in each. Without it, it is right for a frame without end.
// Only the numbers of the variance and the test differ from EstimateChange.
enum class Stacked : uint8_t { kCorrected, kUncorrected };
Change EstimateStackedChange(std::span<const PairCell> strata, Stacked kind, double level);

// The panel alone: units in the base both times, unweighted. Whether those who answered twice moved
// more one way than the other; nothing is said of anybody else.
struct PanelTest {
  int32_t yes_yes = 0;
  int32_t yes_no = 0;  // b: yes in a, no in b.
  int32_t no_yes = 0;  // c.
  int32_t no_no = 0;
  int32_t n = 0;  // Sum of the four.
  // False where nobody moved (b + c = 0): nothing to test, and what follows is 0.
  bool tested = false;
  double chi_squared = 0;            // (b - c)^2 / (b + c), on one degree of freedom.
  double p = 0;                      //
  double chi_squared_corrected = 0;  // (|b - c| - 1)^2 / (b + c); 0 where b = c.
  double p_corrected = 0;
  double p_exact = 0;  // Two-sided binomial, at most 1.
  double p_mid = 0;  // The same less the probability of what was seen; at most 1. To be preferred.
};
PanelTest McNemar(std::span<const PairCell> strata);

// Several editions, two or more. `pairs` holds for each pair of editions s < t, in the order
// (0, 1), (0, 2), …, (1, 2), …, its strata: pair after pair, `strata` cells each.
// `in_any_base[h]` = units of the stratum that are in the base of at least one edition.
struct SeriesCounts {
  size_t editions = 0;
  size_t strata = 0;
  std::span<const PairCell> pairs;
  std::span<const int32_t> in_any_base;
};
struct SeriesEstimate {
  EstimateStatus status = EstimateStatus::kEmpty;  // kEmpty when any base is; kNoDf or kOk.
  std::vector<int32_t> n;                          // By edition.
  std::vector<double> shares;                      // By edition; empty when kEmpty.
  std::vector<double> covariance;                  // editions x editions, by row; likewise.
  int32_t df = 0;                                  // Units in any base less the strata with one.
};
SeriesEstimate EstimateSeries(const SeriesCounts& counts);

// sum_t coefficients[t] * share[t]: a slope, a difference of two means, any question to the series.
struct Contrast {
  EstimateStatus status = EstimateStatus::kEmpty;
  double estimate = 0;  // 0 when kEmpty.
  int32_t df = 0;
  ChangeTest test;
};
// As many coefficients as editions.
Contrast EstimateContrast(const SeriesEstimate& series, std::span<const double> coefficients,
                          double level);
// Those of the slope by least squares over the shares, per unit of `times` (years, say):
// (t - mean) / sum (t - mean)^2. At least two times must differ; else all are 0.
std::vector<double> SlopeCoefficients(std::span<const double> times);

}  // namespace imdi::domain
