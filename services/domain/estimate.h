#pragma once

// Shares of all units, estimated from those who answered: point, variance, interval and logical
// bounds from integer counts by non-response stratum. Sums run in the order of the strata given, so
// equal counts in equal order give equal bits.

#include <cstdint>
#include <optional>
#include <span>

namespace imdi::domain {

// One non-response stratum crossed with the domain of a cell. All counts are of units;
// yes <= base <= min(responded, domain_frame), and both of these <= frame.
struct StratumCell {
  int32_t frame = 0;         // N_h: units of the stratum invited (frame less out of scope).
  int32_t responded = 0;     // r_h: of them, complete or partial.
  int32_t domain_frame = 0;  // N_hd: of `frame`, those in the cell's group to whom the base can
                             // apply.
  int32_t base = 0;          // m_h = n_hd: of `responded`, those of the group in the base.
  int32_t yes = 0;           // y_hd: of `base`, those in the numerator.
  friend bool operator==(const StratumCell&, const StratumCell&) = default;
};

enum class BaseKind : uint8_t {
  kFrame,    // Given by the frame alone.
  kAnswers,  // Given by answers: a filter, or a code that is left out of the base.
};

enum class EstimateStatus : uint8_t {
  kOk,
  kEmpty,         // Nobody in the base: no point.
  kCensus,        // Every stratum of the base is fully answered: no sampling error.
  kNoDf,          // No degree of freedom: as many strata as units in the base.
  kDegenerate,    // Nobody or everybody in the numerator.
  kZeroVariance,  // Some of each, and still no spread within any stratum.
};

enum class IntervalMethod : uint8_t {
  kNone,            // No interval; lower and upper repeat the logical bounds.
  kKnown,           // Everybody answered: x / N, and nothing to estimate.
  kHypergeometric,  // Exact, one stratum.
  kPredictive,      // Beta-binomial for the silent of each stratum.
  kWilson,          // On the effective number of answers, clipped to the logical bounds.
  kWald,            // Point -+ t SE.
  kLogit,           // The same on the logit scale.
  kBeta,            // Clopper and Pearson on the effective number of answers.
  kWoodruff,        // Of a quantile: read back from the interval of a share (quantile.h).
};

// What a definition may ask for instead of what is recommended.
enum class IntervalChoice : uint8_t { kRecommended, kWilson, kWald, kLogit, kBeta };

// What happens to a stratum with one respondent and some silent: its spread is not known.
enum class Lonely : uint8_t {
  kCertainty,  // It adds nothing.
  kAdjust,     // It adds its deviation from the whole.
  kAverage,    // It adds what the other strata add on average.
};

// The estimate for all units that belongs beside a share of answers. Fractions, not percent.
struct ShareEstimate {
  EstimateStatus status = EstimateStatus::kEmpty;
  IntervalMethod method = IntervalMethod::kNone;
  // sum W y / sum W m, W = frame / responded by stratum; NaN when kEmpty. Where the method is
  // kKnown it is x / N, which weights need not reproduce. A weighted share outside the logical
  // bounds (possible where a group is answered better than its stratum) is moved to the nearer
  // bound: beyond it lies only what cannot be.
  double point = 0;
  double standard_error = 0;  // NaN when kEmpty; 0 where the method is kKnown.
  // lower <= point <= upper whenever there is a point. Where an interval would leave the point
  // outside, its end is moved out to the point; never the point to the interval.
  double lower = 0;
  double upper = 0;
  double level = 0.95;
  int32_t df = 0;    // Units of the base less strata of the base.
  double n_eff = 0;  // p (1 - p) / V; 0 where V is 0 or unknown.
  // n_eff corrected for df, for kAnswers MostEffective at most; n where V is 0; 0 when kEmpty,
  // kNoDf, kCensus.
  double n_eff_adj = 0;
  std::optional<int32_t> base_units;  // N of the base; empty = unknown (kAnswers with M > 0).
  int32_t may_belong = 0;             // M: units that may belong to the base and are not counted.
  // What is possible whatever those M would have said; [0, 1] when kEmpty.
  double bound_lower = 0;
  double bound_upper = 1;
  int32_t unrepresented = 0;  // Units of the domain in strata without a respondent.
};

// `strata`: after collapsing, in a fixed order; those without units of the domain may be left out.
// `may_belong`: M for kAnswers, the units silent or undetermined that may belong to the base;
// ignored for kFrame, where it is N - n. `level` in (0, 1).
//
// kFrame: kKnown when n = N; the exact hypergeometric interval where all units of the domain lie in
// one stratum, else the predictive one. kAnswers: kKnown when M = 0; else Wilson. A completely
// answered base with M > 0 takes Wilson on n, since its silence is of another kind than the
// weights'; kNoDf takes no interval there. Lonely strata are adjusted for, never taken as certain.
//
// Any other `choice` takes the formula of that name (intervals.h) wherever it has one; kWilson is
// clipped to the logical bounds, the others are not. What is known is known all the same; a
// completely answered base with M > 0 takes kWilson and kBeta on n, and no kWald or kLogit, whose
// variance knows nothing of that silence.
ShareEstimate EstimateShare(std::span<const StratumCell> strata, BaseKind kind, int32_t may_belong,
                            double level = 0.95,
                            IntervalChoice choice = IntervalChoice::kRecommended);

// n (n + M) / M, for M > 0: what n answers count for that were drawn at random from n + M units. A
// variance that happens to be next to nothing says less of the M than its quotient would have it.
double MostEffective(int32_t answers, int32_t may_belong);

// The weighted share and its linearised variance, before any choice of interval. To weight one
// question by those who answered it (instead of leaving blanks to the base), pass as `responded`
// the units of the stratum that answered the question.
struct Proportion {
  EstimateStatus status = EstimateStatus::kEmpty;
  int32_t n = 0;
  int32_t x = 0;
  int32_t strata = 0;  // With at least one unit of the base.
  double weight_sum = 0;
  double estimate = 0;        // NaN when kEmpty.
  double variance = 0;        // NaN when kEmpty, or when kAverage has no other stratum to go by.
  double standard_error = 0;  // Its root.
  int32_t df = 0;
  std::optional<double> n_eff;      // Empty where the variance is 0 or unknown.
  std::optional<double> n_eff_adj;  // Empty when kEmpty, kNoDf, kCensus.
};
Proportion EstimateProportion(std::span<const StratumCell> strata, Lonely lonely, double level);
// The last step of it, for other ways to n, x, strata, estimate and variance: a variance that is
// rounding becomes 0, and standard error, df, effective numbers and status follow. `census`: every
// stratum of the base is fully answered.
void FinishProportion(bool census, double level, Proportion* share);

// EstimateShare of a share under weights that are not the strata's own (weighted_estimate.h), which
// know no silent units by stratum: the recommended interval is Wilson. `units`: N of the domain;
// `unrepresented`: of them, those that no weight stands for.
ShareEstimate EstimateCalibratedShare(const Proportion& share, int32_t units, int32_t unrepresented,
                                      BaseKind kind, int32_t may_belong, double level,
                                      IntervalChoice choice);

}  // namespace imdi::domain
