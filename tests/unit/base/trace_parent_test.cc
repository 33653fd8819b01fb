#include "services/base/trace_parent.h"

#include <string>

#include "gtest/gtest.h"

namespace imdi::base {
namespace {

const std::string kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceParent, IsWhatTheRecommendationSays) {
  EXPECT_TRUE(IsTraceParent(kGood));
  EXPECT_TRUE(IsTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff"));
  EXPECT_EQ(kGood.size(), kTraceParentBytes);
}

TEST(TraceParent, OfALaterVersionTheKnownBeginningCounts) {
  EXPECT_TRUE(IsTraceParent("cc" + kGood.substr(2)));
  EXPECT_TRUE(IsTraceParent("cc" + kGood.substr(2) + "-what-the-future-brings"));
  EXPECT_FALSE(IsTraceParent("cc" + kGood.substr(2) + "what"));
  EXPECT_FALSE(IsTraceParent(kGood + "-more")) << "version 00 has no more";
}

TEST(TraceParent, RefusesEverythingElse) {
  for (const std::string& wrong :
       {std::string(), std::string("00"), std::string(1000, 'f'), kGood.substr(1),
        kGood.substr(0, kGood.size() - 1), "ff" + kGood.substr(2), "0g" + kGood.substr(2),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01" + std::string(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01" + std::string(),
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01" + std::string(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x" + std::string(),
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" + std::string(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01" + std::string(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01" + std::string()}) {
    EXPECT_FALSE(IsTraceParent(wrong)) << wrong;
  }
  // Every single byte matters: none can be another letter.
  for (size_t at = 0; at < kGood.size(); ++at) {
    std::string wrong = kGood;
    wrong[at] = 'Z';
    EXPECT_FALSE(IsTraceParent(wrong)) << wrong;
  }
}

TEST(TraceParent, NamesItsTrace) {
  EXPECT_EQ(TraceIdOf(kGood), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(TraceIdOf(""), "");
}

}  // namespace
}  // namespace imdi::base
