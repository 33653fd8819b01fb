#include "services/base/admission.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "tests/support/campaign.h"

namespace imdi::base {
namespace {

using std::chrono::milliseconds;
using Place = Admission::Place;

Admission::Settings Small() {
  return {.write = {.fewest = 4, .first = 16, .most = 64, .target = milliseconds(100)},
          .read = {.fewest = 2, .first = 8, .most = 8, .target = milliseconds(50)}};
}

class AdmissionTest : public testing::Test {
 protected:
  std::optional<Place> Enter(Work work, std::string_view caller = "a", size_t bytes = 100) {
    return admission_.Enter(work, caller, bytes, now_);
  }
  // As many as come in.
  std::vector<Place> Fill(Work work, const std::string& caller, int at_most = 10'000) {
    std::vector<Place> places;
    while (static_cast<int>(places.size()) < at_most) {
      auto place = Enter(work, caller);
      if (!place.has_value()) break;
      places.push_back(*place);
    }
    return places;
  }
  // So many answers that take so long, all at work together.
  void Answer(Work work, int count, milliseconds took) {
    std::vector<Place> places = Fill(work, "a", count);
    now_ += took;
    for (const Place& place : places) admission_.Leave(place, now_);
  }
  int64_t Limit(Work work) { return admission_.Read(work).limit; }

