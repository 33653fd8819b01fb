// Swaps put together out of chunks, what the keeper makes of them, and what a restart finds.

#include "services/query/swap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/base/limits.h"
#include "services/query/figures.h"
#include "services/query/lists.h"
#include "services/query/release_follower.h"
#include "tests/unit/query/small_service.h"

namespace imdi::query {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::HasSubstr;
using testing_support::SharedFoldStore;
using testing_support::SmallAggregation;
using testing_support::SmallQuery;
using Chunks = std::vector<aggregation_pb::FollowFiguresResponse>;

// ---- Chunks

aggregation_pb::FollowFiguresResponse Chunk(int64_t position, bool last) {
  aggregation_pb::FollowFiguresResponse out;
  out.set_position(position);
  out.set_last_chunk(last);
  out.set_log_id("log");
  out.set_epoch(1);
  return out;
}
void AddBlock(aggregation_pb::FollowFiguresResponse& chunk, const std::string& edition,
              const std::string& plan, uint32_t index) {
  aggregation_pb::EditionCounts& counts = *chunk.add_counts();
  counts.set_edition(edition);
  counts.set_plan(plan);
  counts.set_whole(true);
  counts.add_blocks()->set_index(index);
}
void AddParts(aggregation_pb::FollowFiguresResponse& chunk, const std::string& name, int32_t first,
              int32_t of, std::vector<std::string> parts) {
  aggregation_pb::ReleaseParts& out = *chunk.add_releases();
  out.mutable_release()->set_name(name);
  out.set_first_part(first);
  out.set_part_count(of);
  for (std::string& part : parts) out.add_parts(std::move(part));
}

TEST(SwapAssembler, PutsChunksOfOnePositionTogether) {
  SwapAssembler assembler;
  auto first = Chunk(5, false);
  first.set_reset(true);
  AddBlock(first, "E", "plan", 0);
  AddParts(first, "r", 0, 3, {"a"});
  auto second = Chunk(5, true);
  AddBlock(second, "E", "plan", 2);
  AddParts(second, "r", 1, 3, {"b", "c"});
  const auto none = assembler.Add(first);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  const auto swap = assembler.Add(second);
  ASSERT_TRUE(swap.ok() && swap->has_value()) << swap.status();
  EXPECT_TRUE((*swap)->reset);
  EXPECT_EQ((*swap)->counts.at("E").blocks.size(), 2u);
  ASSERT_EQ((*swap)->releases.size(), 1u);
  EXPECT_THAT((*swap)->releases[0].parts, testing::ElementsAre("a", "b", "c"));
  const auto next = assembler.Add(Chunk(6, true));
  EXPECT_FALSE((*next)->reset) << "nothing stays behind";
}

TEST(SwapAssembler, PutsTheBlocksPiecesTogetherAndRefusesGaps) {
  const auto piece = [](int64_t position, bool last, uint32_t first, std::vector<int32_t> values) {
    auto chunk = Chunk(position, last);
    AddBlock(chunk, "E", "plan", 1);
    aggregation_pb::CountBlock& block = *chunk.mutable_counts(0)->mutable_blocks(0);
    block.set_first(first);
    block.mutable_values()->Add(values.begin(), values.end());
    return chunk;
  };
  SwapAssembler assembler;
  ASSERT_TRUE(assembler.Add(piece(5, false, 0, {7, -8})).ok());
  const auto swap = assembler.Add(piece(5, true, 2, {9}));
  ASSERT_TRUE(swap.ok() && swap->has_value()) << swap.status();
  EXPECT_THAT((*swap)->counts.at("E").blocks.at(1), testing::ElementsAre(7, -8, 9));
  for (const uint32_t first : {0u, 1u, 3u}) {
    ASSERT_TRUE(assembler.Add(piece(6, false, 0, {7, -8})).ok());
    EXPECT_EQ(ReasonOf(assembler.Add(piece(6, true, first, {9})).status()),
              Reason::kInvalidArgument)
        << first;
  }
}

TEST(SwapAssembler, RefusesWhatDoesNotFitTogether) {
  const auto why = [](const Chunks& chunks) {
    SwapAssembler assembler;
    absl::Status status;
    for (const auto& chunk : chunks) status = assembler.Add(chunk).status();
    return ReasonOf(status);
  };
  EXPECT_EQ(why({Chunk(5, false), Chunk(6, true)}), Reason::kInvalidArgument);
  auto plans = Chunk(5, true);
  AddBlock(plans, "E", "one", 0);
  AddBlock(plans, "E", "two", 1);
  EXPECT_EQ(why({plans}), Reason::kInvalidArgument);
  auto twice = Chunk(5, true);
  AddBlock(twice, "E", "plan", 1);
  AddBlock(twice, "E", "plan", 1);
  EXPECT_EQ(why({twice}), Reason::kInvalidArgument);
  auto gap = Chunk(5, true);
  AddParts(gap, "r", 1, 2, {"b"});
  EXPECT_EQ(why({gap}), Reason::kInvalidArgument);
  auto cut = Chunk(5, true);
  AddParts(cut, "r", 0, 2, {"a"});
  EXPECT_EQ(why({cut}), Reason::kInvalidArgument);
  auto other = Chunk(5, true);
  AddParts(other, "r", 0, 2, {"a"});
  AddParts(other, "s", 1, 2, {"b"});
  EXPECT_EQ(why({other}), Reason::kInvalidArgument);
  auto many = Chunk(5, true);
  AddParts(many, "r", 0, 1, {"a", "b"});
  EXPECT_EQ(why({many}), Reason::kInvalidArgument);
  auto none = Chunk(5, true);
  AddParts(none, "r", 0, 0, {});
  EXPECT_EQ(why({none}), Reason::kInvalidArgument);
  auto large = Chunk(5, true);
  AddParts(large, "r", 0, 2, {std::string(base::kReleaseBytesMax, 'x'), "y"});
  EXPECT_EQ(why({large}), Reason::kTooLarge);
}

// ---- The keeper

class Keeping : public testing::Test {
 protected:
  Keeping() {
    aggregation.ApplyTwoEditions();
    aggregation.AnswerBoth();
  }
  static std::string Code(SmallQuery& query, const std::string& release = "live",
                          const std::string& edition = "E17") {
    query_pb::GetFigureRequest request;
    request.set_name("editions/" + edition + "/releases/" + release + "/figures/IND_CODE.ANSWERED");
    const auto figure = query.CallReady<query_pb::Figure>(&GetFigure, request);
    return figure.ok() ? std::to_string(figure->numerator()) + "/" + std::to_string(figure->base())
                       : std::string(base::Name(ReasonOf(figure.status())));
  }
  static query_pb::EditionSummary Summary(SmallQuery& query) {
    const auto list = query.Call(&ListEditions, query_pb::ListEditionsRequest());
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() && list->editions_size() == 2 ? list->editions(1) : query_pb::EditionSummary();
  }

