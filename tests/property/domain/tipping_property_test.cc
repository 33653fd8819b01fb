// The tipping number against an enumeration of every k, in exact fractions written another way.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "services/domain/tipping.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"

namespace imdi::domain {
namespace {

__extension__ typedef __int128 Wide;

using testing_support::Random;

TippingGround SomeGround(Random& random) {
  TippingGround out;
  out.settled = random.Between(1, random.OneIn(2) ? 12 : 400);
  out.base = random.OneIn(3) ? out.settled : random.Between(1, out.settled);
  out.yes = random.Between(0, out.base);
  out.may_belong = random.Between(0, random.OneIn(2) ? 8 : 200);
  return out;
}

// The units added up one kind after the other: those that said, those that answer as they did, the
// k.
struct Fraction {
  Wide over = 0;
  Wide under = 0;
};
Fraction ShareOf(const TippingGround& ground, int64_t k, bool upwards) {
  const Wide r = ground.settled;
  const Wide rest = ground.may_belong - k;
  return {ground.yes * r + rest * ground.yes + (upwards ? k * r : 0),
          ground.base * r + rest * ground.base + k * r};
}

// Whether over/under lies in the range, in hundredths of a percentage point.
bool In(const PhraseRange& range, Fraction share) {
  const Wide hundredths = share.over * kHundredthsOfWhole;
  const Wide lower = range.lower * share.under;
  const Wide upper = range.upper * share.under;
  return (hundredths > lower || (range.lower_included && hundredths == lower)) &&
         (hundredths < upper || (range.upper_included && hundredths == upper));
}

template <typename Truth>
std::optional<int64_t> FirstTurn(int64_t most, bool before, const Truth& truth) {
  for (int64_t k = 1; k <= most; ++k) {
    if (truth(k) != before) return k;
  }
  return std::nullopt;
}

TEST(TippingProperty, EqualsTheEnumerationOfEveryNumberOfUnits) {
  const uint64_t seed = testing_support::CampaignSeed("tipping");
  int found = 0, none = 0, made_true = 0, upwards = 0, leapt = 0;
  for (uint64_t round = 0; round < 4'000; ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + round * 7'919);
    const TippingGround ground = SomeGround(random);

    PhraseRange range = RangeOfPercent(static_cast<int32_t>(random.Between(0, 100)));
    if (random.OneIn(2)) {
      range.lower = random.Between(0, 9'000);
      range.upper = random.Between(range.lower + 1, 10'000);
      range.lower_included = random.OneIn(2);
      range.upper_included = random.OneIn(2);
    }
    const bool holds = In(range, ShareOf(ground, 0, false));
    ASSERT_EQ(holds, Contains(range, {ground.yes, ground.base}));
    const auto down = FirstTurn(ground.may_belong, holds,
                                [&](int64_t k) { return In(range, ShareOf(ground, k, false)); });
    const auto up = FirstTurn(ground.may_belong, holds,
                              [&](int64_t k) { return In(range, ShareOf(ground, k, true)); });
    const TippingPoint point = TipRange(range, ground);
    EXPECT_EQ(point.makes_true, !holds);
    ASSERT_EQ(point.units, !down.has_value() ? up : !up.has_value() ? down : std::min(down, up));
    EXPECT_EQ(point.upwards, up.has_value() && (!down.has_value() || *up < *down));
    // Once beyond the far end of the range without ever having been in it.
    const auto over = [&](bool up_to_it) {
      const Fraction from = ShareOf(ground, 0, false);
      const bool below = from.over * kHundredthsOfWhole <= range.lower * from.under;
      if (holds || below != up_to_it) return false;
      const Fraction to = ShareOf(ground, ground.may_belong, up_to_it);
      const Wide hundredths = to.over * kHundredthsOfWhole;
      return up_to_it ? hundredths >= range.upper * to.under : hundredths <= range.lower * to.under;
    };
    const bool leaps = !point.units.has_value() && (over(false) || over(true));
    EXPECT_EQ(point.leaps, leaps);
    leapt += leaps;
    (point.units.has_value() ? found : none) += 1;
    made_true += point.units.has_value() && point.makes_true;
    upwards += point.upwards;

    const CountedShare earlier{random.Between(0, 50), 50};
    const auto higher = [&](int64_t k, bool for_it) {
      const Fraction share = ShareOf(ground, k, for_it);
      return share.over * earlier.n > earlier.x * share.under;
    };
    const bool rose = higher(0, false);
    const TippingPoint increase = TipIncrease(ground, earlier);
    EXPECT_EQ(increase.makes_true, !rose);
    ASSERT_EQ(increase.units,
              FirstTurn(ground.may_belong, rose, [&](int64_t k) { return higher(k, !rose); }));

    const int64_t other = random.Between(0, ground.base);
    // x (R + M - k) and the other's, and k R to one of them.
    const auto leads = [&](int64_t k, bool for_it) {
      const Wide scale = ground.settled + ground.may_belong - k;
      const Wide tipped = static_cast<Wide>(k) * ground.settled;
      return ground.yes * scale + (for_it ? tipped : 0) > other * scale + (for_it ? 0 : tipped);
    };
    const bool above = leads(0, false);
    const TippingPoint rank = TipRank(ground, other);
    EXPECT_EQ(rank.makes_true, !above);
    ASSERT_EQ(rank.units,
              FirstTurn(ground.may_belong, above, [&](int64_t k) { return leads(k, !above); }));
  }
  EXPECT_GT(found, 500);
  EXPECT_GT(none, 200);
  EXPECT_GT(made_true, 100);
  EXPECT_GT(upwards, 100);
  EXPECT_GT(leapt, 20);
}

TEST(Tipping, IsThatOfTheFindings) {
  // F01: nearly eight of ten; 253 of 322, and 119 silent who all belong.
  const PhraseRange nearly_eight{7'500, true, 8'000, false, 100};
  const TippingPoint f01 = TipRange(nearly_eight, {253, 322, 322, 119});
  EXPECT_EQ(f01.units, 21);
  EXPECT_FALSE(f01.upwards);
  EXPECT_FALSE(f01.makes_true);
  // F03: more than six of ten; 186 of 300 with participants, of 322 that said whether they had any.
  const PhraseRange more_than_six{6'000, false, 7'000, false, 100};
  EXPECT_EQ(TipRange(more_than_six, {186, 300, 322, 119}).units, 14);
  // One less is not enough.
  EXPECT_TRUE(Contains(nearly_eight, ShareWhenTipped({253, 322, 322, 119}, 20, false)));
  EXPECT_FALSE(Contains(nearly_eight, ShareWhenTipped({253, 322, 322, 119}, 21, false)));
}

TEST(Tipping, IsNoneWhereNobodyIsLeftOrNotEvenAllSuffice) {
  const PhraseRange any{0, true, 10'000, true, 0};
  EXPECT_EQ(TipRange(any, {5, 10, 10, 100}).units, std::nullopt);
  EXPECT_EQ(TipRange(RangeOfPercent(73), {322, 441, 441, 0}).units, std::nullopt);
  EXPECT_EQ(TipRange(any, {0, 0, 10, 100}).units, std::nullopt);
  EXPECT_EQ(TipIncrease({9, 10, 10, 1}, {1, 10}).units, std::nullopt);
}

TEST(Tipping, TellsARangeThatIsLeaptOverFromOneOutOfReach) {
  // Of three more units each moves it by 4.6 percentage points: 40.0, 44.6, 49.2, 53.8.
  EXPECT_EQ(TipRange(RangeOfPercent(47), {4, 10, 10, 3}).units, std::nullopt);
  EXPECT_TRUE(TipRange(RangeOfPercent(47), {4, 10, 10, 3}).leaps);
  EXPECT_TRUE(TipRange(RangeOfPercent(53), {6, 10, 10, 3}).leaps);
  EXPECT_EQ(TipRange(RangeOfPercent(45), {4, 10, 10, 3}).units, 1);
  EXPECT_EQ(TipRange(RangeOfPercent(90), {4, 10, 10, 3}).units, std::nullopt);
  EXPECT_FALSE(TipRange(RangeOfPercent(90), {4, 10, 10, 3}).leaps);
}

TEST(Tipping, OfSeveralPartsIsTheFirstToTurnOrWhatMakesAllTrue) {
  size_t place = 0;
  const TippingPoint three{.units = 3, .upwards = false, .makes_true = false};
  const TippingPoint two{.units = 2, .upwards = false, .makes_true = false};
  const TippingPoint never{.units = std::nullopt, .upwards = false, .makes_true = false};
  const TippingPoint takes_four{.units = 4, .upwards = true, .makes_true = true};
  const TippingPoint takes_nine{.units = 9, .upwards = true, .makes_true = true};
  const TippingPoint hopeless{.units = std::nullopt, .upwards = true, .makes_true = true};
  EXPECT_EQ(TipAll(std::vector{three, never, two}, &place), two);
  EXPECT_EQ(place, 2u);
  EXPECT_EQ(TipAll(std::vector{never}, &place), never);
  EXPECT_EQ(TipAll(std::vector{two, takes_four, takes_nine}, &place), takes_nine);
  EXPECT_EQ(place, 2u);
  EXPECT_EQ(TipAll(std::vector{takes_four, hopeless, two}, &place), hopeless);
  EXPECT_EQ(TipAll({}, &place), TippingPoint());
}

}  // namespace
}  // namespace imdi::domain
