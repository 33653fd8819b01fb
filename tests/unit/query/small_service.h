#pragma once

// Query over a log of the small survey, without gRPC: records go through aggregation's own fold,
// its chunks into the snapshot keeper, and calls are answered as the edge does it.

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/aggregation/aggregator.h"
#include "services/aggregation/figures_chunks.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/release_builder.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/figures/release_content.h"
#include "services/query/reading.h"
#include "services/query/release_shelf.h"
#include "services/query/snapshot_keeper.h"
#include "services/query/snapshots.h"
#include "services/transport/ready_bytes.h"
#include "tests/unit/aggregation/small_log.h"

namespace imdi::testing_support {

namespace aggregation_pb = survey::aggregation::v1;
namespace query_pb = survey::query::v1;

// Aggregation as query hears it.
class SmallAggregation {
 public:
  explicit SmallAggregation(std::string log_id = "0123456789abcdef0123456789abcdef",
                            int64_t epoch = 1)
      : log(std::move(log_id), epoch) {
    auto opened = aggregation::Aggregator::Open(
        std::make_unique<SharedFoldStore>(std::make_shared<SharedFoldStore::Disk>()));
    EXPECT_TRUE(opened.ok()) << opened.status();
    aggregator_ = *opened;
  }

  SmallLog log;

  // E16 and E17 of the small survey, of these years, with indicators over both.
  void ApplyTwoEditions() {
    for (const auto& [id, year] : {std::pair{"E16", 2016}, {"E17", 2017}}) {
      model::Edition edition = SmallEdition(id);
      edition.set_reference_year(year);
      if (year == 2017) edition.set_previous_edition("editions/E16");
      *edition.mutable_addressed_to() = Words("everybody");
      log.Apply(edition);
      model::Questionnaire questionnaire = SmallQuestionnaire(id);
      // A8 was worded otherwise before, and B1 is only assumed to be the same.
      for (model::Question& question : *questionnaire.mutable_questions()) {
        if (year != 2017 || (question.id() != "A8" && question.id() != "B1")) continue;
        model::SeriesRelation& relation = *question.add_series();
        relation.set_year(2016);
        relation.add_kinds(question.id() == "A8" ? model::SERIES_RELATION_KIND_BREAK_WORDING
                                                 : model::SERIES_RELATION_KIND_ASSUMED_SAME);
      }
      log.Apply(questionnaire);
      log.Apply(SmallFrame(id));
    }
    for (model::Indicator indicator : SmallIndicators({"E16", "E17"})) {
      if (indicator.name() == "indicators/IND_CODE") indicator.add_compare()->set_year(2016);
      log.Apply(indicator);
    }
    for (const char* id : {"E16", "E17"}) log.SetState(id, model::EDITION_STATE_OPEN);
  }
  void ApplyClaim(const std::string& edition, const std::string& id,
                  const std::vector<std::string>& figures, int32_t percent, int32_t since = 0) {
    model::Definition definition;
    model::Claim& claim = *definition.mutable_claim();
    claim.set_name("editions/" + edition + "/claims/" + id);
    *claim.mutable_text() = Words("claim " + id);
    for (const std::string& figure : figures) claim.add_figures(figure);
    if (since != 0)
      claim.mutable_increase()->add_years(since);
    else
      claim.mutable_stated_percent()->set_percent(percent);
    log.Apply(definition);
  }
  // A whole answer of a municipality, apart from A1: 0 = left blank.
  void Answer(const std::string& edition, const std::string& unit, int32_t a1) {
    SmallAnswers first = {
        {"A5.a", Code(1)}, {"A5.b", Code(2)}, {"A6", Text()}, {"A7", Code(1)}, {"G1", Code(2)}};
    if (a1 != 0) first["A1"] = Code(a1);
    if (a1 == 1 || a1 == 2) first["A2"] = Codes({90});
    SmallAnswers second = {{"B2", Codes({1, 3})}};
    if (a1 == 1) {
      first["A4"] = Number(105);
      first["A5.c"] = Code(97);
      second["B1"] = Code(unit == "0101" ? 1 : 2);
    }
    log.Submit(edition, unit, "first", first);
    log.Submit(edition, unit, "second", second);
  }
  // What the tests count: two of four said 1 in 2017, one of three in 2016.
  void AnswerBoth() {
    Answer("E17", "0101", 1);
    Answer("E17", "0102", 1);
    Answer("E17", "0103", 2);
    Answer("E17", "0104", 2);
    Answer("E17", "0106", 0);
    Answer("E16", "0101", 1);
    Answer("E16", "0102", 2);
    Answer("E16", "0103", 3);
  }

