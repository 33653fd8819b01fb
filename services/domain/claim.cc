#include "services/domain/claim.h"

#include <algorithm>
#include <cstdlib>

namespace imdi::domain {
namespace {

// x/n against a bound in hundredths of a point: the sign of x · 10000 − bound · n. Counts fit 32
// bits, so this fits 64.
int64_t Beyond(CountedShare share, int64_t bound) {
  return share.x * kHundredthsOfWhole - bound * share.n;
}

double Fraction(int64_t hundredths) {
  return static_cast<double>(hundredths) / static_cast<double>(kHundredthsOfWhole);
}

bool AboveLower(const PhraseRange& range, double share) {
  const double bound = Fraction(range.lower);
  return range.lower_included ? share >= bound : share > bound;
}
bool BelowUpper(const PhraseRange& range, double share) {
  const double bound = Fraction(range.upper);
  return range.upper_included ? share <= bound : share < bound;
}

}  // namespace

PhraseRange RangeOf(const model::Phrase& phrase, int32_t tenths) {
  const int64_t from = phrase.from_tenths() ? int64_t{1'000} * tenths : 0;
  return {.lower = from + phrase.lower_hundredths(),
          .lower_included = phrase.lower_included(),
          .upper = from + phrase.upper_hundredths(),
          .upper_included = phrase.upper_included(),
          .warn_within = phrase.warn_within_hundredths() == 0 ? kWarnWithinDefault
                                                              : phrase.warn_within_hundredths()};
}

bool Contains(const PhraseRange& range, CountedShare share) {
  return share.n > 0 && !Below(range, share) && !Above(range, share);
}

bool Below(const PhraseRange& range, CountedShare share) {
  const int64_t beyond = Beyond(share, range.lower);
  return range.lower_included ? beyond < 0 : beyond <= 0;
}

bool Above(const PhraseRange& range, CountedShare share) {
  const int64_t beyond = Beyond(share, range.upper);
  return range.upper_included ? beyond > 0 : beyond >= 0;
}

bool NearEdge(const PhraseRange& range, CountedShare share) {
  if (share.n <= 0) return false;
  const int64_t within = range.warn_within * share.n;
  // An end at 0 or 100 percent, or beyond, is no border that a share could cross.
  const auto near = [&](int64_t bound) {
    return bound > 0 && bound < kHundredthsOfWhole && std::llabs(Beyond(share, bound)) < within;
  };
  return near(range.lower) || near(range.upper);
}

int64_t RoundedPercent(CountedShare share, int32_t decimals) {
  if (share.n <= 0) return 0;
  int64_t scale = 100;
  for (int32_t i = 0; i < std::clamp(decimals, 0, 3); ++i) scale *= 10;
  return (2 * scale * share.x + share.n) / (2 * share.n);
}

ShareJudgement JudgeShareInWords(const PhraseRange& range, CountedShare share,
                                 const std::optional<ShareInterval>& interval) {
  ShareJudgement out;
  if (share.n <= 0) return out;
  const bool inside = Contains(range, share);
  out.near_edge = NearEdge(range, share);
  if (interval.has_value()) {
    out.interval_inside = AboveLower(range, interval->lower) && BelowUpper(range, interval->upper);
    out.interval_outside =
        !AboveLower(range, interval->upper) || !BelowUpper(range, interval->lower);
  } else {
    out.interval_inside = inside;
    out.interval_outside = !inside;
  }
  if (!inside)
    out.verdict = ClaimVerdict::kContradicted;
  else
    out.verdict = out.interval_inside ? ClaimVerdict::kHolds : ClaimVerdict::kHoldsAmongAnswers;
  return out;
}

ClaimVerdict JudgeStatedPercent(int32_t percent, CountedShare share) {
  if (share.n <= 0) return ClaimVerdict::kUndecidable;
  return RoundedPercent(share, 0) == percent ? ClaimVerdict::kHolds : ClaimVerdict::kContradicted;
}

int CompareShares(CountedShare a, CountedShare b) {
  const int64_t left = a.x * b.n;
  const int64_t right = b.x * a.n;
  return left == right ? 0 : left > right ? 1 : -1;
}

std::optional<double> LargestP(std::span<const YearComparison> years) {
  std::optional<double> out;
  for (const YearComparison& year : years) {
    if (year.known) continue;
    if (!year.p.has_value()) return std::nullopt;
    out = std::max(out.value_or(0), *year.p);
  }
  return out;
}

ClaimVerdict JudgeIncrease(std::span<const YearComparison> years, std::optional<double> q) {
  bool open = years.empty();
  bool shown = true;
  for (const YearComparison& year : years) {
    if (!year.comparable || year.later.n <= 0 || year.earlier.n <= 0)
      open = true;
    else if (CompareShares(year.later, year.earlier) <= 0)
      return ClaimVerdict::kContradicted;
    shown = shown && (year.known || (year.p.has_value() && year.change > 0 && q.has_value() &&
                                     *q < kSignificanceLevel));
  }
  if (open) return ClaimVerdict::kUndecidable;
  return shown ? ClaimVerdict::kHolds : ClaimVerdict::kHoldsAmongAnswers;
}

bool Rejects(const RankedPair& pair) {
  return pair.difference > 0 &&
         (pair.known || (pair.p.has_value() && *pair.p < kSignificanceLevel));
}

ClaimVerdict JudgeRanking(std::span<const RankedPair> pairs) {
  bool shown = true;
  if (pairs.empty()) return ClaimVerdict::kUndecidable;
  for (const RankedPair& pair : pairs) {
    if (pair.a.n <= 0 || pair.b.n <= 0) return ClaimVerdict::kUndecidable;
    if (CompareShares(pair.a, pair.b) <= 0) return ClaimVerdict::kContradicted;
    shown = shown && Rejects(pair);
  }
  return shown ? ClaimVerdict::kHolds : ClaimVerdict::kHoldsAmongAnswers;
}

}  // namespace imdi::domain