  SmallAggregation aggregation;
  std::shared_ptr<SharedFoldStore::Disk> disk = std::make_shared<SharedFoldStore::Disk>();
};

TEST_F(Keeping, OnlyChangedCountsMakeNewFigures) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  const auto before = query.snapshots.Current();
  aggregation.Answer("E17", "0107", 1);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  const auto after = query.snapshots.Current();
  EXPECT_EQ(Code(query), "3/5");
  EXPECT_NE(after->editions.at("E17").live, before->editions.at("E17").live);
  EXPECT_EQ(after->editions.at("E16").live, before->editions.at("E16").live);
  // A stream that begins anew sends all counts again; figures that hold stay.
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(query.snapshots.Current()->editions.at("E17").live, after->editions.at("E17").live);
}

TEST_F(Keeping, ADefinitionChangesTheFiguresThatThereAre) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  model::Indicator indicator =
      testing_support::SmallIndicator("IND_NEW", {"E17"}, "A1 == 2", {{"ALL", "responded"}});
  aggregation.log.Apply(indicator);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  query_pb::GetFigureRequest request;
  request.set_name("editions/E17/releases/live/figures/IND_NEW.ALL");
  const auto figure = query.CallReady<query_pb::Figure>(&GetFigure, request);
  ASSERT_TRUE(figure.ok()) << figure.status();
  EXPECT_EQ(figure->numerator(), 2);
  EXPECT_EQ(Code(query), "2/4");
  aggregation.log.SetState("E17", model::EDITION_STATE_CLOSED);
  ASSERT_TRUE(query.GoOn(aggregation).ok());
  EXPECT_EQ(Summary(query).state(), model::EDITION_STATE_CLOSED);
  EXPECT_EQ(Code(query), "2/4");
}

