#include "services/domain/change.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "services/domain/distributions.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/linear_pair.h"
#include "services/domain/stratified_variance.h"

namespace imdi::domain {
namespace {

bool InBase(AnswerState state) { return state == AnswerState::kNo || state == AnswerState::kYes; }

// What one edition's share needs of a stratum.
struct EditionCell {
  int32_t frame = 0;
  int32_t responded = 0;
  int32_t base = 0;
  int32_t yes = 0;
};

// Counts of one pair of editions in one stratum, by what they are for.
struct PairSums {
  EditionCell a;
  EditionCell b;
  LinearPair both{};    // Over units that answered both times; r = r_ab.
  LinearPair either{};  // Over units that answered at least once; r of them.
  int32_t base_both = 0;
  int32_t base_either = 0;
};

PairSums SumsOf(const PairCell& cell) {
  PairSums out;
  out.a.frame = cell.frame_a;
  out.b.frame = cell.frame_b;
  for (size_t i = 0; i < cell.count.size(); ++i) {
    const auto state_a = static_cast<AnswerState>(i / kAnswerStates);
    const auto state_b = static_cast<AnswerState>(i % kAnswerStates);
    const int32_t units = cell.count[i];
    const bool answered_a = state_a != AnswerState::kSilent;
    const bool answered_b = state_b != AnswerState::kSilent;
    const bool yes_a = state_a == AnswerState::kYes;
    const bool yes_b = state_b == AnswerState::kYes;
    const bool base_a = InBase(state_a);
    const bool base_b = InBase(state_b);
    if (answered_a) out.a.responded += units;
    if (answered_b) out.b.responded += units;
    if (base_a) out.a.base += units;
    if (base_b) out.b.base += units;
    if (yes_a) out.a.yes += units;
    if (yes_b) out.b.yes += units;
    if (base_a && base_b) out.base_both += units;
    if (base_a || base_b) out.base_either += units;
    const auto add = [&](LinearPair* to) {
      to->r += units;
      if (yes_a) to->a += units;
      if (base_a) to->b += units;
      if (yes_b) to->c += units;
      if (base_b) to->d += units;
      if (yes_a && yes_b) to->ac += units;
      if (yes_a && base_b) to->ad += units;
      if (base_a && yes_b) to->bc += units;
      if (base_a && base_b) to->bd += units;
    };
    if (answered_a && answered_b) add(&out.both);
    if (answered_a || answered_b) add(&out.either);
  }
  return out;
}

LinearPair Self(const EditionCell& h) {
  return {h.responded, h.yes, h.base, h.yes, h.base, h.yes, h.yes, h.yes, h.base};
}

// One edition: its base and its weighted share.
struct EditionShare {
  int32_t n = 0;
  int32_t x = 0;
  double base_sum = 0;
  double yes_sum = 0;
  void Add(const EditionCell& h) {
    if (h.responded == 0) return;
    const double weight = static_cast<double>(h.frame) / h.responded;
    n += h.base;
    x += h.yes;
    base_sum += weight * h.base;
    yes_sum += weight * h.yes;
  }
  double share() const { return ExactShare(yes_sum, base_sum, x, n); }
};

// N_h^2 (1/r_h - 1/N_h) s_h^2(u) of one edition, without the division by the sum of weights.
double VarianceTerm(const EditionCell& h, double p) {
  if (h.responded < 2 || h.responded >= h.frame) return 0;
  const double r = h.responded;
  return static_cast<double>(h.frame) * (h.frame - h.responded) / r *
         (Self(h).Centred(p, p) / (r * (r - 1)));
}

// The same of two editions. What is completely answered in either is a constant there and varies
// with nothing; with one frame for both the factor below is 0 by itself.
double CovarianceTerm(const PairCell& cell, const PairSums& h, double p_a, double p_b) {
  if (h.both.r < 2 || h.a.responded >= h.a.frame || h.b.responded >= h.b.frame) return 0;
  const double r = static_cast<double>(h.both.r);
  // N_a N_b r_ab / (r_a r_b) - N_ab, over one denominator: exactly 0 where it is.
  const double r_a = h.a.responded;
  const double r_b = h.b.responded;
  const double factor = (static_cast<double>(cell.frame_a) * cell.frame_b * r -
                         static_cast<double>(cell.frame_both) * r_a * r_b) /
                        (r_a * r_b);
  return factor * (h.both.Centred(p_a, p_b) / (r * (r - 1)));
}

double CleanVariance(double variance) { return std::fabs(variance) < kNoVariance ? 0 : variance; }

// `size` = the sum of what was added and subtracted, each without its sign: what is small beside
// it is rounding.
ChangeTest TestOf(double estimate, double variance, double size, int32_t df, double level) {
  ChangeTest out;
  const double rounding = std::max(kNoVariance, kNoCovariance * size);
  if (variance < -rounding) {
    out.standard_error = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  out.standard_error = variance < rounding ? 0 : std::sqrt(variance);
  out.interval = WaldInterval(estimate, out.standard_error, df, level);
  if (out.standard_error > 0) {
    out.t = estimate / out.standard_error;
    if (df >= 1) out.p = StudentTwoSidedP(*out.t, df);
  }
  return out;
}

// All of a change but its variances.
Change PointsOf(std::span<const PairSums> strata, EditionShare* a, EditionShare* b) {
  Change out;
  int32_t represented = 0;
  for (const PairSums& h : strata) {
    a->Add(h.a);
    b->Add(h.b);
    out.n_both += h.base_both;
    out.n_either += h.base_either;
    if (h.base_either > 0) ++represented;
  }
  out.n_a = a->n;
  out.n_b = b->n;
  out.df = out.n_either - represented;
  if (out.n_a == 0 || out.n_b == 0) return out;
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  out.p_a = a->share();
  out.p_b = b->share();
  out.estimate = out.p_b - out.p_a;
  return out;
}

void SetVariances(double variance_a, double variance_b, double covariance, double level,
                  Change* out) {
  variance_a = CleanVariance(variance_a);
  variance_b = CleanVariance(variance_b);
  out->se_a = std::sqrt(variance_a);
  out->se_b = std::sqrt(variance_b);
  out->covariance = std::fabs(covariance) <= kNoCovariance * out->se_a * out->se_b ? 0 : covariance;
  out->test = TestOf(out->estimate, variance_a + variance_b - 2 * out->covariance,
                     variance_a + variance_b, out->df, level);
}

std::vector<PairSums> SumsOf(std::span<const PairCell> strata) {
  std::vector<PairSums> out;
  out.reserve(strata.size());
  for (const PairCell& h : strata) out.push_back(SumsOf(h));
  return out;
}

}  // namespace

Change EstimateChange(std::span<const PairCell> strata, double level) {
  const std::vector<PairSums> sums = SumsOf(strata);
  EditionShare a;
  EditionShare b;
  Change out = PointsOf(sums, &a, &b);
  if (out.status == EstimateStatus::kEmpty) return out;
  double variance_a = 0;
  double variance_b = 0;
  double covariance = 0;
  for (size_t i = 0; i < strata.size(); ++i) {
    variance_a += VarianceTerm(sums[i].a, out.p_a);
    variance_b += VarianceTerm(sums[i].b, out.p_b);
    covariance += CovarianceTerm(strata[i], sums[i], out.p_a, out.p_b);
  }
  SetVariances(variance_a / (a.base_sum * a.base_sum), variance_b / (b.base_sum * b.base_sum),
               covariance / (a.base_sum * b.base_sum), level, &out);
  return out;
}

Change EstimateStackedChange(std::span<const PairCell> strata, Stacked kind, double level) {
  const std::vector<PairSums> sums = SumsOf(strata);
  EditionShare a;
  EditionShare b;
  Change out = PointsOf(sums, &a, &b);
  if (out.status == EstimateStatus::kEmpty) return out;
  double variance_a = 0;
  double variance_b = 0;
  double covariance = 0;
  for (size_t i = 0; i < strata.size(); ++i) {
    const PairSums& h = sums[i];
    const LinearPair& u = h.either;
    if (u.r < 2) continue;
    const double n = static_cast<double>(u.r);
    const double frame =
        static_cast<double>(strata[i].frame_a) + strata[i].frame_b - strata[i].frame_both;
    const double part = kind == Stacked::kCorrected ? 1 - n / frame : 1;
    const double weight_a = h.a.responded == 0 ? 0 : static_cast<double>(h.a.frame) / h.a.responded;
    const double weight_b = h.b.responded == 0 ? 0 : static_cast<double>(h.b.frame) / h.b.responded;
    const LinearPair aa{u.r, u.a, u.b, u.a, u.b, u.a, u.a, u.a, u.b};
    const LinearPair bb{u.r, u.c, u.d, u.c, u.d, u.c, u.c, u.c, u.d};
    variance_a += part / (n - 1) * weight_a * weight_a * aa.Centred(out.p_a, out.p_a);
    variance_b += part / (n - 1) * weight_b * weight_b * bb.Centred(out.p_b, out.p_b);
    covariance += part / (n - 1) * weight_a * weight_b * u.Centred(out.p_a, out.p_b);
  }
  SetVariances(variance_a / (a.base_sum * a.base_sum), variance_b / (b.base_sum * b.base_sum),
               covariance / (a.base_sum * b.base_sum), level, &out);
  return out;
}

PanelTest McNemar(std::span<const PairCell> strata) {
  PanelTest out;
  for (const PairCell& h : strata) {
    out.yes_yes += h.At(AnswerState::kYes, AnswerState::kYes);
    out.yes_no += h.At(AnswerState::kYes, AnswerState::kNo);
    out.no_yes += h.At(AnswerState::kNo, AnswerState::kYes);
    out.no_no += h.At(AnswerState::kNo, AnswerState::kNo);
  }
  const int32_t moved = out.yes_no + out.no_yes;
  out.n = out.yes_yes + out.no_no + moved;
  if (moved == 0) return out;
  out.tested = true;
  const double apart = std::abs(out.yes_no - out.no_yes);
  out.chi_squared = apart * apart / moved;
  out.p = ChiSquaredUpper(out.chi_squared, 1);
  const double corrected = std::max(0.0, apart - 1);
  out.chi_squared_corrected = corrected * corrected / moved;
  out.p_corrected = ChiSquaredUpper(out.chi_squared_corrected, 1);
  const int32_t fewer = std::min(out.yes_no, out.no_yes);
  const double both_tails = 2 * HalfBinomialAtMost(fewer, moved);
  out.p_exact = std::min(1.0, both_tails);
  out.p_mid = std::min(1.0, both_tails - HalfBinomialEqual(fewer, moved));
  return out;
}

SeriesEstimate EstimateSeries(const SeriesCounts& counts) {
  SeriesEstimate out;
  const size_t editions = counts.editions;
  out.n.assign(editions, 0);
  if (editions < 2 || counts.pairs.size() != editions * (editions - 1) / 2 * counts.strata)
    return out;
  const std::vector<PairSums> sums = SumsOf(counts.pairs);
  // Every edition stands in one of the pairs (0, t) at least.
  std::vector<EditionShare> shares(editions);
  for (size_t h = 0; h < counts.strata; ++h) {
    shares[0].Add(sums[h].a);
    for (size_t t = 1; t < editions; ++t) shares[t].Add(sums[(t - 1) * counts.strata + h].b);
  }
  bool empty = false;
  for (size_t t = 0; t < editions; ++t) {
    out.n[t] = shares[t].n;
    empty = empty || shares[t].n == 0;
  }
  for (const int32_t units : counts.in_any_base) out.df += units - (units > 0 ? 1 : 0);
  if (empty) return out;
  out.status = out.df < 1 ? EstimateStatus::kNoDf : EstimateStatus::kOk;
  for (const EditionShare& one : shares) out.shares.push_back(one.share());
  out.covariance.assign(editions * editions, 0);
  for (size_t t = 0; t < editions; ++t) {
    double variance = 0;
    for (size_t h = 0; h < counts.strata; ++h) {
      const EditionCell& cell = t == 0 ? sums[h].a : sums[(t - 1) * counts.strata + h].b;
      variance += VarianceTerm(cell, out.shares[t]);
    }
    out.covariance[t * editions + t] = variance / (shares[t].base_sum * shares[t].base_sum);
  }
  size_t pair = 0;
  for (size_t s = 0; s < editions; ++s) {
    for (size_t t = s + 1; t < editions; ++t, ++pair) {
      double covariance = 0;
      for (size_t h = 0; h < counts.strata; ++h) {
        const size_t i = pair * counts.strata + h;
        covariance += CovarianceTerm(counts.pairs[i], sums[i], out.shares[s], out.shares[t]);
      }
      covariance /= shares[s].base_sum * shares[t].base_sum;
      out.covariance[s * editions + t] = out.covariance[t * editions + s] = covariance;
    }
  }
  double largest = 0;
  for (size_t t = 0; t < editions; ++t)
    largest = std::max(largest, out.covariance[t * editions + t]);
  for (double& covariance : out.covariance) {
    if (std::fabs(covariance) <= kNoCovariance * largest) covariance = 0;
  }
  return out;
}

Contrast EstimateContrast(const SeriesEstimate& series, std::span<const double> coefficients,
                          double level) {
  Contrast out;
  out.status = series.status;
  out.df = series.df;
  const size_t editions = series.shares.size();
  if (series.status == EstimateStatus::kEmpty || coefficients.size() != editions) {
    out.status = EstimateStatus::kEmpty;
    return out;
  }
  double variance = 0;
  double size = 0;
  for (size_t s = 0; s < editions; ++s) {
    out.estimate += coefficients[s] * series.shares[s];
    for (size_t t = 0; t < editions; ++t) {
      const double part = coefficients[s] * series.covariance[s * editions + t] * coefficients[t];
      variance += part;
      size += std::fabs(part);
    }
  }
  out.test = TestOf(out.estimate, variance, size, out.df, level);
  return out;
}

std::vector<double> SlopeCoefficients(std::span<const double> times) {
  std::vector<double> out(times.begin(), times.end());
  double mean = 0;
  for (const double time : out) mean += time / static_cast<double>(out.size());
  double squares = 0;
  for (double& time : out) {
    time -= mean;
    squares += time * time;
  }
  for (double& time : out) time = squares > 0 ? time / squares : 0;
  return out;
}

}  // namespace imdi::domain
