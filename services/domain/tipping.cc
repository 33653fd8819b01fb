#include "services/domain/tipping.h"

#include <algorithm>

namespace imdi::domain {
namespace {

// Smallest k in 1 .. most that satisfies a test which, once true, stays so; most + 1 where none
// does.
template <typename Test>
int64_t FirstWhere(int64_t most, const Test& test) {
  int64_t low = 1;
  int64_t high = most + 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (test(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

CountedShare ShareWhenTipped(const TippingGround& ground, int64_t k, bool upwards) {
  const int64_t as_before = ground.settled + ground.may_belong - k;
  return {ground.yes * as_before + (upwards ? k * ground.settled : 0),
          ground.base * as_before + k * ground.settled};
}

TippingPoint TipRange(const PhraseRange& range, const TippingGround& ground) {
  TippingPoint out;
  if (ground.base <= 0) return out;
  const bool holds = Contains(range, {ground.yes, ground.base});
  out.makes_true = !holds;
  const auto at_least = [&](bool upwards) {
    const auto share = [&](int64_t k) { return ShareWhenTipped(ground, k, upwards); };
    // The side of the range that the share moves to, or from: beyond its nearer end.
    const auto crossed = [&](int64_t k) {
      return holds ? !Contains(range, share(k))
                   : (upwards ? !Below(range, share(k)) : !Above(range, share(k)));
    };
    const int64_t k = FirstWhere(ground.may_belong, crossed);
    // On its way into a narrow range it may have leapt over it.
    return k <= ground.may_belong && Contains(range, share(k)) != holds ? std::optional(k)
                                                                        : std::nullopt;
  };
  const std::optional<int64_t> down = at_least(false);
  const std::optional<int64_t> up = at_least(true);
  out.upwards = up.has_value() && (!down.has_value() || *up < *down);
  out.units = out.upwards ? up : down;
  if (holds || out.units.has_value()) return out;
  const bool below = Below(range, {ground.yes, ground.base});
  const CountedShare farthest = ShareWhenTipped(ground, ground.may_belong, below);
  out.leaps = below ? !Below(range, farthest) : !Above(range, farthest);
  return out;
}

TippingPoint TipIncrease(const TippingGround& later, CountedShare earlier) {
  TippingPoint out;
  if (later.base <= 0 || earlier.n <= 0) return out;
  const bool holds = CompareShares({later.yes, later.base}, earlier) > 0;
  out.makes_true = !holds;
  out.upwards = !holds;
  const int64_t k = FirstWhere(later.may_belong, [&](int64_t units) {
    return (CompareShares(ShareWhenTipped(later, units, out.upwards), earlier) > 0) != holds;
  });
  if (k <= later.may_belong) out.units = k;
  return out;
}

TippingPoint TipRank(const TippingGround& ground, int64_t other_yes) {
  TippingPoint out;
  if (ground.base <= 0) return out;
  const bool holds = ground.yes > other_yes;
  out.makes_true = !holds;
  out.upwards = !holds;
  const int64_t k = FirstWhere(ground.may_belong, [&](int64_t units) {
    const int64_t as_before = ground.settled + ground.may_belong - units;
    const int64_t lead =
        (ground.yes - other_yes) * as_before + (out.upwards ? 1 : -1) * units * ground.settled;
    return (lead > 0) != holds;
  });
  if (k <= ground.may_belong) out.units = k;
  return out;
}

PhraseRange RangeOfPercent(int32_t percent) {
  return {.lower = int64_t{100} * percent - 50,
          .lower_included = true,
          .upper = int64_t{100} * percent + 50,
          .upper_included = false,
          .warn_within = 0};
}

TippingPoint TipAll(std::span<const TippingPoint> parts, size_t* place) {
  *place = 0;
  if (parts.empty()) return {};
  const bool any_false = std::ranges::any_of(parts, &TippingPoint::makes_true);
  std::optional<size_t> found;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].makes_true != any_false) continue;
    if (any_false && !parts[i].units.has_value()) {
      *place = i;
      return parts[i];
    }
    if (!parts[i].units.has_value()) continue;
    // What makes them all true at once is the most that one of them takes.
    if (!found.has_value() || (any_false ? *parts[i].units > *parts[*found].units
                                         : *parts[i].units < *parts[*found].units))
      found = i;
  }
  *place = found.value_or(0);
  return parts[*place];
}

}  // namespace imdi::domain
