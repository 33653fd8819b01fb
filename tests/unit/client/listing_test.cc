#include "imdi/survey/client/listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "imdi/survey/client/error.h"

namespace imdi::survey::client {
namespace {

using ::testing::ElementsAre;

absl::Status Gone() {
  return StatusOf({.code = absl::StatusCode::kAborted,
                   .reason = error::v1::REASON_SNAPSHOT_GONE,
                   .message = "start from the first page"});
}

// A list of numbers whose snapshot goes after so many pages, so many times.
class Numbers {
 public:
  Numbers(int count, int page, int gone_after = 0, int times = 0)
      : count_(count), page_(page), gone_after_(gone_after), times_(times) {}

  Listing<int> List() {
    return Listing<int>([this](const std::string& token) -> absl::StatusOr<Listing<int>::Page> {
      if (times_ > 0 && pages_ == gone_after_) {
        --times_;
        pages_ = 0;
        generation_ += 1'000;
        return Gone();
      }
      ++pages_;
      const int from = token.empty() ? 0 : std::stoi(token);
      Listing<int>::Page out;
      for (int i = from; i < std::min(count_, from + page_); ++i)
        out.items.push_back(generation_ + i);
      if (from + page_ < count_) out.next_page_token = std::to_string(from + page_);
      return out;
    });
  }

 private:
  const int count_;
  const int page_;
  const int gone_after_;
  int times_;
  int pages_ = 0;
  int generation_ = 0;
};

TEST(Listing, JoinsPagesOfEverySizeToTheWholeList) {
  for (int count = 0; count <= 9; ++count) {
    std::vector<int> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    for (int page = 1; page <= 10; ++page) {
      Numbers numbers(count, page);
      EXPECT_EQ(numbers.List().All().value(), all) << count << " by " << page;
      Listing<int> list = numbers.List();
      std::vector<int> one_by_one;
      while (const int* next = list.Next()) one_by_one.push_back(*next);
      EXPECT_EQ(one_by_one, all);
      EXPECT_TRUE(list.status().ok());
      EXPECT_EQ(list.Next(), nullptr) << "the end stays the end";
    }
  }
}

TEST(Listing, EndsWhereItsSnapshotGoesRatherThanMixingTwo) {
  Numbers numbers(5, 2, 1, 1);
  Listing<int> list = numbers.List();
  std::vector<int> given;
  while (const int* next = list.Next()) given.push_back(*next);
  EXPECT_THAT(given, ElementsAre(0, 1));
  EXPECT_EQ(list.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(list.status()), error::v1::REASON_SNAPSHOT_GONE);
}

TEST(Listing, BeginsAgainByItselfWhereNothingWasGivenYet) {
  Numbers numbers(3, 2, 0, 1);
  Listing<int> list = numbers.List();
  EXPECT_EQ(*list.Next(), 1'000);
}

TEST(Listing, AllIsOfOneSnapshotAndBeginsAgainThreeTimesAtMost) {
  EXPECT_THAT(Numbers(5, 2, 2, 1).List().All().value(),
              ElementsAre(1'000, 1'001, 1'002, 1'003, 1'004));
  EXPECT_THAT(Numbers(3, 2, 1, 3).List().All().value(), ElementsAre(3'000, 3'001, 3'002));
  EXPECT_EQ(ReasonOf(Numbers(3, 2, 1, 4).List().All().status()), error::v1::REASON_SNAPSHOT_GONE);
}

TEST(Listing, GivesAnyOtherErrorAsItIs) {
  Listing<int> list([](const std::string&) -> absl::StatusOr<Listing<int>::Page> {
    return absl::NotFoundError("no such edition");
  });
  EXPECT_EQ(list.Next(), nullptr);
  EXPECT_EQ(list.status(), absl::NotFoundError("no such edition"));
  EXPECT_EQ(list.All().status(), absl::NotFoundError("no such edition"));
}

}  // namespace
}  // namespace imdi::survey::client
