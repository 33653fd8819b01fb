#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/limits.h"
#include "services/process/hosted.h"

namespace imdi::process {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const absl::Duration kMost = absl::Milliseconds(base::kReadyLagMs);

TEST(ReadyByLag, WhatIsCurrentIsReadyWithoutARemark) {
  const transport::Readiness ready = ReadyByLag(absl::ZeroDuration(), "");
  EXPECT_THAT(ready.not_ready, IsEmpty());
  EXPECT_THAT(ready.remark, IsEmpty());
}

TEST(ReadyByLag, WhatIsOldIsReadyUpToTheBoundAndSaysThatItIsOld) {
  for (const absl::Duration lag : {absl::Nanoseconds(1), kMost}) {
    const transport::Readiness ready = ReadyByLag(lag, "ingestion is away");
    EXPECT_THAT(ready.not_ready, IsEmpty()) << lag;
    EXPECT_THAT(ready.remark, HasSubstr("ingestion is away")) << lag;
  }
}

TEST(ReadyByLag, WhatIsOlderThanTheBoundIsNotReadyAndSaysHowOldAndWhy) {
  const transport::Readiness ready = ReadyByLag(kMost + absl::Seconds(1), "ingestion is away");
  EXPECT_THAT(ready.not_ready, HasSubstr("for 61 s now: ingestion is away"));
}

}  // namespace
}  // namespace imdi::process