  Admission::Time now_{std::chrono::hours(1)};
  Admission admission_{Small()};
};

TEST_F(AdmissionTest, TakesAsManyAsTheLimitSaysAndAgainWhenTheyHaveLeft) {
  std::vector<Place> places = Fill(Work::kWrite, "a");
  EXPECT_EQ(places.size(), 16u);
  EXPECT_FALSE(Enter(Work::kWrite).has_value());
  EXPECT_EQ(admission_.Read(Work::kWrite).refused, 2u);
  for (const Place& place : places) admission_.Leave(place, now_);
  EXPECT_EQ(admission_.Read(Work::kWrite).taken, 0);
  EXPECT_EQ(admission_.Read(Work::kWrite).callers, 0) << "nothing is kept of who has left";
  EXPECT_EQ(Fill(Work::kWrite, "a").size(), 16u);
}

TEST_F(AdmissionTest, CountsALargeRequestAsSeveral) {
  ASSERT_TRUE(Enter(Work::kWrite, "a", 15 * kAdmissionPieceBytes + 1).has_value());
  EXPECT_EQ(admission_.Read(Work::kWrite).taken, 16);
  EXPECT_FALSE(Enter(Work::kWrite).has_value());
}

TEST_F(AdmissionTest, NeverRefusesControl) {
  Fill(Work::kWrite, "a");
  Fill(Work::kRead, "a");
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(Enter(Work::kControl).has_value());
  EXPECT_EQ(admission_.Read(Work::kControl).taken, 10'000);
}

TEST_F(AdmissionTest, ReadsAndWritesTakeNoRoomFromEachOther) {
  Fill(Work::kRead, "a");
  EXPECT_EQ(Fill(Work::kWrite, "a").size(), 16u);
}

TEST_F(AdmissionTest, LetsOthersInWhereAGreedyCallerIsRefused) {
  EXPECT_EQ(Fill(Work::kWrite, "greedy").size(), 16u);
  for (const std::string other : {"b", "c", "d"}) {
    EXPECT_TRUE(Enter(Work::kWrite, other).has_value()) << other;
    EXPECT_TRUE(Enter(Work::kWrite, other).has_value()) << other;
    EXPECT_FALSE(Enter(Work::kWrite, "greedy").has_value());
  }
}

TEST_F(AdmissionTest, LetsOthersInWhereSeveralGreedyCallersAreRefused) {
  Fill(Work::kWrite, "greedy");
  EXPECT_EQ(Fill(Work::kWrite, "greedy too").size(), 8u) << "half of what is left beyond the limit";
  for (const std::string other : {"b", "c", "d", "e", "f", "g"}) {
    EXPECT_TRUE(Enter(Work::kWrite, other).has_value()) << other;
    EXPECT_FALSE(Enter(Work::kWrite, "greedy").has_value());
    EXPECT_FALSE(Enter(Work::kWrite, "greedy too").has_value());
  }
}

TEST_F(AdmissionTest, HoweverManyGreedyCallersThereAreSomebodyNewComesIn) {
  for (int caller = 0; caller < 4; ++caller) Fill(Work::kWrite, std::to_string(caller));
  EXPECT_TRUE(Enter(Work::kWrite, "new").has_value());
}

TEST_F(AdmissionTest, IsBoundedAtTwiceTheLimitHoweverManyCallersThereAre) {
  int taken = 0;
  for (int caller = 0; caller < 1'000; ++caller) {
    if (Enter(Work::kWrite, std::to_string(caller)).has_value()) ++taken;
  }
  EXPECT_EQ(taken, 32);
  EXPECT_EQ(admission_.Read(Work::kWrite).callers, 32) << "nothing is kept of who was refused";
}

TEST_F(AdmissionTest, AdmitsFewerWhenAnswersAreSlowAndMoreWhenTheyAreFastAgain) {
  for (int i = 0; i < 5; ++i) Answer(Work::kWrite, 16, milliseconds(400));
  EXPECT_EQ(Limit(Work::kWrite), 4) << "never below the fewest";
  for (int i = 0; i < 200; ++i) {
    const std::vector<Place> places = Fill(Work::kWrite, "a");  // Until one is refused.
    now_ += milliseconds(50);
    for (const Place& place : places) admission_.Leave(place, now_);
  }
  EXPECT_EQ(Limit(Work::kWrite), 64) << "and never above the most";
}

TEST_F(AdmissionTest, TakesCallsThatWereNeverServedForNoFastAnswers) {
  using Outcome = Admission::Outcome;
  for (int i = 0; i < 100; ++i) {
    const std::vector<Place> places = Fill(Work::kWrite, "a");  // Until one is refused.
    now_ += milliseconds(50);
    for (const Place& place : places) {
      admission_.Leave(place, now_, i % 2 == 0 ? Outcome::kNotServed : Outcome::kRefused);
    }
  }
  EXPECT_EQ(Limit(Work::kWrite), 16);
  EXPECT_EQ(admission_.Read(Work::kWrite).taken, 0);
}

TEST_F(AdmissionTest, CountsWhoWasRefusedFurtherOnAsRefused) {
  const std::vector<Place> places = Fill(Work::kWrite, "a", 2);
  ASSERT_EQ(places.size(), 2u);
  admission_.Leave(places[0], now_, Admission::Outcome::kNotServed);
  EXPECT_EQ(admission_.Read(Work::kWrite).refused, 0u);
  admission_.Leave(places[1], now_, Admission::Outcome::kRefused);
  EXPECT_EQ(admission_.Read(Work::kWrite).refused, 1u);
  EXPECT_EQ(admission_.Read(Work::kWrite).taken, 0);
}

TEST_F(AdmissionTest, DoesNotGrowWhileNobodyIsRefused) {
  for (int i = 0; i < 100; ++i) Answer(Work::kWrite, 10, milliseconds(1));
  EXPECT_EQ(Limit(Work::kWrite), 16);
}

TEST_F(AdmissionTest, TakesSlowAnswersOfAnIdleServiceForNoSignOfLoad) {
  for (int i = 0; i < 100; ++i) Answer(Work::kWrite, 2, milliseconds(5'000));
  EXPECT_EQ(Limit(Work::kWrite), 16);
}

TEST_F(AdmissionTest, ReadsGiveWayWhenWritesAreSlow) {
  const std::vector<Place> reads = Fill(Work::kRead, "reader");
  ASSERT_EQ(reads.size(), 8u);
  Answer(Work::kWrite, 16, milliseconds(300));
  EXPECT_LT(Limit(Work::kRead), 8);
  EXPECT_EQ(Limit(Work::kWrite), 16);
  Answer(Work::kWrite, 16, milliseconds(300));
  EXPECT_EQ(Limit(Work::kRead), 2) << "some always go on";
  Answer(Work::kWrite, 16, milliseconds(300));
  EXPECT_LT(Limit(Work::kWrite), 16) << "reads have nothing more to give";
}

TEST_F(AdmissionTest, ReadsGiveWayHoweverFastTheyAre) {
  Answer(Work::kRead, 4, milliseconds(1));
  ASSERT_EQ(Fill(Work::kRead, "reader").size(), 8u);
  Answer(Work::kWrite, 16, milliseconds(300));
  EXPECT_EQ(Limit(Work::kRead), 4);
}

TEST_F(AdmissionTest, AdvisesToComeBackLaterTheMoreAreRefusedAndNotAllAtOnce) {
  std::set<milliseconds> calm;
  for (int i = 0; i < 8; ++i) calm.insert(admission_.RetryDelay(Work::kWrite));
  EXPECT_EQ(*calm.begin(), milliseconds(kShedRetryDelayMs));
  EXPECT_EQ(calm.size(), 8u);
  EXPECT_LT(*calm.rbegin(), milliseconds(2 * kShedRetryDelayMs));
  Fill(Work::kWrite, "a");
  for (int i = 0; i < 16 * 9; ++i) Enter(Work::kWrite, "a");  // Ten times what comes in.
  milliseconds longest{};
  for (int i = 0; i < 8; ++i) {
    longest = std::max(longest, admission_.RetryDelay(Work::kWrite));
    EXPECT_LE(admission_.RetryDelay(Work::kWrite), milliseconds(kShedRetryDelayMaxMs));
  }
  EXPECT_GE(longest, milliseconds(9 * kShedRetryDelayMs));
  for (int i = 0; i < 10'000; ++i) Enter(Work::kWrite, "a");
  for (int i = 0; i < 8; ++i)
    EXPECT_LE(admission_.RetryDelay(Work::kWrite), milliseconds(kShedRetryDelayMaxMs));
}

// ---- A model of group commit: what waits is taken at once, a batch costs so much and each of it
// so much more. Time is the model's own.

struct Caller {
  std::string name;
  double per_second = 0;
  int64_t offered = 0;
  int64_t answered = 0;
};

struct Outcome {
  std::vector<double> took_ms;  // Sorted, of those answered after the first seconds.
  int64_t most_waiting = 0;
  double Quantile(double q) const {
    return took_ms.empty()
               ? 0
               : took_ms[static_cast<size_t>(q * static_cast<double>(took_ms.size() - 1))];
  }
};

// Offers so many seconds of Poisson arrivals, the first two of which are not counted, and then
// answers what waits.
Outcome Simulate(Admission& admission, std::vector<Caller>& callers, milliseconds batch,
                 milliseconds each, int seconds, uint64_t seed) {
  using Duration = Admission::Duration;
  std::mt19937_64 random(seed);
  static Admission::Time begin{};  // One after the other, as one clock would have it.
  const Admission::Time start = begin += std::chrono::hours(1);
  const Admission::Time counted = start + std::chrono::seconds(2);
  const Admission::Time end = start + std::chrono::seconds(seconds);
  std::multimap<Admission::Time, size_t> arrivals;
  const auto next = [&](size_t caller, Admission::Time from) {
    std::exponential_distribution<double> gap(callers[caller].per_second);
    arrivals.emplace(
        from + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(gap(random))),
        caller);
  };
  for (size_t i = 0; i < callers.size(); ++i) next(i, start);
  struct Waiting {
    Place place;
    size_t caller;
  };
  std::deque<Waiting> waiting;
  std::vector<Waiting> committing;
  Admission::Time done = Admission::Time::max();
  Outcome out;
  while (true) {
    const Admission::Time arrival = arrivals.begin()->first;
    if (std::min(arrival, done) >= end) break;
    if (arrival < done) {
      const size_t caller = arrivals.begin()->second;
      arrivals.erase(arrivals.begin());
      next(caller, arrival);
      if (arrival >= counted) ++callers[caller].offered;
      if (auto place = admission.Enter(Work::kWrite, callers[caller].name, 100, arrival)) {
        waiting.push_back({*place, caller});
      }
    } else {
      for (const Waiting& one : committing) {
        admission.Leave(one.place, done);
        if (done < counted) continue;
        ++callers[one.caller].answered;
        out.took_ms.push_back(
            std::chrono::duration<double, std::milli>(done - one.place.since).count());
      }
      committing.clear();
    }
    const Admission::Time now = std::min(arrival, done);
    out.most_waiting =
        std::max(out.most_waiting, static_cast<int64_t>(waiting.size() + committing.size()));
    if (committing.empty()) {
      committing.assign(waiting.begin(), waiting.end());
      waiting.clear();
      done = committing.empty() ? Admission::Time::max()
                                : now + batch + each * static_cast<int64_t>(committing.size());
    }
  }
  for (const Waiting& one : committing) admission.Leave(one.place, end);
  for (const Waiting& one : waiting) admission.Leave(one.place, end);
  std::sort(out.took_ms.begin(), out.took_ms.end());
  return out;
}

int64_t Sum(const std::vector<Caller>& callers, int64_t Caller::*what) {
  int64_t sum = 0;
  for (const Caller& caller : callers) sum += caller.*what;
  return sum;
}

std::vector<Caller> Callers(int count, double per_second) {
  std::vector<Caller> out;
  for (int i = 0; i < count; ++i)
    out.push_back({.name = "caller " + std::to_string(i), .per_second = per_second / count});
  return out;
}

constexpr milliseconds kBatch(20);
constexpr milliseconds kEach(2);
constexpr int kSeconds = 30;

TEST(AdmissionUnderLoad, KeepsGoodputAndLatencyAtTenTimesWhatCanBeDone) {
  const uint64_t seed = testing_support::CampaignSeed("admission at ten times");
  double capacity = 0;
  {
    Admission admission;
    auto callers = Callers(20, 600);
    Simulate(admission, callers, kBatch, kEach, kSeconds, seed);
    capacity = static_cast<double>(Sum(callers, &Caller::answered)) / (kSeconds - 2);
  }
  double calm_p99 = 0;
  {
    Admission admission;
    auto callers = Callers(20, 0.8 * capacity);
    calm_p99 = Simulate(admission, callers, kBatch, kEach, kSeconds, seed).Quantile(0.99);
    const Admission::Reading reading = admission.Read(Work::kWrite);
    EXPECT_LE(static_cast<double>(reading.refused), 0.005 * static_cast<double>(reading.entered))
        << "below capacity next to nobody is refused";
  }
  for (const double times : {2.0, 5.0, 10.0}) {
    Admission admission;
    auto callers = Callers(20, times * capacity);
    const Outcome outcome = Simulate(admission, callers, kBatch, kEach, kSeconds, seed);
    EXPECT_GE(static_cast<double>(Sum(callers, &Caller::answered)) / (kSeconds - 2), 0.9 * capacity)
        << times;
    EXPECT_LE(outcome.Quantile(0.99), 2 * calm_p99) << times;
    EXPECT_LE(outcome.most_waiting, 3 * kWritesAdmittedFirst) << times;
  }
}

TEST(AdmissionUnderLoad, AGreedyCallerLeavesTheOthersWhatTheyHadWithoutIt) {
  const uint64_t seed = testing_support::CampaignSeed("a greedy caller");
  for (const double share : {0.3, 0.5, 0.7}) {
    // Of what they offer, since no two runs offer the same.
    const auto served = [](const std::vector<Caller>& callers) {
      return static_cast<double>(Sum(callers, &Caller::answered)) /
             static_cast<double>(Sum(callers, &Caller::offered));
    };
    double alone = 0;
    {
      Admission admission;
      auto callers = Callers(10, share * 400);
      Simulate(admission, callers, kBatch, kEach, kSeconds, seed);
      alone = served(callers);
    }
    Admission admission;
    auto callers = Callers(10, share * 400);
    callers.push_back({.name = "greedy", .per_second = 4'000});
    Simulate(admission, callers, kBatch, kEach, kSeconds, seed);
    const int64_t greedy = callers.back().answered;
    callers.pop_back();
    EXPECT_GE(served(callers), 0.95 * alone) << share;
    EXPECT_GT(greedy, 0) << "what is left is the greedy one's";
  }
}

TEST(AdmissionUnderLoad, AdmitsEverybodyAgainAsSoonAsTheLoadHasGone) {
  Admission admission;
  auto many = Callers(20, 4'000);
  Simulate(admission, many, kBatch, kEach, 10, 7);
  ASSERT_GT(admission.Read(Work::kWrite).refused, 0u);
  const uint64_t before = admission.Read(Work::kWrite).refused;
  auto few = Callers(20, 250);
  // Later by the same clock. All who were at work have left; the limit is where the load left it.
  Simulate(admission, few, kBatch, kEach, 10, 8);
  EXPECT_LE(static_cast<double>(admission.Read(Work::kWrite).refused - before), 0.01 * 2'500);
}

}  // namespace
}  // namespace imdi::base
