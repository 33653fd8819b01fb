// Calls that wait for a position: reached, too late, too many, shut down, and all of that from many
// threads at once.

#include "services/query/wait_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"

namespace imdi::query {
namespace {

using base::Reason;

std::shared_ptr<const Snapshot> At(int64_t position) {
  auto out = std::make_shared<Snapshot>();
  out->position = position;
  return out;
}

// What a wait ended with.
struct Ended {
  absl::Status status;
  std::shared_ptr<const Snapshot> snapshot;
};

std::future<Ended> WaitFor(WaitList& list, int64_t position,
                           absl::Duration timeout = absl::InfiniteDuration(),
                           std::function<bool()> cancelled = nullptr) {
  auto promise = std::make_shared<std::promise<Ended>>();
  std::future<Ended> out = promise->get_future();
  list.Wait(
      position,
      timeout == absl::InfiniteDuration()
          ? base::SteadyTime::max()
          : base::SteadyClock::now() + absl::ToChronoNanoseconds(timeout),
      std::move(cancelled),
      [promise](absl::Status status, std::shared_ptr<const Snapshot> snapshot) {
        promise->set_value({std::move(status), std::move(snapshot)});  // Throws when called twice.
      });
  return out;
}
bool IsOver(const std::future<Ended>& wait) {
  return wait.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

TEST(WaitList, AnswersAtOnceWhenThePositionIsThere) {
  WaitList list(10);
  EXPECT_TRUE(IsOver(WaitFor(list, 0)));
  list.Advance(At(5));
  auto wait = WaitFor(list, 5);
  ASSERT_TRUE(IsOver(wait));
  const Ended ended = wait.get();
  EXPECT_TRUE(ended.status.ok());
  EXPECT_EQ(ended.snapshot, list.Current());
}

TEST(WaitList, ASwapEndsTheWaitsThatItReachesAndNoOthers) {
  WaitList list(10);
  auto five = WaitFor(list, 5), six = WaitFor(list, 6), seven = WaitFor(list, 7);
  EXPECT_EQ(list.waiting(), 3u);
  list.Advance(At(4));
  EXPECT_EQ(list.waiting(), 3u);
  const auto reached = At(6);
  list.Advance(reached);
  ASSERT_TRUE(IsOver(five) && IsOver(six));
  EXPECT_EQ(five.get().snapshot, reached);
  EXPECT_EQ(six.get().snapshot, reached);
  EXPECT_EQ(list.waiting(), 1u);
  list.Advance(At(100));
  EXPECT_TRUE(IsOver(seven));
}

TEST(WaitList, ADeadlineEndsTheWaitWithThePositionReachedAndARetryDelay) {
  WaitList list(10);
  list.Advance(At(41));
  auto longer = WaitFor(list, 42, absl::Seconds(60));
  const Ended ended = WaitFor(list, 43, absl::Milliseconds(20)).get();
  EXPECT_EQ(base::ReasonOf(ended.status), Reason::kNotYetFolded);
  EXPECT_EQ(ended.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(base::InfoOf(ended.status).metadata.at("position"), "41");
  EXPECT_EQ(base::InfoOf(ended.status).retry_delay, absl::Milliseconds(base::kShedRetryDelayMs));
  EXPECT_EQ(ended.snapshot, nullptr);
  EXPECT_EQ(list.waiting(), 1u) << "the other one waits on";
  list.Advance(At(42));
  EXPECT_TRUE(IsOver(longer));
}

TEST(WaitList, ADeadlineThatHasPassedDoesNotWait) {
  WaitList list(10);
  auto wait = WaitFor(list, 1, -absl::Seconds(1));
  ASSERT_TRUE(IsOver(wait));
  EXPECT_EQ(base::ReasonOf(wait.get().status), Reason::kNotYetFolded);
}

TEST(WaitList, AWaitWhoseCallerHasGoneEndsSoonAndTheOthersWaitOn) {
  WaitList list(10);
  std::atomic<bool> gone = false;
  auto stays = WaitFor(list, 1, absl::Seconds(60), [] { return false; });
  auto leaves = WaitFor(list, 1, absl::Seconds(60), [&] { return gone.load(); });
  EXPECT_EQ(list.waiting(), 2u);
  gone = true;
  // Well before the wait would have ended by itself.
  ASSERT_EQ(leaves.wait_for(std::chrono::milliseconds(base::kWaitForPositionMs / 2)),
            std::future_status::ready);
  EXPECT_EQ(base::ReasonOf(leaves.get().status), Reason::kCancelled);
  EXPECT_EQ(list.waiting(), 1u) << "its room is free";
  list.Advance(At(1));
  EXPECT_TRUE(stays.get().status.ok());
}

TEST(WaitList, NobodyWaitsLongerThanTheBound) {
  WaitList list(10);
  const absl::Time begin = absl::Now();
  const Ended ended = WaitFor(list, 1).get();
  EXPECT_EQ(base::ReasonOf(ended.status), Reason::kNotYetFolded);
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(base::kWaitForPositionMs - 1));
}

TEST(WaitList, OneTooManyIsShedAndARoomThatBecomesFreeIsTaken) {
  WaitList list(2);
  auto first = WaitFor(list, 1), second = WaitFor(list, 2);
  auto third = WaitFor(list, 2);
  ASSERT_TRUE(IsOver(third));
  const Ended shed = third.get();
  EXPECT_EQ(base::ReasonOf(shed.status), Reason::kTooManyWaiters);
  EXPECT_EQ(base::InfoOf(shed.status).retry_delay, absl::Milliseconds(base::kShedRetryDelayMs));
  EXPECT_TRUE(IsOver(WaitFor(list, 0))) << "who need not wait is answered even then";
  list.Advance(At(1));
  auto fourth = WaitFor(list, 2);
  EXPECT_FALSE(IsOver(fourth));
  list.Advance(At(2));
  EXPECT_TRUE(fourth.get().status.ok());
}

TEST(WaitList, TheEndOfTheListEndsEveryWait) {
  auto list = std::make_unique<WaitList>(10);
  auto one = WaitFor(*list, 1), two = WaitFor(*list, 2);
  list.reset();
  for (auto* wait : {&one, &two}) {
    ASSERT_TRUE(IsOver(*wait));
    EXPECT_EQ(base::ReasonOf(wait->get().status), Reason::kShuttingDown);
  }
}

TEST(WaitList, FromManyThreadsEveryWaitEndsOnceAndNeverWithTooSmallAPosition) {
  constexpr int kThreads = 4, kWaits = 500;
  std::atomic<int> ended = 0, reached = 0, late = 0, shed = 0, wrong = 0;
  {
    WaitList list(50);
    std::atomic<bool> stop = false;
    std::thread swaps([&] {
      for (int64_t position = 1; !stop; ++position) {
        list.Advance(At(position));
        std::this_thread::yield();
      }
    });
    std::vector<std::thread> callers;
    for (int thread = 0; thread < kThreads; ++thread) {
      callers.emplace_back([&, thread] {
        for (int i = 0; i < kWaits; ++i) {
          // Some are there already, some soon, some never in time.
          const int64_t wanted = list.Current()->position + (i % 3 == 0   ? 0
                                                             : i % 3 == 1 ? 20
                                                                          : 1'000'000'000);
          list.Wait(
              wanted, base::SteadyClock::now() + std::chrono::microseconds(200 * (thread + 1)),
              [] { return false; },
              [&, wanted](absl::Status status, std::shared_ptr<const Snapshot> snapshot) {
                ++ended;
                if (status.ok()) {
                  ++reached;
                  if (snapshot == nullptr || snapshot->position < wanted) ++wrong;
                } else if (base::ReasonOf(status) == Reason::kNotYetFolded ||
                           base::ReasonOf(status) == Reason::kShuttingDown) {
                  ++late;
                } else if (base::ReasonOf(status) == Reason::kTooManyWaiters) {
                  ++shed;
                } else {
                  ++wrong;
                }
              });
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    stop = true;
    swaps.join();
  }
  EXPECT_EQ(ended, kThreads * kWaits);
  EXPECT_EQ(reached + late + shed, kThreads * kWaits);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reached, 0);
  EXPECT_GT(late, 0);
}

}  // namespace
}  // namespace imdi::query