TEST_F(Keeping, CountsOfAnotherPlanAreRefusedAndWhatIsThereStaysMarkedStale) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  aggregation.Answer("E17", "0107", 1);
  aggregation.Feed();
  Chunks chunks = aggregation.Next();
  for (auto& chunk : chunks) {
    for (auto& counts : *chunk.mutable_counts()) counts.set_plan(std::string(16, 'x'));
  }
  query.clock.Advance(absl::Seconds(7));
  const absl::Status refused = query.Take(chunks);
  EXPECT_EQ(ReasonOf(refused), Reason::kStoreCorrupt);
  query.keeper->StreamEnded(refused);
  EXPECT_EQ(Code(query), "2/4");
  const query_pb::EditionSummary summary = Summary(query);
  EXPECT_TRUE(summary.stale());
  EXPECT_THAT(summary.stale_reason(), HasSubstr("upgrade the services together"));
  EXPECT_EQ(summary.stale_since_us(), absl::ToUnixMicros(query.clock.Now()));
  query.clock.Advance(absl::Seconds(7));
  query.keeper->StreamEnded(absl::UnavailableError("away"));
  EXPECT_EQ(Summary(query).stale_since_us(), summary.stale_since_us())
      << "since when, not for what";
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(Code(query), "3/5");
  EXPECT_FALSE(Summary(query).stale());
  EXPECT_EQ(Summary(query).stale_since_us(), 0);
  EXPECT_EQ(Summary(query).stale_reason(), "");
}

TEST_F(Keeping, OddSwapsLeaveEverythingAsItWas) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  const auto refused = [&](const Chunks& chunks) {
    const absl::Status status = query.Take(chunks);
    query.keeper->StreamEnded(status);
    return ReasonOf(status);
  };
  aggregation.Answer("E17", "0107", 1);
  aggregation.Feed();
  const Chunks good = aggregation.Next();
  Chunks short_block = good;
  short_block[0].mutable_counts(0)->mutable_blocks(0)->add_values(1);
  EXPECT_EQ(refused(short_block), Reason::kStoreCorrupt);
  Chunks no_such_block = good;
  no_such_block[0].mutable_counts(0)->mutable_blocks(0)->set_index(1'000'000);
  EXPECT_EQ(refused(no_such_block), Reason::kStoreCorrupt);
  Chunks half = good;
  half[0].mutable_counts(0)->set_whole(true);
  half[0].mutable_counts(0)->mutable_blocks()->RemoveLast();
  EXPECT_EQ(refused(half), Reason::kStoreCorrupt) << "whole, and blocks are missing";
  Chunks no_such_edition = good;
  no_such_edition[0].mutable_counts(0)->set_edition("E99");
  EXPECT_EQ(refused(no_such_edition), Reason::kStoreCorrupt);
  Chunks other_log = good;
  for (auto& chunk : other_log) chunk.set_epoch(9);
  EXPECT_EQ(refused(other_log), Reason::kStoreCorrupt);
  Chunks odd_step = good;
  odd_step[0].add_definitions()->set_position(1'000'000);
  EXPECT_EQ(refused(odd_step), Reason::kStoreCorrupt) << "a step of a kind that nobody knows";
  Chunks old_step = good;
  old_step[0].add_definitions()->set_position(1);
  EXPECT_EQ(refused(old_step), Reason::kStoreCorrupt);
  EXPECT_EQ(Code(query), "2/4");
  EXPECT_EQ(refused(good), Reason::kUnspecified);
  EXPECT_EQ(Code(query), "3/5");
}

