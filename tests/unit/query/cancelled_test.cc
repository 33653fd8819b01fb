// Long answers stop soon after their caller has gone: counted in what was still asked, not in time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>

#include "services/query/claim_cache.h"
#include "services/query/claims.h"
#include "services/query/figures.h"
#include "services/query/notes.h"
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
    for (const char* id : {"C1", "C2", "C3"})
      aggregation.ApplyClaim("E17", id, {"IND_CODE.ALL"}, 50);
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

TEST_F(Cancelled, ASeriesLooksBeforeEveryEditionAndEveryChange) {
  query_pb::GetSeriesRequest request;
  request.set_parent("surveys/SMALL");
  request.set_cell("IND_CODE.ALL");
  request.set_live(true);
  StopsAtEveryLook(&GetSeries, request, 2 + 1);
}

TEST_F(Cancelled, LiveSentencesLookBeforeEveryChangeAndEverySentence) {
  query_pb::ListClaimsRequest request;
  request.set_parent("editions/E17/releases/live");
  StopsAtEveryLook(&ListClaims, request, 1 + 3);
}

TEST_F(Cancelled, AnExplanationOfALiveChangeLooksBeforeEveryChangeAndEverySentence) {
  query_pb::ExplainFigureRequest request;
  request.set_name("editions/E17/releases/live/changes/IND_CODE.ALL@2016");
  StopsAtEveryLook(&ExplainFigure, request, 1 + 3);
}

TEST(ClaimCache, AskedWhileAnotherCallerJudgesItWaitsUntilItsOwnCallerGoes) {
  ClaimCache cache;
  std::promise<void> begun;
  std::promise<void> may_end;
  auto first = std::async(std::launch::async, [&] {
    return cache.Get(
        "E17",
        [&]() -> absl::StatusOr<ClaimCache::Judged> {
          begun.set_value();
          may_end.get_future().wait();
          return ClaimCache::Judged();
        },
        absl::OkStatus);
  });
  begun.get_future().wait();
  int looks = 0;
  const auto again = [] { return absl::InternalError("judged twice"); };
  const auto waited =
      cache.Get("E17", again, [&] { return ++looks == 3 ? base::CallerGone() : absl::OkStatus(); });
  EXPECT_EQ(base::ReasonOf(waited.status()), Reason::kCancelled);
  may_end.set_value();
  const auto judged = first.get();
  ASSERT_TRUE(judged.ok());
  EXPECT_EQ(*cache.Get("E17", again, absl::OkStatus), *judged) << "one judgement for all";
}

TEST(ClaimCache, WhatOneCallerGaveUpTheNextOneJudges) {
  ClaimCache cache;
  const auto gone = cache.Get(
      "E17", [] { return base::CallerGone(); }, absl::OkStatus);
  EXPECT_EQ(base::ReasonOf(gone.status()), Reason::kCancelled);
  const auto judged = cache.Get(
      "E17", [] { return ClaimCache::Judged(); }, absl::OkStatus);
  ASSERT_TRUE(judged.ok()) << judged.status();
  EXPECT_NE(*judged, nullptr);
}

}  // namespace
}  // namespace imdi::query
