#pragma once

// What figures say of a sentence. A share among those who answered is two integers and is compared
// exactly; the interval of the estimate for all units decides only whether the sentence is shown
// beyond them. A sentence that was not tested never "holds".

#include <cstdint>
#include <optional>
#include <span>

#include "imdi/survey/model/v1/indicator.pb.h"

namespace imdi::domain {

namespace model = survey::model::v1;

// Order and names follow query.v1.Verdict.
enum class ClaimVerdict : uint8_t {
  kHolds,              // True of those who answered, and shown for all.
  kHoldsAmongAnswers,  // True of those who answered, not shown for all.
  kContradicted,       // Not true of those who answered.
  kUndecidable,
};

// A share among those who answered: x of n. n = 0: there is none.
struct CountedShare {
  int64_t x = 0;
  int64_t n = 0;
};

// The percents that a phrase stands for, in hundredths of a percentage point.
struct PhraseRange {
  int64_t lower = 0;
  bool lower_included = false;
  int64_t upper = 0;
  bool upper_included = false;
  int64_t warn_within = 0;  // Nearer than this to an end is worth a warning.
};
inline constexpr int64_t kHundredthsOfWhole = 10'000;  // 100 percent.
inline constexpr int32_t kWarnWithinDefault = 100;     // One point.

// `tenths`: the X of "X of ten"; without meaning for a phrase that has none.
PhraseRange RangeOf(const model::Phrase& phrase, int32_t tenths);
// x/n lies in the range: integers only, so that an end belongs to it or not as the phrase says.
bool Contains(const PhraseRange& range, CountedShare share);
// x/n lies below the range, or above it.
bool Below(const PhraseRange& range, CountedShare share);
bool Above(const PhraseRange& range, CountedShare share);
// x/n is nearer to one of the ends than the phrase's warning distance, on either side of it.
bool NearEdge(const PhraseRange& range, CountedShare share);

// x/n in units of 10^-decimals percent, half away from zero: 62 is what "62 percent" prints.
// Decimals 0 to 3.
int64_t RoundedPercent(CountedShare share, int32_t decimals);

// An interval for all units, fractions.
struct ShareInterval {
  double lower = 0;
  double upper = 0;
};

struct ShareJudgement {
  ClaimVerdict verdict = ClaimVerdict::kUndecidable;
  bool near_edge = false;
  bool interval_inside = false;   // The whole interval lies in the range.
  bool interval_outside = false;  // No point of it does.
};
// A share in words. Without an interval the share is a fact about all units (a response rate), and
// what is true of it holds. n = 0 cannot be decided.
ShareJudgement JudgeShareInWords(const PhraseRange& range, CountedShare share,
                                 const std::optional<ShareInterval>& interval);

// "N percent" speaks of those who answered only: it holds when the share rounds to it, and is
// contradicted otherwise.
ClaimVerdict JudgeStatedPercent(int32_t percent, CountedShare share);

// a > b, equal, less, as fractions, exactly: 1, 0, −1. Both n > 0.
int CompareShares(CountedShare a, CountedShare b);

// One year that an increase is claimed over.
struct YearComparison {
  CountedShare later;
  CountedShare earlier;
  bool comparable =
      false;          // False: a series break lies between them, and they are not compared at all.
  double change = 0;  // Later less earlier among all units, weighted; read where there is a test.
  std::optional<double> p;  // Two-sided test of no change; empty where it could not be made.
  bool known = false;       // The change is known, not estimated: then the counts say all.
};
inline constexpr double kSignificanceLevel = 0.05;  // Two-sided.
// The largest p of the years (intersection–union: no adjustment among them), those that are known
// left out. Empty where a year has none, or all are known.
std::optional<double> LargestP(std::span<const YearComparison> years);
// Contradicted as soon as one comparable year was not lower. Else undecidable where a year cannot
// be compared or has no share. Else it holds for all units where every change is known, or points
// upwards among all units and the whole rejects: `q` = LargestP, adjusted among the sentences that
// are tested together. Else it holds among those who answered.
ClaimVerdict JudgeIncrease(std::span<const YearComparison> years, std::optional<double> q);

// One category that is claimed to be above another of the same base.
struct RankedPair {
  CountedShare a;  // The one named.
  CountedShare b;
  double difference = 0;    // Share of a less share of b among all units, weighted.
  std::optional<double> p;  // Two-sided; empty where the difference cannot be tested.
  bool known = false;       // Everybody answered: the difference is known, not estimated.
};
// The pair is shown for all units. Every pair must be, so nothing is adjusted.
bool Rejects(const RankedPair& pair);
// Holds when every pair is above among those who answered and shown for all, holds among answers
// when the former only.
ClaimVerdict JudgeRanking(std::span<const RankedPair> pairs);

}  // namespace imdi::domain
