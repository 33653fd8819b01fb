#include "services/base/progress.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/base/log.h"

namespace imdi::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Lines of the log while it lives.
class Lines {
 public:
  Lines() {
    SetLogSink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~Lines() { SetLogSink({}); }
  const std::vector<std::string>& all() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

TEST(Progress, SaysHowFarARunHasCome) {
  Progress progress("scrub", "records");
  EXPECT_FALSE(progress.Look().running);
  EXPECT_EQ(progress.Look().ratio(), 0);
  Progress::Run run = progress.Begin();
  run.Plan(8);
  run.To(1);
  run.Add(1);
  const Progress::View view = progress.Look();
  EXPECT_EQ(view.task, "scrub");
  EXPECT_EQ(view.unit, "records");
  EXPECT_TRUE(view.running);
  EXPECT_EQ(view.done, 2);
  EXPECT_EQ(view.planned, 8);
  EXPECT_EQ(view.ratio(), 0.25);
  EXPECT_GE(view.took, absl::ZeroDuration());
}

TEST(Progress, ARunThatIsLeftHasFailedAndOneThatSucceededIsDone) {
  Progress progress("scrub", "records");
  { const Progress::Run run = progress.Begin(8); }
  EXPECT_EQ(progress.Look().failed, 1);
  EXPECT_EQ(progress.Look().last_success, absl::InfinitePast());
  Progress::Run run = progress.Begin(8);
  run.To(3);
  run.Succeed();
  run.To(4);
  run.End();
  const Progress::View view = progress.Look();
  EXPECT_FALSE(view.running);
  EXPECT_EQ(view.done, 8);
  EXPECT_EQ(view.ratio(), 1);
  EXPECT_EQ(view.succeeded, 1);
  EXPECT_EQ(view.failed, 1);
  EXPECT_GT(view.last_success, absl::UnixEpoch());
}

TEST(Progress, OfTwoRunsThatOverlapTheLaterIsShownAndBothAreCounted) {
  Progress progress("verify_log", "records");
  Progress::Run first = progress.Begin(100);
  Progress::Run second = progress.Begin(10);
  first.To(70);
  second.To(5);
  EXPECT_EQ(progress.Look().done, 5);
  first.Succeed();
  EXPECT_TRUE(progress.Look().running);
  second.Succeed();
  EXPECT_FALSE(progress.Look().running);
  EXPECT_EQ(progress.Look().succeeded, 2);
}

TEST(Progress, ARunMovesWithItsOwner) {
  Progress progress("refold", "records");
  std::optional<Progress::Run> kept;
  {
    Progress::Run run = progress.Begin(2);
    kept.emplace(std::move(run));
  }
  EXPECT_TRUE(progress.Look().running);
  kept->Succeed();
  EXPECT_EQ(progress.Look().failed, 0);
}

TEST(Progress, IsSilentInTheLogWhereItIsQuick) {
  const Lines lines;
  Progress progress("refold", "records", absl::Hours(1));
  Progress::Run run = progress.Begin(3);
  for (int i = 0; i < 3; ++i) run.Add(1);
  run.Succeed();
  EXPECT_THAT(lines.all(), IsEmpty());
}

TEST(Progress, WritesToTheLogNoMoreOftenThanItMay) {
  const Lines lines;
  {
    Progress progress("refold", "records", absl::ZeroDuration());
    Progress::Run run = progress.Begin(2);
    run.To(1);
    run.Succeed();
  }
  EXPECT_THAT(lines.all(),
              ElementsAre(HasSubstr(R"("event":"progress","task":"refold","done":1,"planned":2)"),
                          HasSubstr(R"("event":"progress_done","task":"refold","done":2)")));
}

TEST(Progress, IsReadWhileThreadsWorkAtIt) {
  Progress progress("refold", "records");
  Progress::Run run = progress.Begin(4'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&run] {
      for (int i = 0; i < 1'000; ++i) run.Add(1);
    });
  }
  for (int i = 0; i < 1'000; ++i) EXPECT_LE(progress.Look().done, 4'000);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(progress.Look().done, 4'000);
}

}  // namespace
}  // namespace imdi::base
