#include "services/ingestion/scrubber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "services/base/limits.h"

namespace imdi::ingestion {
namespace {

// Waits for something that the scrubber's thread says.
class Signal {
 public:
  void Give() {
    base::MutexLock lock(mutex_);
    given_ = true;
    changed_.NotifyAll();
  }
  void Wait() {
    base::MutexLock lock(mutex_);
    while (!given_) changed_.Wait(mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  bool given_ = false;
};

TEST(Scrubber, ReadsTheWholeLogStepByStepAndThenRests) {
  std::vector<int64_t> read;
  Signal passed;
  {
    const Scrubber scrubber(
        [&](int64_t from) -> absl::StatusOr<Scrubber::Step> {
          read.push_back(from);
          return Scrubber::Step{.bytes = 10, .next = from >= 201 ? 1 : from + 100};
        },
        [&] { passed.Give(); });
    passed.Wait();
  }
  EXPECT_THAT(read, testing::ElementsAre(1, 101, 201));
}

TEST(Scrubber, StopsAtTheFirstDamage) {
  std::vector<int64_t> read;
  Signal met;
  {
    const Scrubber scrubber([&](int64_t from) -> absl::StatusOr<Scrubber::Step> {
      read.push_back(from);
      if (from == 101) {
        met.Give();
        return absl::DataLossError("damaged");
      }
      return Scrubber::Step{.bytes = 10, .next = from + 100};
    });
    met.Wait();
  }
  EXPECT_THAT(read, testing::ElementsAre(1, 101));
}

TEST(Scrubber, RestsLongEnoughToStayBelowItsRate) {
  EXPECT_EQ(Scrubber::RestAfter(static_cast<int64_t>(base::kScrubBytesPerSecond)),
            absl::Seconds(1));
}

}  // namespace
}  // namespace imdi::ingestion
