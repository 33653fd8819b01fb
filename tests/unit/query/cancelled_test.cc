// Long answers stop soon after their caller has gone: counted in what was still asked, not in time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "services/query/figures.h"
#include "services/query/series.h"
#include "services/query/table.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;

class Cancelled : public testing::Test {
 protected:
  Cancelled() {
    aggregation.ApplyTwoEditions();
    aggregation.AnswerBoth();
    EXPECT_TRUE(query.Follow(aggregation).ok());
  }

  // The caller goes at each look in turn; whatever the look, it is the last.
  template <typename Request, typename Answer>
  void StopsAtEveryLook(absl::StatusOr<Answer> (*use_case)(Reading&, const Request&),
                        const Request& request, int looks_min) {
    int looks = 0;
    const auto ask = [&](int goes_at) {
      looks = 0;
      // Its own answer would be kept and found again.
      SmallQuery fresh;
      EXPECT_TRUE(fresh.Take(aggregation.Begin(fresh.keeper->Request())).ok());
      Reading reading(fresh.snapshots, *fresh.shelf, fresh.snapshots.Current(),
                      /*may_read_disk=*/true, [&] { return ++looks >= goes_at; });
      return use_case(reading, request).status();
    };
    ASSERT_TRUE(ask(1'000'000'000).ok());
    const int all = looks;
    EXPECT_GE(all, looks_min);
    for (int goes_at = 1; goes_at <= all; goes_at += 1 + all / 20) {
      const absl::Status status = ask(goes_at);
      EXPECT_EQ(base::ReasonOf(status), Reason::kCancelled) << goes_at << ": " << status;
      EXPECT_EQ(looks, goes_at) << "nothing more was done";
    }
  }

  SmallAggregation aggregation;
  SmallQuery query;
};

TEST_F(Cancelled, ATableLooksBeforeEveryRow) {
  query_pb::GetTableRequest request;
  request.set_parent("editions/E17/releases/live");
  StopsAtEveryLook(&GetTable, request, 30);
}

TEST_F(Cancelled, AListOfFiguresLooksBeforeEverySixtyFourthFigure) {
  query_pb::ListFiguresRequest request;
  request.set_parent("editions/E17/releases/live");
  StopsAtEveryLook(&ListFigures, request, 2);  // Of some ninety figures.
}

TEST_F(Cancelled, ASeriesLooksBeforeEveryEdition) {
  query_pb::GetSeriesRequest request;
  request.set_parent("surveys/SMALL");
  request.set_cell("IND_CODE.ALL");
  request.set_live(true);
  StopsAtEveryLook(&GetSeries, request, 2);
}

}  // namespace
}  // namespace imdi::query