TEST_F(Keeping, AReleaseThatIsNotWhatItSaysIsRefused) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  aggregation.Publish("E17");
  aggregation.Feed();
  const Chunks good = aggregation.Next();
  const auto refused = [&](Chunks chunks, const auto& bend) {
    for (auto& chunk : chunks)
      for (auto& release : *chunk.mutable_releases()) bend(release);
    return ReasonOf(query.Take(chunks));
  };
  EXPECT_EQ(refused(good, [](auto& release) { release.mutable_parts(0)->back() ^= 1; }),
            Reason::kStoreCorrupt);
  EXPECT_EQ(refused(good,
                    [](auto& release) {
                      release.mutable_release()->set_content_hash(std::string(64, '0'));
                    }),
            Reason::kStoreCorrupt);
  EXPECT_EQ(refused(good,
                    [](auto& release) {
                      release.mutable_release()->set_name("editions/E16/releases/1");
                    }),
            Reason::kStoreCorrupt);
  EXPECT_EQ(Code(query, "latest"), "UNKNOWN_RESOURCE");
  EXPECT_TRUE(query.Take(good).ok());
  EXPECT_EQ(Code(query, "latest"), "2/4");
}

TEST_F(Keeping, AResumedStreamIsAskedForWhatIsMissingOnly) {
  SmallQuery query(disk);
  EXPECT_EQ(query.keeper->Request().log_id(), "");
  aggregation.Publish("E17");
  ASSERT_TRUE(query.Follow(aggregation).ok());
  const aggregation_pb::FollowFiguresRequest request = query.keeper->Request();
  EXPECT_EQ(request.log_id(), aggregation.log.log_id());
  EXPECT_GT(request.definitions_position(), 0);
  ASSERT_EQ(request.releases_size(), 1);
  EXPECT_EQ(request.releases(0).name(), "editions/E17/releases/1");
  for (const auto& chunk : aggregation.Begin(request)) {
    EXPECT_EQ(chunk.definitions_size(), 0);
    EXPECT_EQ(chunk.releases_size(), 0);
    EXPECT_FALSE(chunk.reset());
  }
}

TEST_F(Keeping, WhatStopsAggregationIsSaid) {
  SmallQuery query(disk);
  aggregation.Feed();
  Chunks chunks = aggregation.Begin(query.keeper->Request());
  chunks.back().set_stopped("a record of an unknown kind");
  ASSERT_TRUE(query.Take(chunks).ok());
  EXPECT_TRUE(Summary(query).stale());
  EXPECT_EQ(Summary(query).stale_reason(), "a record of an unknown kind");
  EXPECT_EQ(Code(query), "2/4");
}

// ---- The warm start

TEST_F(Keeping, ARestartMakesFiguresNoYounger) {
  base::ManualClock clock;
  {
    SmallQuery query(disk);
    aggregation.Publish("E17");
    ASSERT_TRUE(query.Follow(aggregation).ok());
    ASSERT_TRUE(query.keeper->Keep().ok());
    clock.Set(query.clock.Now() + absl::Minutes(5));
  }
  for (const bool set_back : {false, true}) {
    if (set_back) clock.Advance(-absl::Minutes(10));
    Snapshots snapshots;
    const auto keeper =
        SnapshotKeeper::Open(std::make_unique<SharedFoldStore>(disk), snapshots, clock);
    ASSERT_TRUE(keeper.ok()) << keeper.status();
    ASSERT_TRUE(snapshots.Current()->stale);
    if (set_back) {
      EXPECT_GE(snapshots.StaleFor(), std::chrono::seconds(0));
      EXPECT_LT(snapshots.StaleFor(), std::chrono::minutes(5));
    } else {
      EXPECT_GE(snapshots.StaleFor(), std::chrono::minutes(5));
    }
  }
}

