// What readers of FollowFigures are sent.

#include "services/aggregation/figures_chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/base/limits.h"
#include "tests/unit/aggregation/figures_reader.h"
#include "tests/unit/aggregation/small_log.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::aggregation {
namespace {

using testing_support::Code;
using testing_support::FiguresReader;
using testing_support::ReadAll;
using testing_support::SharedFoldStore;
using testing_support::SmallLog;

class Chunks : public testing::Test {
 protected:
  Chunks() {
    auto opened = Aggregator::Open(
        std::make_unique<SharedFoldStore>(std::make_shared<SharedFoldStore::Disk>()));
    EXPECT_TRUE(opened.ok());
    aggregator_ = *opened;
    log_.ApplySmallSurvey({"T", "U"});
    Feed();
  }
  void Feed() {
    ASSERT_TRUE(
        aggregator_->Consume(log_.Chunk(aggregator_->cursor().position() + 1, log_.head())).ok());
  }
  std::deque<std::string> Since(const Snapshot* sent,
                                const aggregation_pb::FollowFiguresRequest& request = {}) {
    auto chunks = MakeChunks(*aggregator_->Current(), sent, request,
                             [&](const ClosedRelease& one) { return aggregator_->PartsOf(one); });
    EXPECT_TRUE(chunks.ok()) << chunks.status();
    return *std::move(chunks);
  }
  SmallLog log_;
  std::shared_ptr<Aggregator> aggregator_;
};

TEST_F(Chunks, AReaderWithNothingGetsEverythingAsAReset) {
  const FiguresReader reader = ReadAll(*aggregator_);
  EXPECT_TRUE(reader.last_swap().reset);
  EXPECT_EQ(reader.position, log_.head());
  EXPECT_EQ(reader.counts.size(), 2u);
  const auto& counts = *aggregator_->Current()->editions.at("T");
  EXPECT_EQ(reader.counts.at("T").plan, counts.plan().fingerprint());
  ASSERT_EQ(reader.counts.at("T").parts.size(), counts.parts().size());
  for (size_t part = 0; part < counts.parts().size(); ++part)
    EXPECT_EQ(reader.counts.at("T").parts.at(static_cast<uint32_t>(part)), *counts.parts()[part]);
  const auto catalog = testing_support::CatalogOf(reader.steps);
  EXPECT_EQ(catalog->Names(), log_.catalog().Names());
  EXPECT_EQ(domain::PlanOf(*catalog, "T")->fingerprint(), counts.plan().fingerprint())
      << "a reader makes the same plan of the same definitions";
}

TEST_F(Chunks, ThenOnlyWhatChanged) {
  FiguresReader reader = ReadAll(*aggregator_);
  auto sent = aggregator_->Current();
  log_.Submit("T", "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  Feed();
  reader.Take(Since(sent.get()));
  EXPECT_EQ(reader.last_swap().steps, 0);
  EXPECT_GT(reader.last_swap().blocks, 0);
  EXPECT_LE(static_cast<size_t>(reader.last_swap().blocks),
            aggregator_->Current()->editions.at("T")->parts().size())
      << "the other edition is left out";
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
  sent = aggregator_->Current();
  store_pb::Record erased;
  erased.mutable_text_erased()->set_submission("editions/T/submissions/0101.first@1");
  log_.Append(erased);
  Feed();
  reader.Take(Since(sent.get()));
  EXPECT_EQ(reader.last_swap().blocks, 0);
  EXPECT_EQ(reader.position, log_.head()) << "the position alone";
  sent = aggregator_->Current();
  log_.SetState("T", model::EDITION_STATE_CLOSED);
  Feed();
  reader.Take(Since(sent.get()));
  EXPECT_EQ(reader.last_swap().steps, 1);
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
}

// An edition of so many units whose median of inhabitants is kept by unit.
std::shared_ptr<const domain::EditionCounts> ManyUnits(int units) {
  namespace model = domain::model;
  model::Frame frame = testing_support::SmallFrame("T");
  frame.clear_units();
  for (int i = 0; i < units; ++i) {
    model::Unit& unit = *frame.add_units();
    unit.set_code(std::to_string(100'000 + i));
    unit.set_name("unit");
    unit.set_type(model::UNIT_TYPE_DISTRICT);
    unit.set_population(1 + i);
  }
  const auto compiled = domain::CompiledFrame::Compile(frame).frame;
  const auto form =
      domain::CompiledQuestionnaire::Compile(testing_support::SmallQuestionnaire("T"),
                                             testing_support::SmallEdition("T"), compiled.get())
          .questionnaire;
  model::Indicator median =
      testing_support::SmallIndicator("IND_MEDIAN", {"T"}, "", {{"ALL", "responded"}});
  median.set_kind(model::INDICATOR_KIND_QUANTILE);
  median.mutable_measure()->set_frame(model::FRAME_NUMBER_POPULATION);
  const auto indicator = domain::CompiledIndicator::Compile(median, *form, *compiled).indicator;
  EXPECT_NE(indicator, nullptr);
  const auto plan = domain::FigurePlan::Make(compiled, form, {indicator}, {});
  // Numbers that cost the most bytes that any can.
  std::vector<domain::EditionCounts::Part> parts;
  for (size_t part = 0; part < domain::EditionCounts::PartCount(*plan); ++part)
    parts.push_back(std::make_shared<const std::vector<int32_t>>(
        domain::EditionCounts::PartSize(*plan, part), part == 1 ? -1 : 0));
  return std::make_shared<const domain::EditionCounts>(plan, std::move(parts));
}

TEST(LargeBlocks, ABlockLargerThanAChunkComesInPieces) {
  const auto counts = ManyUnits(30'000);
  ASSERT_GT(counts->parts()[1]->size() * 10, 2 * base::kFollowChunkBytesMax);
  Snapshot snapshot;
  snapshot.log_id = "log";
  snapshot.editions["T"] = counts;
  const auto chunks = MakeChunks(snapshot, nullptr, {}, {});
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  EXPECT_GT(chunks->size(), 2u);
  for (const std::string& chunk : *chunks) EXPECT_LE(chunk.size(), base::kFollowChunkBytesMax);
  FiguresReader reader;
  reader.Take(*chunks);
  ASSERT_EQ(reader.counts.at("T").parts.size(), counts->parts().size());
  for (size_t part = 0; part < counts->parts().size(); ++part)
    EXPECT_EQ(reader.counts.at("T").parts.at(static_cast<uint32_t>(part)), *counts->parts()[part]);
}

TEST_F(Chunks, AReaderThatComesBackGetsNoDefinitionTwice) {
  FiguresReader reader = ReadAll(*aggregator_);
  log_.SetState("T", model::EDITION_STATE_CLOSED);
  log_.Submit("U", "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  Feed();
  reader.Take(Since(nullptr, reader.Resume()));
  EXPECT_FALSE(reader.last_swap().reset);
  EXPECT_EQ(reader.last_swap().steps, 1);
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
}

TEST_F(Chunks, AReaderOfAnotherLogOrEpochOrOneThatIsAheadBeginsAnew) {
  const FiguresReader reader = ReadAll(*aggregator_);
  for (int kind = 0; kind < 3; ++kind) {
    FiguresReader other = reader;
    auto request = other.Resume();
    if (kind == 0) request.set_log_id(std::string(32, 'f'));
    if (kind == 1) request.set_epoch(2);
    if (kind == 2) request.set_definitions_position(log_.head() + 1);
    other.Take(Since(nullptr, request));
    EXPECT_TRUE(other.last_swap().reset) << kind;
    EXPECT_EQ(other.Say(), reader.Say());
  }
}

TEST_F(Chunks, WhatWasFoldedAgainComesAsAResetAlsoAtAHigherPosition) {
  FiguresReader reader = ReadAll(*aggregator_);
  const auto sent = aggregator_->Current();
  // The same log and epoch, with another past.
  SmallLog other(log_.log_id());
  other.ApplySmallSurvey({"V", "W"});
  other.Submit("V", "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  const int64_t no_definition = other.head();
  other.SetState("V", model::EDITION_STATE_CLOSED);
  ASSERT_GT(other.head(), sent->position);
  EXPECT_FALSE(aggregator_->Consume(other.Chunk(other.head(), other.head())).ok());
  ASSERT_TRUE(aggregator_->StartOver().ok());
  ASSERT_TRUE(aggregator_->Consume(other.All()).ok());
  EXPECT_FALSE(aggregator_->Current()->editions.contains("T"));
  reader.Take(Since(sent.get()));
  EXPECT_TRUE(reader.last_swap().reset);
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
  // And for a reader whose last definition is none of this log.
  auto request = ReadAll(*aggregator_).Resume();
  request.set_definitions_position(no_definition);
  FiguresReader back;
  back.Take(Since(nullptr, request));
  EXPECT_TRUE(back.last_swap().reset);
}

TEST_F(Chunks, ADefinitionThatChangesThePlanSendsItsEditionWhole) {
  FiguresReader reader = ReadAll(*aggregator_);
  const auto sent = aggregator_->Current();
  log_.Apply(testing_support::SmallIndicator("IND_NEW", {"T"}, "A1 == 1", {{"ALL", "responded"}}));
  Feed();
  reader.Take(Since(sent.get()));
  EXPECT_EQ(reader.last_swap().steps, 1);
  EXPECT_EQ(static_cast<size_t>(reader.last_swap().blocks),
            aggregator_->Current()->editions.at("T")->parts().size());
  EXPECT_EQ(reader.Say(), ReadAll(*aggregator_).Say());
}

TEST_F(Chunks, WhatStopsFoldingIsToldWithTheFigures) {
  const auto sent = aggregator_->Current();
  log_.AppendBytes("\xff\xff\xff");
  EXPECT_FALSE(aggregator_->Consume(log_.Chunk(log_.head(), log_.head())).ok());
  FiguresReader reader;
  reader.Take(Since(sent.get()));
  EXPECT_THAT(reader.stopped, testing::StartsWith("STORE_CORRUPT"));
}

TEST_F(Chunks, UntilTheFirstChunkTheLogIsNotHeard) {
  auto disk = std::make_shared<SharedFoldStore::Disk>();
  for (const bool kept : {false, true}) {
    SCOPED_TRACE(kept);
    auto opened = Aggregator::Open(std::make_unique<SharedFoldStore>(disk));
    ASSERT_TRUE(opened.ok()) << opened.status();
    aggregator_ = *opened;
    EXPECT_THAT(aggregator_->silence().why, testing::HasSubstr("since the start"));
    EXPECT_EQ(aggregator_->Current()->unheard, "") << "it may be heard at once";
    if (kept) {
      aggregator_->SetUnheard("refused");
      EXPECT_EQ(aggregator_->Current()->unheard, "refused");
      aggregator_->SetUnheard("");
    }
    Feed();
    EXPECT_EQ(aggregator_->silence().why, "");
    EXPECT_EQ(aggregator_->Current()->unheard, "");
  }
}

TEST_F(Chunks, ReadersAreToldThatTheLogIsNotHeardOnceAndThatItIsAgain) {
  auto sent = aggregator_->Current();
  int told = 0;
  const int64_t listener = aggregator_->AddListener([&] { ++told; });
  aggregator_->SetUnheard("refused");
  aggregator_->SetUnheard("refused again");
  EXPECT_EQ(told, 1);
  FiguresReader reader = ReadAll(*aggregator_);
  EXPECT_EQ(reader.stopped, "refused");
  EXPECT_EQ(aggregator_->stopped(), "") << "nothing is wrong with the fold";
  const auto unheard = aggregator_->Current();
  EXPECT_EQ(unheard->position, sent->position);
  aggregator_->SetUnheard("");
  EXPECT_EQ(told, 2);
  reader.Take(Since(unheard.get()));
  EXPECT_EQ(reader.stopped, "");
  aggregator_->RemoveListener(listener);
}

}  // namespace
}  // namespace imdi::aggregation