  // Builds the next release of what the log says and writes it into the log.
  void Publish(const std::string& edition) {
    aggregation::Fold fold;
    const auto all = log.All();
    for (const auto& entry : all.records()) {
      store_pb::Record record;
      ASSERT_TRUE(record.ParseFromString(entry.record()));
      ASSERT_TRUE(fold.Apply(entry.position(), entry.time_us(), record).ok());
    }
    auto content = aggregation::ContentOf(fold, {}, edition, log.log_id());
    ASSERT_TRUE(content.ok()) << content.status();
    auto& before = published_[edition];
    content->header.set_number(static_cast<int32_t>(before.size()) + 1);
    content->header.set_audience(query_pb::AUDIENCE_INTERNAL);
    if (!before.empty())
      content->differences = figures::Differences(before.back(), content->figures);
    before.push_back(content->figures);
    const std::vector<std::string> parts = figures::WriteParts(*content);
    std::string build(32, '0');  // 32 hexadecimal digits.
    for (int rest = ++builds_, i = 31; rest > 0; rest /= 10, --i)
      build[static_cast<size_t>(i)] = static_cast<char>('0' + rest % 10);
    for (size_t i = 0; i < parts.size(); ++i)
      log.AppendPart(edition, build, static_cast<int32_t>(i), parts[i]);
    log.CloseRelease(edition, build, parts);
  }

  int64_t Feed() {
    EXPECT_TRUE(
        aggregator_->Consume(log.Chunk(aggregator_->cursor().position() + 1, log.head())).ok());
    return log.head();
  }
  // The messages of a stream that begins now.
  std::vector<aggregation_pb::FollowFiguresResponse> Begin(
      const aggregation_pb::FollowFiguresRequest& request) {
    sent_ = nullptr;
    return Next(request);
  }
  // Those that come next.
  std::vector<aggregation_pb::FollowFiguresResponse> Next(
      const aggregation_pb::FollowFiguresRequest& request = {}) {
    const auto current = aggregator_->Current();
    auto chunks = aggregation::MakeChunks(
        *current, sent_.get(), request,
        [&](const aggregation::ClosedRelease& one) { return aggregator_->PartsOf(one); });
    EXPECT_TRUE(chunks.ok()) << chunks.status();
    sent_ = current;
    std::vector<aggregation_pb::FollowFiguresResponse> out;
    for (const std::string& bytes : *chunks) EXPECT_TRUE(out.emplace_back().ParseFromString(bytes));
    return out;
  }

 private:
  std::shared_ptr<aggregation::Aggregator> aggregator_;
  std::shared_ptr<const aggregation::Snapshot> sent_;
  std::map<std::string, std::vector<std::vector<store_pb::ReleaseFigure>>> published_;
  int builds_ = 0;
};

// One run of the query process over a disk that outlives it.
class SmallQuery {
 public:
  explicit SmallQuery(
      std::shared_ptr<SharedFoldStore::Disk> disk = std::make_shared<SharedFoldStore::Disk>()) {
    auto opened = query::SnapshotKeeper::Open(std::make_unique<SharedFoldStore>(std::move(disk)),
                                              snapshots, clock);
    EXPECT_TRUE(opened.ok()) << opened.status();
    keeper = *std::move(opened);
    shelf = std::make_unique<query::ReleaseShelf>(keeper->store());
  }

  absl::Status Take(const std::vector<aggregation_pb::FollowFiguresResponse>& chunks) {
    for (const auto& chunk : chunks) {
      if (absl::Status taken = keeper->Consume(chunk); !taken.ok()) return taken;
    }
    return absl::OkStatus();
  }
  // A stream that begins now.
  absl::Status Follow(SmallAggregation& aggregation) {
    aggregation.Feed();
    return Take(aggregation.Begin(keeper->Request()));
  }
  // What came since.
  absl::Status GoOn(SmallAggregation& aggregation) {
    aggregation.Feed();
    return Take(aggregation.Next());
  }

  // As the edge does it: in memory first, and again with the disk where that is needed.
  template <typename Request, typename Answer>
  absl::StatusOr<Answer> Call(absl::StatusOr<Answer> (*use_case)(query::Reading&, const Request&),
                              const Request& request) {
    query::Reading reading(snapshots, *shelf, snapshots.Current(), /*may_read_disk=*/false);
    absl::StatusOr<Answer> answer = use_case(reading, request);
    if (answer.ok() || !reading.needs_disk()) return answer;
    ++disk_calls;
    query::Reading again(snapshots, *shelf, snapshots.Current(), /*may_read_disk=*/true);
    return use_case(again, request);
  }
  // The same for answers that are bytes.
  template <typename Message, typename Request>
  absl::StatusOr<Message> CallReady(
      absl::StatusOr<transport::ReadyBytes> (*use_case)(query::Reading&, const Request&),
      const Request& request) {
    const absl::StatusOr<transport::ReadyBytes> bytes = Call(use_case, request);
    if (!bytes.ok()) return bytes.status();
    Message out;
    EXPECT_TRUE(out.ParseFromString(bytes->ToString()));
    return out;
  }

  base::ManualClock clock{absl::FromUnixMicros(1'600'000'000'000'000)};
  query::Snapshots snapshots;
  std::unique_ptr<query::SnapshotKeeper> keeper;
  std::unique_ptr<query::ReleaseShelf> shelf;
  int disk_calls = 0;
};

}  // namespace imdi::testing_support