TEST_F(Keeping, AWarmStartServesWhatWasKeptAndSaysSinceWhen) {
  int64_t heard_us = 0;
  {
    SmallQuery query(disk);
    EXPECT_EQ(Code(query), "NOT_YET_FOLDED");
    aggregation.Publish("E17");
    ASSERT_TRUE(query.Follow(aggregation).ok());
    aggregation.Answer("E17", "0107", 1);
    aggregation.Publish("E17");
    ASSERT_TRUE(query.GoOn(aggregation).ok());
    query.clock.Advance(absl::Seconds(3));
    aggregation.Answer("E17", "030101", 2);
    ASSERT_TRUE(query.GoOn(aggregation).ok());
    heard_us = absl::ToUnixMicros(query.clock.Now());
    ASSERT_TRUE(query.keeper->Keep().ok());
    aggregation.Answer("E17", "0107", 2);
    ASSERT_TRUE(query.GoOn(aggregation).ok());
  }
  SmallQuery query(disk);
  EXPECT_EQ(Code(query), "3/6") << "what was not kept comes again";
  EXPECT_EQ(Code(query, "latest"), "3/5");
  EXPECT_EQ(query.disk_calls, 0);
  EXPECT_EQ(Code(query, "1"), "2/4");
  EXPECT_EQ(query.disk_calls, 1);
  EXPECT_EQ(Code(query, "live", "E16"), "1/3");
  const query_pb::EditionSummary summary = Summary(query);
  EXPECT_TRUE(summary.stale());
  EXPECT_EQ(summary.stale_since_us(), heard_us);
  EXPECT_NE(summary.stale_reason(), "");
  EXPECT_EQ(summary.latest_release(), 2);
  query.keeper->StreamEnded(absl::UnavailableError("nobody there"));
  EXPECT_EQ(Summary(query).stale_since_us(), heard_us);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(Code(query), "2/6");
  EXPECT_FALSE(Summary(query).stale());
}

TEST_F(Keeping, AnotherLogTakesThePlaceOfEverything) {
  {
    SmallQuery query(disk);
    aggregation.Publish("E17");
    ASSERT_TRUE(query.Follow(aggregation).ok());
    ASSERT_TRUE(query.keeper->Keep().ok());
    SmallAggregation other("ffffffffffffffffffffffffffffffff", 2);
    other.ApplyTwoEditions();
    other.Answer("E17", "0101", 1);
    ASSERT_TRUE(query.Follow(other).ok());
    EXPECT_EQ(Code(query), "1/1");
    EXPECT_EQ(Code(query, "1"), "UNKNOWN_RESOURCE");
    ASSERT_TRUE(query.keeper->Keep().ok());
    ASSERT_TRUE(query.keeper->Keep().ok()) << "nothing new: nothing to do";
  }
  SmallQuery query(disk);
  EXPECT_EQ(Code(query), "1/1");
  EXPECT_EQ(Code(query, "1"), "UNKNOWN_RESOURCE");
  EXPECT_EQ(query.snapshots.Current()->epoch, 2);
}

TEST_F(Keeping, ARestoredLogKeepsItsReleases) {
  SmallQuery query(disk);
  aggregation.Publish("E17");
  ASSERT_TRUE(query.Follow(aggregation).ok());
  // The same log, restored from a time before the release.
  SmallAggregation restored(aggregation.log.log_id(), 2);
  restored.ApplyTwoEditions();
  restored.Answer("E17", "0101", 1);
  ASSERT_TRUE(query.Follow(restored).ok());
  EXPECT_EQ(Code(query), "1/1");
  EXPECT_EQ(Code(query, "1"), "2/4") << "a published figure never changes";
  restored.Publish("E17");
  ASSERT_TRUE(query.GoOn(restored).ok());
  EXPECT_EQ(Code(query, "1"), "1/1") << "unless its log says so";
  ASSERT_TRUE(query.keeper->Keep().ok());
  SmallQuery again(disk);
  EXPECT_EQ(Code(again, "1"), "1/1");
}

