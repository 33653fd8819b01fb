// Releases, what they changed, those who follow them; sentences and series over them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/base/limits.h"
#include "services/query/claims.h"
#include "services/query/lists.h"
#include "services/query/pulse.h"
#include "services/query/release_follower.h"
#include "services/query/series.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;

class Releases : public testing::Test {
 protected:
  Releases() {
    aggregation.ApplyTwoEditions();
    aggregation.ApplyClaim("E17", "F01", {"IND_CODE.ANSWERED", "IND_CODE.ALL"}, 50);
    aggregation.ApplyClaim("E17", "F02", {"IND_CODE.ANSWERED"}, 0, 2016);
    aggregation.AnswerBoth();
    EXPECT_TRUE(query.Follow(aggregation).ok());
  }
  void Publish(const std::string& edition) {
    aggregation.Publish(edition);
    ASSERT_TRUE(query.GoOn(aggregation).ok());
  }
  absl::StatusOr<query_pb::Release> Get(const std::string& name) {
    query_pb::GetReleaseRequest request;
    request.set_name(name);
    return query.Call(&GetRelease, request);
  }
  absl::StatusOr<query_pb::ListChangesResponse> Changes(const std::string& parent,
                                                        int32_t since = 0, int page_size = 0,
                                                        const std::string& token = "") {
    query_pb::ListChangesRequest request;
    request.set_parent(parent);
    request.set_since(since);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return query.Call(&ListChanges, request);
  }
  absl::StatusOr<query_pb::ListClaimsResponse> Claims(const std::string& parent) {
    query_pb::ListClaimsRequest request;
    request.set_parent(parent);
    return query.Call(&ListClaims, request);
  }
  absl::StatusOr<query_pb::Series> Series(const std::string& cell, bool live = true,
                                          const std::string& parent = "surveys/SMALL") {
    query_pb::GetSeriesRequest request;
    request.set_parent(parent);
    request.set_cell(cell);
    request.set_live(live);
    return query.Call(&GetSeries, request);
  }

  SmallAggregation aggregation;
  SmallQuery query;
};

TEST_F(Releases, AreListedByNumber) {
  EXPECT_EQ(ReasonOf(Get("editions/E17/releases/latest").status()), Reason::kUnknownResource);
  for (int i = 0; i < 3; ++i) {
    Publish("E17");
    aggregation.Answer("E17", "0107", 1 + i);
  }
  const auto latest = Get("editions/E17/releases/latest");
  ASSERT_TRUE(latest.ok()) << latest.status();
  EXPECT_EQ(latest->number(), 3);
  EXPECT_EQ(latest->content_hash().size(), 64u);
  EXPECT_EQ(Get("editions/E17/releases/2")->number(), 2);
  EXPECT_EQ(ReasonOf(Get("editions/E17/releases/4").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Get("editions/E17/releases/live").status()), Reason::kNameInvalid);
  EXPECT_EQ(ReasonOf(Get("editions/E18/releases/1").status()), Reason::kUnknownResource);
  query_pb::ListReleasesRequest request;
  request.set_parent("editions/E17");
  request.set_page_size(2);
  const auto first = query.Call(&ListReleases, request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->releases_size(), 2);
  request.set_page_token(first->next_page_token());
  const auto second = query.Call(&ListReleases, request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->releases_size(), 1);
  EXPECT_EQ(second->releases(0).number(), 3);
  EXPECT_EQ(second->next_page_token(), "");
  request.set_parent("editions/E16");
  EXPECT_EQ(ReasonOf(query.Call(&ListReleases, request).status()), Reason::kPageTokenInvalid);
  request.clear_page_token();
  EXPECT_EQ(query.Call(&ListReleases, request)->releases_size(), 0);
  query_pb::ListEditionsRequest editions;
  const auto summaries = query.Call(&ListEditions, editions);
  ASSERT_TRUE(summaries.ok());
  ASSERT_EQ(summaries->editions_size(), 2);
  EXPECT_EQ(summaries->editions(0).latest_release(), 0);
  EXPECT_EQ(summaries->editions(1).latest_release(), 3);
  EXPECT_EQ(summaries->editions(1).survey(), "SMALL");
  EXPECT_EQ(summaries->editions(1).state(), model::EDITION_STATE_OPEN);
}

