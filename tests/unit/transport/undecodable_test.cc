// Bytes that are no message: the answer says where they go wrong.

#include "services/transport/undecodable.h"

#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "services/base/error.h"

namespace imdi::transport {
namespace {

std::string Field(int number, const std::string& bytes) {
  return std::string({static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())}) + bytes;
}

base::ErrorInfo Why(const std::string& bytes) {
  return base::InfoOf(WhyUndecodable(*google::rpc::BadRequest::descriptor(), bytes));
}

TEST(WhyUndecodable, NamesTheFieldThatIsNotUtf8) {
  const std::string good = Field(1, Field(1, "answers[0].item"));
  const std::string bad = Field(1, Field(1, "a") + Field(2,
                                                         "r\xE5"
                                                         "dmann"));
  const base::ErrorInfo info = Why(good + bad);
  EXPECT_EQ(info.reason, base::Reason::kInvalidUtf8);
  ASSERT_EQ(info.violations.size(), 1U);
  EXPECT_EQ(info.violations[0].field, "field_violations[1].description");
}

TEST(WhyUndecodable, SaysThatMessagesNestTooDeep) {
  std::string groups;
  for (int i = 0; i < 1'000; ++i) groups += static_cast<char>(15 << 3 | 3);
  for (int i = 0; i < 1'000; ++i) groups += static_cast<char>(15 << 3 | 4);
  EXPECT_EQ(Why(groups).reason, base::Reason::kNestingTooDeep);
  const base::ErrorInfo inside = Why(Field(1, groups.substr(0, 120)));
  EXPECT_EQ(inside.reason, base::Reason::kNestingTooDeep);
  ASSERT_EQ(inside.violations.size(), 1U);
  EXPECT_EQ(inside.violations[0].field, "field_violations[0]");
}

TEST(WhyUndecodable, CallsEverythingElseUndecodable) {
  const std::string good = Field(1, Field(1, "answers[0].item"));
  for (const std::string& bytes :
       {good.substr(0, 5), std::string("\x0A\xFF\xFF\xFF\xFF\x0F"), std::string(20, '\xFF'),
        std::string("\x0C"), std::string(1, '\0')}) {
    EXPECT_EQ(Why(bytes).reason, base::Reason::kUndecodableRequest);
    EXPECT_EQ(CanonicalCode(Why(bytes).reason), absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace imdi::transport