TEST_F(Keeping, AnotherReleaseOfANumberTakesThoseBehindItAway) {
  {
    SmallQuery query(disk);
    aggregation.Publish("E17");
    aggregation.Answer("E17", "0107", 1);
    aggregation.Publish("E17");
    ASSERT_TRUE(query.Follow(aggregation).ok());
    SmallAggregation restored(aggregation.log.log_id(), 2);
    restored.ApplyTwoEditions();
    restored.Answer("E17", "0101", 1);
    ASSERT_TRUE(query.Follow(restored).ok());
    EXPECT_EQ(Code(query, "2"), "3/5");
    // It was published beyond the position that is served.
    auto follower = ReleaseFollower::Make(query.snapshots, query_pb::FollowReleasesRequest());
    ASSERT_TRUE(follower.ok());
    const auto next = follower->Next(base::SteadyClock::now());
    ASSERT_TRUE(next.ok() && next->has_value());
    EXPECT_FALSE((*next)->has_release());
    restored.Publish("E17");
    ASSERT_TRUE(query.GoOn(restored).ok());
    EXPECT_EQ(Code(query, "latest"), "1/1");
    EXPECT_EQ(Code(query, "2"), "UNKNOWN_RESOURCE") << "it is of a past that was restored away";
    ASSERT_TRUE(query.keeper->Keep().ok());
  }
  SmallQuery query(disk);
  EXPECT_EQ(Code(query, "latest"), "1/1");
  EXPECT_EQ(Code(query, "2"), "UNKNOWN_RESOURCE");
  const auto parts = disk->items.List("part/E17/", "", 100);
  ASSERT_TRUE(parts.ok());
  for (const storage::FoldItem& item : *parts)
    EXPECT_EQ(item.key.substr(9, 4), std::string("\0\0\0\1", 4));
}

TEST_F(Keeping, AfterASwapThatDoesNotGoOnAllOfItIsAskedFor) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  auto chunk = Chunk(query.snapshots.Current()->position + 1, true);
  chunk.set_log_id(aggregation.log.log_id());
  chunk.add_definitions()->set_position(1);
  EXPECT_EQ(ReasonOf(query.keeper->Consume(chunk)), Reason::kStoreCorrupt);
  EXPECT_EQ(query.keeper->Request().log_id(), "");
  EXPECT_EQ(query.keeper->Request().definitions_position(), 0);
  EXPECT_EQ(Code(query), "2/4") << "what is served stays";
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(query.keeper->Request().log_id(), aggregation.log.log_id());
}

TEST_F(Keeping, WhileFoldingIsStoppedEverySwapIsStaleSinceTheFirst) {
  SmallQuery query(disk);
  aggregation.Feed();
  Chunks chunks = aggregation.Begin(query.keeper->Request());
  for (auto& chunk : chunks) chunk.set_stopped("a record of an unknown kind");
  int fresh = 0;
  query.snapshots.AddListener([&] { fresh += query.snapshots.Current()->stale ? 0 : 1; });
  ASSERT_TRUE(query.Take(chunks).ok());
  const int64_t since = Summary(query).stale_since_us();
  EXPECT_EQ(since, absl::ToUnixMicros(query.clock.Now()));
  query.clock.Advance(absl::Seconds(7));
  auto again = Chunk(query.snapshots.Current()->position, true);
  again.set_log_id(aggregation.log.log_id());
  again.set_stopped("a record of an unknown kind");
  ASSERT_TRUE(query.Take({again}).ok());
  EXPECT_EQ(Summary(query).stale_since_us(), since);
  EXPECT_EQ(fresh, 0);
}

