#include "clients/cli/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "services/base/call_context.h"
#include "services/base/error.h"

namespace imdi::cli {
namespace {

absl::Status Away() { return absl::UnavailableError("away"); }

TEST(WithRetries, TriesAgainWithPatienceWithoutEnd) {
  EXPECT_GT(EndOf(absl::InfiniteDuration()), base::SteadyClock::now() + std::chrono::hours(24));
  int calls = 0;
  const absl::Status status = WithRetries(absl::InfiniteDuration(),
                                          [&] { return ++calls < 3 ? Away() : absl::OkStatus(); });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(calls, 3);
}

TEST(WithRetries, EndsWhenPatienceIsOverAndSaysHowMuchIsLeft) {
  constexpr absl::Duration kAll = absl::Seconds(1);
  const auto begun = base::SteadyClock::now();
  std::vector<absl::Duration> left;
  EXPECT_EQ(WithRetries(kAll,
                        [&](absl::Duration now) {
                          left.push_back(now);
                          return Away();
                        }),
            Away());
  EXPECT_GT(base::SteadyClock::now() - begun, std::chrono::milliseconds(40));
  ASSERT_GE(left.size(), 2U);
  EXPECT_LE(left.front(), kAll);
  for (size_t i = 1; i < left.size(); ++i) EXPECT_LT(left[i], left[i - 1]);
}

TEST(WithRetries, DoesNotWaitForATryThatWouldComeTooLate) {
  const auto begun = base::SteadyClock::now();
  const absl::Status later = base::WithRetryDelay(
      base::Error(base::Reason::kOverloaded, "come back in an hour"), absl::Hours(1));
  int calls = 0;
  const absl::Status status = WithRetries(absl::Minutes(5), [&] {
    ++calls;
    return later;
  });
  EXPECT_EQ(status, later);
  EXPECT_EQ(calls, 1);
  EXPECT_LT(base::SteadyClock::now() - begun, std::chrono::minutes(1));
}

TEST(WithRetries, WhereTheLastTryIsCutShortItSaysWhatTheOnesBeforeItWaitedFor) {
  const absl::Status waits =
      base::Error(base::Reason::kNotYetFolded, "position 8 is not served yet, 7 is");
  for (const absl::Status& cut :
       {absl::DeadlineExceededError("Deadline Exceeded"), base::CallerGone()}) {
    int calls = 0;
    const absl::Status status = WithRetries(absl::Milliseconds(200), [&](absl::Duration left) {
      return ++calls < 2 || left > absl::Milliseconds(100) ? waits : cut;
    });
    EXPECT_EQ(status, waits);
    EXPECT_GE(calls, 2);
  }
}

TEST(WithRetries, EndsAtAnAnswer) {
  int calls = 0;
  const absl::Status status = WithRetries(absl::InfiniteDuration(), [&] {
    ++calls;
    return absl::NotFoundError("no such thing");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace imdi::cli
