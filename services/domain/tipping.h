#pragma once

// How many of those who did not say would have to answer otherwise to turn a sentence. Integers
// only.
//
// R units settled whether they belong to the base: n of them do, and x of those are in the
// numerator. M units may belong and have not said so. Suppose that k of the M belong and answer one
// way (all in the numerator, or none of them), and that the other M - k answer as those R did, n/R
// of them in the base and x/R in the numerator. Times R, the share is then
//
//   (x (R + M - k) + [upwards] k R)  of  (n (R + M - k) + k R)
//
// which moves one way only as k grows, so that the smallest k that turns the sentence is found by
// halving. With k = 0 it is x/n: the sentence is as true as of those who answered.

#include <cstdint>
#include <optional>
#include <span>

#include "services/domain/claim.h"

namespace imdi::domain {

// x <= n <= R. Counts up to 2^20 each, R + M too: then nothing overflows.
struct TippingGround {
  int64_t yes = 0;         // x
  int64_t base = 0;        // n
  int64_t settled = 0;     // R: units to whom the base can apply and who did say.
  int64_t may_belong = 0;  // M
};

// The share of all of them, times R, when k answer one way.
CountedShare ShareWhenTipped(const TippingGround& ground, int64_t k, bool upwards);

struct TippingPoint {
  std::optional<int64_t> units;  // Smallest k that turns it, 1 to M; empty: none does.
  bool upwards = false;          // They are in the numerator; false: in the base alone.
  bool makes_true = false;  // The sentence is not true of those who answered, and they make it so.
  // No k makes it true, and yet some k carries the share from one side of the range to the other.
  bool leaps = false;
  friend bool operator==(const TippingPoint&, const TippingPoint&) = default;
};

// A share in a range (or, with RangeOfPercent, one that rounds to a percent). Of two ways the one
// that takes fewer units; downwards of equals.
TippingPoint TipRange(const PhraseRange& range, const TippingGround& ground);
// A share above an earlier one, which stays as it is.
TippingPoint TipIncrease(const TippingGround& later, CountedShare earlier);
// One category above another of the same base. `ground.yes` has the first; those who turn it name
// the second and not the first, or the first alone. Upwards = for the sentence.
TippingPoint TipRank(const TippingGround& ground, int64_t other_yes);

// The percents that round to a whole one, half away from zero.
PhraseRange RangeOfPercent(int32_t percent);

// Of several parts that must all be true: where all are, the first to turn; where some are not,
// what makes all of these true at once, if anything does. `place` becomes the part it hangs on; 0
// for no parts.
TippingPoint TipAll(std::span<const TippingPoint> parts, size_t* place);

}  // namespace imdi::domain