TEST_F(Keeping, AFailedWriteIsMadeUpForByTheNext) {
  {
    SmallQuery query(disk);
    ASSERT_TRUE(query.Follow(aggregation).ok());
    ASSERT_TRUE(query.keeper->Keep().ok());
    aggregation.Publish("E17");
    disk->failing_writes = 2;
    ASSERT_TRUE(query.GoOn(aggregation).ok()) << "served though it could not be kept";
    EXPECT_EQ(Code(query, "1"), "2/4");
    EXPECT_FALSE(query.keeper->Keep().ok());
    aggregation.Answer("E17", "0107", 1);
    ASSERT_TRUE(query.GoOn(aggregation).ok());
    ASSERT_TRUE(query.keeper->Keep().ok());
  }
  SmallQuery query(disk);
  EXPECT_EQ(Code(query), "3/5");
  EXPECT_EQ(Code(query, "1"), "2/4");
}

TEST_F(Keeping, ADamagedStoreIsEmptiedAndAllOfItComesAgain) {
  for (const std::string damage :
       {"state", "definition/", "counts/E17", "release/", "part/", "read"}) {
    SCOPED_TRACE(damage);
    const auto damaged = std::make_shared<SharedFoldStore::Disk>();
    SmallAggregation source;
    source.ApplyTwoEditions();
    source.AnswerBoth();
    source.Publish("E17");
    {
      SmallQuery query(damaged);
      ASSERT_TRUE(query.Follow(source).ok());
      ASSERT_TRUE(query.keeper->Keep().ok());
    }
    if (damage == "read") {
      damaged->failing_reads = true;
    } else {
      const auto items = damaged->items.List(damage, "", 1);
      ASSERT_TRUE(items.ok() && !items->empty());
      std::string value = items->front().value;
      value.resize(value.size() / 2);
      const std::vector<storage::FoldItem> bad = {{items->front().key, value + "\xff"}};
      ASSERT_TRUE(damaged->items.Write(bad, {}, std::nullopt).ok());
    }
    SmallQuery query(damaged);
    damaged->failing_reads = false;
    EXPECT_EQ(Code(query), "NOT_YET_FOLDED") << "nothing wrong is served";
    EXPECT_TRUE(damaged->items.List("", "", 10)->empty());
    ASSERT_TRUE(query.Follow(source).ok());
    EXPECT_EQ(Code(query), "2/4");
    EXPECT_EQ(Code(query, "1"), "2/4");
  }
}

TEST_F(Keeping, KeptCountsOfAnotherPlanAreLeftOut) {
  aggregation.Publish("E17");
  {
    SmallQuery query(disk);
    ASSERT_TRUE(query.Follow(aggregation).ok());
    ASSERT_TRUE(query.keeper->Keep().ok());
  }
  aggregation_pb::EditionCounts counts;
  ASSERT_TRUE(counts.ParseFromString(**disk->items.Get("counts/E17")));
  counts.set_plan(std::string(16, 'x'));
  const std::vector<storage::FoldItem> other = {{"counts/E17", counts.SerializeAsString()}};
  ASSERT_TRUE(disk->items.Write(other, {}, std::nullopt).ok());
  SmallQuery query(disk);
  EXPECT_EQ(Code(query), "NOT_YET_FOLDED") << "an upgraded build counts otherwise";
  EXPECT_EQ(Code(query, "1"), "2/4") << "and serves what was published";
  EXPECT_EQ(Code(query, "live", "E16"), "1/3");
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(Code(query), "2/4");
}

TEST_F(Keeping, AStreamThatEndsInTheMiddleOfASwapLeavesNothingBehind) {
  SmallQuery query(disk);
  ASSERT_TRUE(query.Follow(aggregation).ok());
  aggregation.Answer("E17", "0107", 1);
  aggregation.Feed();
  Chunks begun = aggregation.Next();
  begun.back().set_last_chunk(false);
  ASSERT_TRUE(query.Take(begun).ok());
  EXPECT_EQ(Code(query), "2/4");
  query.keeper->StreamEnded(absl::OkStatus());
  EXPECT_FALSE(Summary(query).stale());
  ASSERT_TRUE(query.Follow(aggregation).ok());
  EXPECT_EQ(Code(query), "3/5");
}

}  // namespace
}  // namespace imdi::query