TEST_F(Releases, SayWhatTheyChangedSinceAnyEarlierOne) {
  Publish("E17");
  EXPECT_EQ(Changes("editions/E17/releases/1")->changes_size(), 0) << "nothing came before it";
  aggregation.Answer("E17", "0107", 1);
  Publish("E17");
  aggregation.Answer("E17", "0107", 2);
  Publish("E17");
  const auto find = [](const query_pb::ListChangesResponse& changes, const std::string& cell) {
    for (const query_pb::ReleaseChange& change : changes.changes())
      if (change.cell() == cell) return change;
    return query_pb::ReleaseChange();
  };
  const auto since_two = Changes("editions/E17/releases/3", 0, 1'000);
  ASSERT_TRUE(since_two.ok()) << since_two.status();
  EXPECT_EQ(find(*since_two, "IND_CODE.ANSWERED").numerator_before(), 3);
  EXPECT_EQ(find(*since_two, "IND_CODE.ANSWERED").numerator_after(), 2);
  EXPECT_EQ(since_two->reasons_size(), 1);
  EXPECT_EQ(Changes("editions/E17/releases/latest", 2, 1'000)->SerializeAsString(),
            since_two->SerializeAsString());
  const auto since_one = Changes("editions/E17/releases/latest", 1, 1'000);
  ASSERT_TRUE(since_one.ok()) << since_one.status();
  EXPECT_EQ(since_one->reasons_size(), 2);
  const query_pb::ReleaseChange change = find(*since_one, "IND_CODE.ANSWERED");
  EXPECT_EQ(change.kind(), query_pb::RELEASE_CHANGE_KIND_REVISED);
  EXPECT_EQ(change.base_before(), 4);
  EXPECT_EQ(change.base_after(), 5);
  EXPECT_GT(query.disk_calls, 0) << "the first release was read from the disk";
  std::vector<std::string> cells;
  std::string token;
  do {
    const auto page = Changes("editions/E17/releases/latest", 1, 9, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const query_pb::ReleaseChange& one : page->changes()) cells.push_back(one.cell());
    token = page->next_page_token();
  } while (!token.empty() && cells.size() < 10'000);
  EXPECT_EQ(cells.size(), static_cast<size_t>(since_one->changes_size()));
  EXPECT_TRUE(std::is_sorted(cells.begin(), cells.end()));
  for (const int32_t since : {-1, 3, 4})
    EXPECT_EQ(ReasonOf(Changes("editions/E17/releases/3", since).status()), Reason::kFieldInvalid);
  EXPECT_EQ(ReasonOf(Changes("editions/E17/releases/live").status()), Reason::kNameInvalid);
  EXPECT_EQ(ReasonOf(Changes("editions/E17/releases/9").status()), Reason::kUnknownResource);
}

TEST_F(Releases, OnlySoManyOlderOnesStayInMemory) {
  const int count = static_cast<int>(base::kOlderReleasesMax) + 2;
  for (int i = 0; i <= count; ++i) {
    aggregation.Answer("E17", "0107", 1 + i % 3);
    Publish("E17");
  }
  const auto read = [&](int number) {
    const auto note = Changes("editions/E17/releases/" + std::to_string(number), 0, 1);
    EXPECT_TRUE(note.ok()) << note.status();
  };
  for (int number = 1; number <= count; ++number) read(number);
  const int calls = query.disk_calls;
  EXPECT_EQ(calls, count);
  read(count);
  EXPECT_EQ(query.disk_calls, calls);
  read(1);
  EXPECT_EQ(query.disk_calls, calls + 1) << "the one unasked longest had to go";
}

// ---- Sentences

TEST_F(Releases, SentencesAreJudgedLiveUntilThereIsARelease) {
  const auto live = Claims("editions/E17");
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_EQ(live->release(), "live");
  ASSERT_EQ(live->claims_size(), 2);
  const query_pb::ClaimResult& share = live->claims(0);
  EXPECT_EQ(share.verdict(), query_pb::VERDICT_HOLDS);
  ASSERT_EQ(share.figures_size(), 2);
  EXPECT_EQ(share.figures(0).name(), "editions/E17/releases/live/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(share.figures(0).title().nn(), "IND_CODE nn");
  EXPECT_EQ(share.figures(0).position(), aggregation.log.head());
  const query_pb::ClaimResult& increase = live->claims(1);
  EXPECT_EQ(increase.verdict(), query_pb::VERDICT_HOLDS_AMONG_ANSWERS);
  ASSERT_EQ(increase.changes_size(), 1);
  EXPECT_EQ(increase.changes(0).name(),
            "editions/E17/releases/live/changes/IND_CODE.ANSWERED@2016");
  EXPECT_EQ(increase.changes(0).later().figure(),
            "editions/E17/releases/live/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(increase.changes(0).earlier().figure(),
            "editions/E16/releases/live/figures/IND_CODE.ANSWERED");
  EXPECT_FALSE(increase.changes(0).superseded());

  aggregation.Answer("E17", "0107", 2);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_EQ(Claims("editions/E17")->claims(0).verdict(), query_pb::VERDICT_CONTRADICTED)
      << "two of five";
  Publish("E17");
  aggregation.Answer("E17", "0107", 0);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto published = Claims("editions/E17");
  EXPECT_EQ(published->release(), "1");
  EXPECT_EQ(published->claims(0).verdict(), query_pb::VERDICT_CONTRADICTED);
  EXPECT_EQ(published->claims(0).figures(0).name(),
            "editions/E17/releases/1/figures/IND_CODE.ANSWERED");
  EXPECT_EQ(Claims("editions/E17/releases/live")->claims(0).verdict(), query_pb::VERDICT_HOLDS);
  EXPECT_EQ(ReasonOf(Claims("editions/E18").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Claims("editions").status()), Reason::kNameInvalid);
  EXPECT_EQ(Claims("editions/E16")->claims_size(), 0);
}

TEST_F(Releases, AComparisonSaysWhenTheReleaseItReadHasBeenFollowed) {
  Publish("E16");
  Publish("E17");
  const auto before = Claims("editions/E17/releases/1");
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->claims(1).changes(0).earlier_release(), "editions/E16/releases/1");
  EXPECT_FALSE(before->claims(1).changes(0).superseded());
  aggregation.Answer("E16", "0104", 1);
  Publish("E16");
  const auto after = Claims("editions/E17/releases/1");
  EXPECT_TRUE(after->claims(1).changes(0).superseded());
  EXPECT_EQ(after->claims(1).changes(0).value(), before->claims(1).changes(0).value())
      << "a published figure never changes";
  const auto& remarks = after->claims(1).remarks();
  ASSERT_FALSE(remarks.empty());
  EXPECT_EQ(remarks.rbegin()->kind(), query_pb::CLAIM_REMARK_KIND_SUPERSEDED);
  EXPECT_NE(remarks.rbegin()->text().nn(), remarks.rbegin()->text().nb());
  EXPECT_NE(after->claims(1).etag(), before->claims(1).etag()) << "a remark more, another tag";
  EXPECT_EQ(after->claims(0).etag(), before->claims(0).etag());
  // Live claims read the latest release of the other edition.
  const auto live = Claims("editions/E17/releases/live");
  EXPECT_EQ(live->claims(1).changes(0).earlier_release(), "editions/E16/releases/2");
  EXPECT_FALSE(live->claims(1).changes(0).superseded());
}

// ---- Series

TEST_F(Releases, ASeriesHasAPointForEachEditionAndTheChangeBetween) {
  const auto series = Series("IND_CODE.ANSWERED");
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->points_size(), 2);
  EXPECT_EQ(series->points(0).edition(), "editions/E16");
  EXPECT_EQ(series->points(0).year(), 2016);
  EXPECT_EQ(series->points(0).release(), "live");
  EXPECT_TRUE(series->points(0).comparable());
  EXPECT_EQ(series->points(0).respondent().nn(), "everybody nn");
  EXPECT_EQ(series->points(0).basis_title().nn(), "ANSWERED nn");
  EXPECT_EQ(series->points(1).figure().name(),
            "editions/E17/releases/live/figures/IND_CODE.ANSWERED");
  ASSERT_EQ(series->changes_size(), 1);
  EXPECT_NEAR(series->changes(0).value(), 1.0 / 2 - 1.0 / 3, 1e-12);
  EXPECT_EQ(series->changes(0).name(), "editions/E17/releases/live/changes/IND_CODE.ANSWERED@2016");
  // Declared, so it is tested, also between live figures.
  EXPECT_EQ(series->changes(0).test_status(), query_pb::CHANGE_TEST_STATUS_TESTED);
  EXPECT_TRUE(series->changes(0).tested());
  EXPECT_TRUE(series->changes(0).has_panel());
  EXPECT_FALSE(series->has_trend()) << "two editions have no trend";
}

TEST_F(Releases, NoChangeIsGivenOverABreak) {
  aggregation.log.Submit("E17", "030101", "first",
                         {{"A1", testing_support::Code(2)},
                          {"A2", testing_support::Codes({90})},
                          {"A5.a", testing_support::Code(1)},
                          {"A5.b", testing_support::Code(1)},
                          {"A6", testing_support::Text()},
                          {"A8", testing_support::Code(1)}});
  aggregation.log.Submit("E17", "030101", "second", {{"B2", testing_support::Codes({1})}});
  aggregation.log.Submit("E16", "030101", "first",
                         {{"A1", testing_support::Code(2)},
                          {"A2", testing_support::Codes({90})},
                          {"A5.a", testing_support::Code(1)},
                          {"A5.b", testing_support::Code(1)},
                          {"A6", testing_support::Text()},
                          {"A8", testing_support::Code(2)}});
  aggregation.log.Submit("E16", "030101", "second", {{"B2", testing_support::Codes({1})}});
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto series = Series("IND_DISTRICT.ANSWERED");
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_FALSE(series->points(0).comparable());
  EXPECT_THAT(series->points(0).relations(),
              ElementsAre(model::SERIES_RELATION_KIND_BREAK_WORDING));
  ASSERT_EQ(series->changes_size(), 1);
  EXPECT_EQ(series->changes(0).no_value().reason(), query_pb::NO_VALUE_REASON_SERIES_BREAK);
  const auto assumed = Series("IND_PARTS.ANSWERED");
  ASSERT_TRUE(assumed.ok());
  EXPECT_TRUE(assumed->points(0).comparable());
  EXPECT_TRUE(assumed->points(0).assumed());
}

TEST_F(Releases, ASeriesWithoutLiveHasFiguresOnlyWhereThereAreReleases) {
  Publish("E16");
  const auto series = Series("IND_CODE.ANSWERED", /*live=*/false);
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_EQ(series->points(0).release(), "1");
  EXPECT_TRUE(series->points(0).has_figure());
  EXPECT_FALSE(series->points(1).has_figure());
  EXPECT_EQ(series->points(1).release(), "");
  EXPECT_EQ(series->changes_size(), 0);
  Publish("E17");
  const auto both = Series("IND_CODE.ANSWERED", false);
  ASSERT_EQ(both->changes_size(), 1);
  EXPECT_EQ(both->changes(0).name(), "editions/E17/releases/1/changes/IND_CODE.ANSWERED@2016");
  EXPECT_EQ(both->changes(0).earlier_release(), "editions/E16/releases/1");
  aggregation.Answer("E16", "0104", 1);
  Publish("E16");
  const auto stored = Series("IND_CODE.ANSWERED", false);
  EXPECT_TRUE(stored->changes(0).superseded()) << "as it was published, and marked";
  EXPECT_EQ(stored->points(0).release(), "2");
}

TEST_F(Releases, SeriesSayWhatIsMissing) {
  EXPECT_EQ(ReasonOf(Series("IND_NO.ANSWERED").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Series("IND_CODE.NO").status()), Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Series("IND_CODE.ANSWERED.region=9").status()), Reason::kCellNotInRelease);
  EXPECT_EQ(ReasonOf(Series("IND_CODE").status()), Reason::kNameInvalid);
  EXPECT_EQ(ReasonOf(Series("IND_CODE.ANSWERED", true, "surveys/NO").status()),
            Reason::kUnknownResource);
  EXPECT_EQ(ReasonOf(Series("IND_CODE.ANSWERED", true, "editions/E17").status()),
            Reason::kNameInvalid);
}

// ---- Following

TEST_F(Releases, AFollowerHearsEachReleaseOnceAndResumesWhereItWas) {
  Publish("E17");
  Publish("E16");
  const base::SteadyTime now{};
  query_pb::FollowReleasesRequest request;
  auto follower = ReleaseFollower::Make(query.snapshots, request);
  ASSERT_TRUE(follower.ok()) << follower.status();
  const auto next = [&](ReleaseFollower& one, base::SteadyTime at) {
    const auto message = one.Next(at);
    EXPECT_TRUE(message.ok()) << message.status();
    return *message;
  };
  const auto first = next(*follower, now);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->release().name(), "editions/E17/releases/1");
  EXPECT_EQ(first->position(), first->release().published_position());
  EXPECT_EQ(next(*follower, now)->release().name(), "editions/E16/releases/1");
  EXPECT_FALSE(next(*follower, now).has_value());
  // A sign of life in time, and only then.
  EXPECT_FALSE(
      next(*follower, now + std::chrono::milliseconds(base::kReleaseSignMs - 1)).has_value());
  const auto sign = next(*follower, now + std::chrono::milliseconds(base::kReleaseSignMs));
  ASSERT_TRUE(sign.has_value());
  EXPECT_FALSE(sign->has_release());
  EXPECT_EQ(sign->position(), aggregation.log.head());
  EXPECT_EQ(sign->log_id(), aggregation.log.log_id());
  EXPECT_FALSE(sign->stale());
  // Resumed with the position of any message.
  request.set_after_position(first->position());
  request.set_log_id(first->log_id());
  request.set_epoch(first->epoch());
  request.set_parent("editions/E17");
  auto resumed = ReleaseFollower::Make(query.snapshots, request);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_FALSE(next(*resumed, now)->has_release()) << "a sign of life at once, and nothing twice";
  aggregation.Answer("E17", "0107", 1);
  Publish("E17");
  EXPECT_EQ(next(*resumed, now)->release().name(), "editions/E17/releases/2");
}

TEST_F(Releases, AFollowerOfAnotherLogIsToldSo) {
  query_pb::FollowReleasesRequest request;
  request.set_after_position(1);
  EXPECT_EQ(ReasonOf(ReleaseFollower::Make(query.snapshots, request).status()),
            Reason::kFieldInvalid);
  request.set_log_id(aggregation.log.log_id());
  request.set_epoch(7);
  auto follower = ReleaseFollower::Make(query.snapshots, request);
  ASSERT_TRUE(follower.ok());
  EXPECT_EQ(ReasonOf(follower->Next(base::SteadyTime()).status()), Reason::kLogDiverged);
  request.set_after_position(-1);
  EXPECT_EQ(ReasonOf(ReleaseFollower::Make(query.snapshots, request).status()),
            Reason::kFieldInvalid);
  request.set_after_position(0);
  request.set_parent("editions/E18");
  EXPECT_EQ(ReasonOf(ReleaseFollower::Make(query.snapshots, request).status()),
            Reason::kUnknownResource);
  request.set_parent("E17");
  EXPECT_EQ(ReasonOf(ReleaseFollower::Make(query.snapshots, request).status()),
            Reason::kNameInvalid);
}

TEST(Beats, ListenersAreToldAgainAndAgainUntilTheyAreGone) {
  Snapshots snapshots;
  base::Mutex mutex;
  base::CondVar changed;
  int told = 0;
  const int64_t listener = snapshots.AddListener([&] {
    base::MutexLock lock(mutex);
    ++told;
    changed.NotifyAll();
  });
  {
    const Pulse pulse(absl::Milliseconds(1), [&] { snapshots.TellListeners(); });
    base::MutexLock lock(mutex);
    while (told < 3) changed.Wait(mutex);
  }
  snapshots.RemoveListener(listener);
  const int before = told;
  snapshots.TellListeners();
  EXPECT_EQ(told, before);
}

TEST(Beats, AListenerMayTakeItselfAwayWhileItIsTold) {
  Snapshots snapshots;
  // As a stream whose last reference its wake holds.
  struct Follower {
    explicit Follower(Snapshots& all) : snapshots(all) {}
    ~Follower() { snapshots.RemoveListener(listener); }
    Snapshots& snapshots;
    int64_t listener = 0;
  };
  auto follower = std::make_unique<Follower>(snapshots);
  int told = 0;
  follower->listener = snapshots.AddListener([&] {
    ++told;
    follower.reset();
  });
  snapshots.TellListeners();
  snapshots.TellListeners();
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace imdi::query
