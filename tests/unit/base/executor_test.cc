#include "services/base/executor.h"

#include <pthread.h>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "services/base/mutex.h"

namespace imdi::base {
namespace {

// Holds every worker of an executor until it is opened.
class Gate {
 public:
  // One piece of work for each of `threads` workers; returns when all of them are inside.
  void Occupy(BoundedExecutor& executor, int threads) {
    for (int i = 0; i < threads; ++i) {
      std::promise<void> inside;
      ASSERT_TRUE(executor.TrySubmit([&inside, open = open_] {
        inside.set_value();
        open.wait();
      }));
      inside.get_future().wait();
    }
  }
  void Open() { opener_.set_value(); }

 private:
  std::promise<void> opener_;
  const std::shared_future<void> open_ = opener_.get_future().share();
};

TEST(BoundedExecutor, RefusesWhatDoesNotFitAndTakesItAgainLater) {
  BoundedExecutor executor("bound", 2, 3);
  Gate gate;
  gate.Occupy(executor, 2);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(executor.TrySubmit([&] { ++ran; }));
  EXPECT_EQ(executor.QueueSize(), 3u);
  EXPECT_FALSE(executor.TrySubmit([&] { ran += 100; }));
  EXPECT_FALSE(executor.TrySubmit([&] { ran += 100; }));
  EXPECT_EQ(executor.RefusedCount(), 2u);
  EXPECT_EQ(executor.QueueSize(), 3u);
  EXPECT_EQ(ran, 0);
  gate.Open();
  std::promise<void> done;
  while (!executor.TrySubmit([&] { done.set_value(); })) std::this_thread::yield();
  done.get_future().wait();
  executor.Drain();
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(executor.QueueSize(), 0u);
}

TEST(BoundedExecutor, DrainRunsWhatWasTakenAndTakesNoMore) {
  BoundedExecutor executor("drain", 1, 100);
  Gate gate;
  gate.Occupy(executor, 1);
  std::vector<int> ran;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(executor.TrySubmit([&ran, i] { ran.push_back(i); }));
  gate.Open();
  executor.Drain();
  ASSERT_EQ(ran.size(), 50u);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(ran[static_cast<size_t>(i)], i) << "one thread keeps the order";
  EXPECT_FALSE(executor.TrySubmit([&] { ran.push_back(-1); }));
  executor.Drain();
  EXPECT_EQ(ran.size(), 50u);
}

TEST(BoundedExecutor, DestructionRunsWhatWasTaken) {
  std::atomic<int> ran = 0;
  {
    BoundedExecutor executor("gone", 3, 1000);
    for (int i = 0; i < 1000; ++i) {
      while (!executor.TrySubmit([&] { ++ran; })) std::this_thread::yield();
    }
  }
  EXPECT_EQ(ran, 1000);
}

TEST(BoundedExecutor, RunsEachPieceOnceFromManyThreads) {
  constexpr int kSubmitters = 8;
  constexpr int kEach = 2000;
  std::vector<std::atomic<int>> runs(kSubmitters * kEach);
  std::atomic<int> taken = 0, refused = 0;
  BoundedExecutor executor("many", 4, 16);
  std::vector<std::thread> submitters;
  for (int s = 0; s < kSubmitters; ++s) {
    submitters.emplace_back([&, s] {
      for (int i = 0; i < kEach; ++i) {
        auto& slot = runs[static_cast<size_t>(s * kEach + i)];
        if (executor.TrySubmit([&slot] { ++slot; }))
          ++taken;
        else {
          ++refused;
          --slot;  // A refused piece that runs nevertheless would show as 0.
        }
        EXPECT_LE(executor.QueueSize(), 16u);
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  executor.Drain();
  int ones = 0, refusals = 0;
  for (const auto& slot : runs) {
    ones += slot == 1 ? 1 : 0;
    refusals += slot == -1 ? 1 : 0;
  }
  EXPECT_EQ(ones, taken);
  EXPECT_EQ(refusals, refused);
  EXPECT_EQ(taken + refused, kSubmitters * kEach);
  EXPECT_EQ(executor.RefusedCount(), static_cast<uint64_t>(refused.load()));
}

TEST(BoundedExecutor, DrainsFromSeveralThreadsWhileOthersSubmit) {
  for (int round = 0; round < 50; ++round) {
    BoundedExecutor executor("race", 2, 8);
    std::atomic<int> taken = 0, ran = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) {
          if (executor.TrySubmit([&] { ++ran; })) ++taken;
        }
      });
    }
    for (int t = 0; t < 2; ++t) threads.emplace_back([&] { executor.Drain(); });
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(ran, taken);
  }
}

TEST(BoundedExecutor, UsesAllItsThreadsAndNamesThem) {
  BoundedExecutor executor("a name of more than 15 bytes", 3, 8);
  Gate gate;
  gate.Occupy(executor, 3);  // Returns only when three workers are inside at once.
  gate.Open();
  std::promise<std::string> name;
  ASSERT_TRUE(executor.TrySubmit([&] {
    char buffer[32] = {};
    pthread_getname_np(pthread_self(), buffer, sizeof(buffer));
    name.set_value(buffer);
  }));
  EXPECT_EQ(name.get_future().get(), "a name of more ");
}

TEST(BoundedExecutor, LetsGoOfWorkOnceItHasRun) {
  BoundedExecutor executor("release", 1, 8);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> weak = held;
  ASSERT_TRUE(executor.TrySubmit([held = std::move(held)] { ASSERT_EQ(*held, 1); }));
  executor.Drain();
  EXPECT_TRUE(weak.expired());
  auto refused = std::make_shared<int>(2);
  EXPECT_FALSE(executor.TrySubmit([refused] { ASSERT_EQ(*refused, 2); }));
  EXPECT_EQ(refused.use_count(), 1);
}

TEST(BoundedExecutor, RunsControlBeforeWritesAndWritesBeforeReads) {
  BoundedExecutor executor("order", 1, 8);
  Gate gate;
  gate.Occupy(executor, 1);
  std::string order;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(executor.TrySubmit([&] { order += 'r'; }, Work::kRead));
    EXPECT_TRUE(executor.TrySubmit([&] { order += 'w'; }, Work::kWrite));
    EXPECT_TRUE(executor.TrySubmit([&] { order += 'c'; }, Work::kControl));
  }
  gate.Open();
  executor.Drain();
  EXPECT_EQ(order, "ccwwrr");
}

TEST(BoundedExecutor, ReadsThatFillTheirQueueTakeNoPlaceOfWrites) {
  BoundedExecutor executor("kinds", 1, 2);
  Gate gate;
  gate.Occupy(executor, 1);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(executor.TrySubmit([&] { ++ran; }, Work::kRead));
  EXPECT_FALSE(executor.TrySubmit([&] { ran += 100; }, Work::kRead));
  EXPECT_TRUE(executor.TrySubmit([&] { ++ran; }, Work::kWrite));
  gate.Open();
  executor.Drain();
  EXPECT_EQ(ran, 3);
}

TEST(BoundedExecutor, ReadsLeaveOneThreadToTheOthers) {
  BoundedExecutor executor("reads", 3, 8);
  std::promise<void> opener;
  const std::shared_future<void> open = opener.get_future().share();
  std::atomic<int> reading = 0;
  std::atomic<int> most = 0;
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(executor.TrySubmit(
        [&] {
          const int now = ++reading;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          open.wait();
          --reading;
        },
        Work::kRead));
  }
  std::promise<void> written;
  EXPECT_TRUE(executor.TrySubmit([&] { written.set_value(); }, Work::kWrite));
  written.get_future().wait();  // Would never come if the reads held all threads.
  while (reading < 2) std::this_thread::yield();
  opener.set_value();
  executor.Drain();
  EXPECT_EQ(most, 2);
  EXPECT_EQ(executor.QueueSize(), 0u);
}

}  // namespace
}  // namespace imdi::base
