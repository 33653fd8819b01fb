// Figures of a survey counted by hand, and how the aggregator takes the log: chunks, gaps,
// foreign logs, kinds of records that it does not know, and stores that fail.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "services/aggregation/aggregator.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "tests/unit/aggregation/figures_reader.h"
#include "tests/unit/aggregation/small_log.h"

namespace imdi::aggregation {
namespace {

using testing_support::Code;
using testing_support::Codes;
using testing_support::Number;
using testing_support::SharedFoldStore;
using testing_support::SmallAnswers;
using testing_support::SmallLog;
using testing_support::Text;

namespace query_pb = survey::query::v1;

std::shared_ptr<Aggregator> OpenOn(const std::shared_ptr<SharedFoldStore::Disk>& disk) {
  auto out = Aggregator::Open(std::make_unique<SharedFoldStore>(disk));
  EXPECT_TRUE(out.ok()) << out.status();
  return *out;
}
std::shared_ptr<Aggregator> OpenNew() { return OpenOn(std::make_shared<SharedFoldStore::Disk>()); }

// Records from..to as they came when the log ended there.
ingestion_pb::FollowLogResponse ThenOf(const SmallLog& log, int64_t from, int64_t to) {
  ingestion_pb::FollowLogResponse out = log.Chunk(from, to);
  out.mutable_head()->set_position(to);
  return out;
}

// One complete, four partial, one break-off, one refusal, two silent; one unit out of scope.
//   0101 region 1: everything answered, A1 = 1                    complete
//   0102 region 1: A1 = 2, A2 = none; second part missing         partial
//   0103 region 1: A1 = don't know                                partial
//   0104 region 2: A1 = 3 and A7, 2 of 5                          partial
//   0106 region 3: A7 only, 1 of 5                                break-off
//   0107 unknown:  refused
//   030101 unknown: A1 = 1, A5.a and A6, 3 of 8                   partial
void Collect(SmallLog& log) {
  log.ApplySmallSurvey({"T"});
  log.Submit("T", "0101", "first",
             {{"A1", Code(1)},
              {"A2", Codes({1, 2})},
              {"A3", Code(1)},
              {"A4", Number(200)},
              {"A5.a", Code(1)},
              {"A5.b", Code(1)},
              {"A5.c", Code(97)},
              {"A6", Text()},
              {"A7", Code(1)},
              {"G1", Code(1)}});
  log.Submit("T", "0101", "second", {{"B1", Code(1)}, {"B2", Codes({1})}});
  log.Submit("T", "0102", "first",
             {{"A1", Code(2)},
              {"A2", Codes({90})},
              {"A5.a", Code(1)},
              {"A5.b", Code(2)},
              {"A6", Text()},
              {"A7", Code(2)}});
  log.Submit(
      "T", "0103", "first",
      {{"A1", Code(98)}, {"A5.a", Code(1)}, {"A5.b", Code(2)}, {"A6", Text()}, {"A7", Code(2)}});
  log.Submit("T", "0104", "first", {{"A1", Code(3)}, {"A7", Code(1)}});
  log.Submit("T", "0106", "first", {{"A7", Code(1)}});
  log.SetDisposition("T", "0107", model::DISPOSITION_REFUSAL);
  log.Submit("T", "030101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A6", Text()}});
}

// "IND_RR.FRAME" → its figure. Those of documents alone: automatic ones are counted in the domain's
// tests.
std::map<std::string, query_pb::Figure> FiguresOf(const Aggregator& aggregator,
                                                  const std::string& edition = "T") {
  auto out = testing_support::FiguresOf(*aggregator.Current(), edition);
  std::erase_if(out, [](const auto& one) { return one.first.starts_with("Q_"); });
  return out;
}

std::map<std::string, std::string> EtagsOf(const Aggregator& aggregator) {
  std::map<std::string, std::string> out;
  for (const auto& [cell, figure] : FiguresOf(aggregator)) out[cell] = figure.etag();
  return out;
}

// "2/5 of 9, 5 answered, 0 open" or "NOT_ASKED L .", with the same counts.
std::string Say(const query_pb::Figure& figure) {
  const std::string counts =
      base::StrCat(figure.numerator(), "/", figure.base(), " of ", figure.invited(), ", ",
                   figure.responded(), " answered, ", figure.filter_unknown(), " open");
  if (figure.has_value()) {
    EXPECT_EQ(figure.value(), static_cast<double>(figure.numerator()) / figure.base())
        << figure.name();
    return counts;
  }
  EXPECT_FALSE(figure.no_value().text().nn().empty());
  EXPECT_FALSE(figure.no_value().text().nb().empty());
  return base::StrCat(query_pb::NoValueReason_Name(figure.no_value().reason()).substr(16), " ",
                      figure.no_value().sdmx_status(), " ", figure.no_value().sign(), " ", counts);
}

std::map<std::string, std::string> SayAll(const Aggregator& aggregator) {
  std::map<std::string, std::string> out;
  for (const auto& [cell, figure] : FiguresOf(aggregator)) out[cell] = Say(figure);
  return out;
}

TEST(LiveFigures, AreThoseCountedByHand) {
  SmallLog log;
  Collect(log);
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  const std::map<std::string, std::string> wanted = {
      {"IND_CODE.ALL", "2/5 of 9, 5 answered, 0 open"},
      {"IND_CODE.ALL.region=1", "1/3 of 3, 3 answered, 0 open"},
      {"IND_CODE.ALL.region=2", "0/1 of 1, 1 answered, 0 open"},
      {"IND_CODE.ALL.region=3", "NOT_YET O .. 0/0 of 1, 0 answered, 0 open"},
      {"IND_CODE.ALL.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_CODE.ALL.region=unknown", "1/1 of 4, 1 answered, 0 open"},
      {"IND_CODE.ANSWERED", "2/5 of 9, 5 answered, 0 open"},
      {"IND_CODE.ANSWERED.region=1", "1/3 of 3, 3 answered, 0 open"},
      {"IND_CODE.ANSWERED.region=2", "0/1 of 1, 1 answered, 0 open"},
      {"IND_CODE.ANSWERED.region=3", "NOT_YET O .. 0/0 of 1, 0 answered, 0 open"},
      {"IND_CODE.ANSWERED.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_CODE.ANSWERED.region=unknown", "1/1 of 4, 1 answered, 0 open"},
      {"IND_COUNT.ASKED", "1/2 of 9, 5 answered, 1 open"},
      {"IND_COUNT.ASKED.region=1", "1/2 of 3, 3 answered, 1 open"},
      {"IND_COUNT.ASKED.region=2", "NOT_APPLICABLE M . 0/0 of 1, 1 answered, 0 open"},
      {"IND_COUNT.ASKED.region=3", "NOT_YET O .. 0/0 of 1, 0 answered, 0 open"},
      {"IND_COUNT.ASKED.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_COUNT.ASKED.region=unknown", "NO_ANSWER O .. 0/0 of 4, 1 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED", "NO_ANSWER O .. 0/0 of 9, 5 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED.region=1", "NOT_APPLICABLE M . 0/0 of 3, 3 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED.region=2", "NOT_APPLICABLE M . 0/0 of 1, 1 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED.region=3", "NOT_APPLICABLE M . 0/0 of 1, 0 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_DISTRICT.ANSWERED.region=unknown", "NO_ANSWER O .. 0/0 of 4, 1 answered, 0 open"},
      {"IND_NUMBER.ASKED", "1/1 of 9, 5 answered, 2 open"},
      {"IND_NUMBER.ASKED.region=1", "1/1 of 3, 3 answered, 1 open"},
      {"IND_NUMBER.ASKED.region=2", "NOT_APPLICABLE M . 0/0 of 1, 1 answered, 0 open"},
      {"IND_NUMBER.ASKED.region=3", "NOT_YET O .. 0/0 of 1, 0 answered, 0 open"},
      {"IND_NUMBER.ASKED.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_NUMBER.ASKED.region=unknown", "FILTER_UNKNOWN O .. 0/0 of 4, 1 answered, 1 open"},
      {"IND_PARTS.ANSWERED", "1/1 of 9, 5 answered, 2 open"},
      {"IND_PARTS.ANSWERED.region=1", "1/1 of 3, 3 answered, 1 open"},
      {"IND_PARTS.ANSWERED.region=2", "NOT_APPLICABLE M . 0/0 of 1, 1 answered, 0 open"},
      {"IND_PARTS.ANSWERED.region=3", "NOT_YET O .. 0/0 of 1, 0 answered, 0 open"},
      {"IND_PARTS.ANSWERED.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_PARTS.ANSWERED.region=unknown", "FILTER_UNKNOWN O .. 0/0 of 4, 1 answered, 1 open"},
      {"IND_RR.FRAME", "5/9 of 9, 5 answered, 0 open"},
      {"IND_RR.FRAME.region=1", "3/3 of 3, 3 answered, 0 open"},
      {"IND_RR.FRAME.region=2", "1/1 of 1, 1 answered, 0 open"},
      {"IND_RR.FRAME.region=3", "0/1 of 1, 0 answered, 0 open"},
      {"IND_RR.FRAME.region=4", "NOT_APPLICABLE M . 0/0 of 0, 0 answered, 0 open"},
      {"IND_RR.FRAME.region=unknown", "1/4 of 4, 1 answered, 0 open"},
      {"IND_X.ANSWERED", "NOT_ASKED L . 0/0 of 9, 5 answered, 0 open"},
      {"IND_X.ANSWERED.region=1", "NOT_ASKED L . 0/0 of 3, 3 answered, 0 open"},
      {"IND_X.ANSWERED.region=2", "NOT_ASKED L . 0/0 of 1, 1 answered, 0 open"},
      {"IND_X.ANSWERED.region=3", "NOT_ASKED L . 0/0 of 1, 0 answered, 0 open"},
      {"IND_X.ANSWERED.region=4", "NOT_ASKED L . 0/0 of 0, 0 answered, 0 open"},
      {"IND_X.ANSWERED.region=unknown", "NOT_ASKED L . 0/0 of 4, 1 answered, 0 open"},
  };
  EXPECT_EQ(SayAll(*aggregator), wanted);
  const auto figures = FiguresOf(*aggregator);
  EXPECT_EQ(figures.at("IND_RR.FRAME").rr1(), 1.0 / 9);
  EXPECT_EQ(figures.at("IND_RR.FRAME.region=1").rr1(), 1.0 / 3);
}

TEST(LiveFigures, NothingCollectedYetIsNotTheSameAsNobodyAnswered) {
  SmallLog log;
  log.Apply(testing_support::SmallEdition("T"));
  log.Apply(testing_support::SmallQuestionnaire("T"));
  log.Apply(testing_support::SmallFrame("T"));
  for (const model::Indicator& indicator : testing_support::SmallIndicators({"T"}))
    log.Apply(indicator);
  const auto aggregator = OpenNew();
  const auto say = [&](const std::string& cell) {
    EXPECT_TRUE(
        aggregator->Consume(log.Chunk(aggregator->cursor().position() + 1, log.head())).ok());
    return Say(FiguresOf(*aggregator).at(cell));
  };
  EXPECT_EQ(say("IND_RR.FRAME"), "NOT_YET O .. 0/9 of 9, 0 answered, 0 open")
      << "a draft has no response rate";
  EXPECT_EQ(say("IND_CODE.ALL"), "NOT_YET O .. 0/0 of 9, 0 answered, 0 open");
  log.SetState("T", model::EDITION_STATE_OPEN);
  EXPECT_EQ(say("IND_RR.FRAME"), "0/9 of 9, 0 answered, 0 open") << "zero is a value";
  EXPECT_EQ(say("IND_CODE.ALL"), "NOT_YET O .. 0/0 of 9, 0 answered, 0 open");
  log.SetState("T", model::EDITION_STATE_CLOSED);
  EXPECT_EQ(say("IND_CODE.ALL"), "NO_ANSWER O .. 0/0 of 9, 0 answered, 0 open");
  EXPECT_EQ(say("IND_X.ANSWERED"), "NOT_ASKED L . 0/0 of 9, 0 answered, 0 open");
}

TEST(LiveFigures, ACorrectionReplacesAndAWithdrawalTakesBack) {
  SmallLog log;
  Collect(log);
  log.Submit("T", "0104", "first",
             {{"A1", Code(1)}, {"A7", Code(1)}, {"A4", Number(1)}, {"A5.a", Code(1)}});
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_CODE.ALL")), "3/5 of 9, 5 answered, 0 open");
  log.Withdraw("T", "0104", "first");
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_CODE.ALL")), "2/4 of 9, 4 answered, 0 open");
  log.SetDisposition("T", "0101", model::DISPOSITION_OUT_OF_SCOPE);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_CODE.ALL")), "1/3 of 8, 3 answered, 0 open");
  log.SetDisposition("T", "0101", model::DISPOSITION_NON_CONTACT);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_CODE.ALL")), "2/4 of 9, 4 answered, 0 open")
      << "the word is taken back and the answers stand";
}

TEST(Etags, AreTheSameAfterARestartAndDoNotKnowThePosition) {
  SmallLog log;
  Collect(log);
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  std::map<std::string, std::string> etags;
  {
    const auto aggregator = OpenOn(disk);
    ASSERT_TRUE(aggregator->Consume(log.All()).ok());
    etags = EtagsOf(*aggregator);
    EXPECT_EQ(etags.size(), 48u);
  }
  const auto again = OpenOn(disk);
  EXPECT_EQ(EtagsOf(*again), etags);
  EXPECT_EQ(again->Current()->position, log.head());
  store_pb::Record erased;
  erased.mutable_text_erased()->set_submission("editions/T/submissions/0101.first@1");
  log.Append(erased);
  ASSERT_TRUE(again->Consume(log.Chunk(log.head(), log.head())).ok());
  EXPECT_EQ(again->Current()->position, log.head());
  EXPECT_EQ(EtagsOf(*again), etags);
}

TEST(Etags, ChangeWithTheRevisionOfTheDefinitionAndWithTheCounts) {
  SmallLog log;
  Collect(log);
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  const auto before = FiguresOf(*aggregator);
  model::Indicator revised = testing_support::SmallIndicator(
      "IND_COUNT", {"T"}, "count(A2 in 1..3) >= 2", {{"ASKED", "A1 in (1,2) and answered(A2)"}});
  revised.set_note("the same, with a note");
  log.Apply(revised);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  for (const auto& [cell, figure] : FiguresOf(*aggregator)) {
    if (cell.starts_with("IND_COUNT")) {
      EXPECT_NE(figure.etag(), before.at(cell).etag()) << cell;
      EXPECT_EQ(figure.indicator_revision(), 2);
      EXPECT_EQ(Say(figure), Say(before.at(cell)));
    } else {
      EXPECT_EQ(figure.etag(), before.at(cell).etag()) << cell;
    }
  }
  log.Submit("T", "030102", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A6", Text()}});
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  const auto after = FiguresOf(*aggregator);
  EXPECT_NE(after.at("IND_RR.FRAME").etag(), before.at("IND_RR.FRAME").etag());
  EXPECT_NE(after.at("IND_CODE.ALL.region=unknown").etag(),
            before.at("IND_CODE.ALL.region=unknown").etag());
  EXPECT_EQ(after.at("IND_CODE.ALL.region=1").etag(), before.at("IND_CODE.ALL.region=1").etag());
}

// ---- The log as it comes

TEST(Aggregator, AnEditionThatDidNotChangeIsSharedWithTheSnapshotBefore) {
  SmallLog log;
  log.ApplySmallSurvey({"T", "U"});
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  const auto before = aggregator->Current();
  log.Submit("T", "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  const auto after = aggregator->Current();
  EXPECT_TRUE(after->editions.at("U") == before->editions.at("U"));
  EXPECT_FALSE(after->editions.at("T") == before->editions.at("T"));
  EXPECT_EQ(after->position, before->position + 1);
  log.Submit("T", "0101", "first",
             {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A6", Text()}, {"A7", Code(1)}});
  ASSERT_TRUE(aggregator->Consume(log.Chunk(log.head(), log.head())).ok());
  EXPECT_TRUE(aggregator->Current()->editions.at("T") == after->editions.at("T"))
      << "an answer that no figure reads changes no figure";
}

TEST(Aggregator, ListenersHearOfEverySnapshotUntilTheyAreRemoved) {
  SmallLog log;
  log.ApplySmallSurvey({"T"});
  const auto aggregator = OpenNew();
  std::vector<int64_t> heard;
  const int64_t id =
      aggregator->AddListener([&] { heard.push_back(aggregator->Current()->position); });
  ASSERT_TRUE(aggregator->Consume(ThenOf(log, 1, 3)).ok());
  ASSERT_TRUE(aggregator->Consume(log.Chunk(4, 4)).ok());
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 0)).ok()) << "a sign of life";
  EXPECT_THAT(heard, testing::ElementsAre(3, 4));
  aggregator->RemoveListener(id);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(5, 5)).ok());
  EXPECT_EQ(heard.size(), 2u);
}

TEST(Aggregator, AKindOfRecordThatItDoesNotKnowStopsItVisibly) {
  SmallLog log;
  Collect(log);
  const int64_t last_known = log.head();
  log.AppendBytes(
      std::string("\xba\x01\x03new", 6));  // Field 23 of Record, which this build does not have.
  log.Submit("T", "030102", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A6", Text()}});
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  auto aggregator = OpenOn(disk);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status =
        aggregator->Consume(log.Chunk(aggregator->cursor().position() + 1, log.head()));
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kUnknownRecordKind) << status;
    EXPECT_THAT(aggregator->stopped(),
                testing::StartsWith("UNKNOWN_RECORD_KIND: the record at position " +
                                    std::to_string(last_known + 1)));
    EXPECT_EQ(aggregator->cursor().position(), last_known);
    EXPECT_EQ(aggregator->Current()->position, last_known);
    EXPECT_EQ(aggregator->log_head(), log.head());
    EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_RR.FRAME")), "5/9 of 9, 5 answered, 0 open")
        << "what came before is served";
    aggregator = OpenOn(disk);
  }
  int lines = 0;
  base::SetLogSink([&](std::string_view line) {
    if (line.find("folding_stopped") != std::string_view::npos) ++lines;
  });
  const absl::Cleanup usual = [] { base::SetLogSink({}); };
  for (int attempt = 0; attempt < 3; ++attempt)
    EXPECT_FALSE(aggregator->Consume(log.Chunk(last_known + 1, log.head())).ok());
  EXPECT_EQ(lines, 1) << "tried again and again, and said once";
}

TEST(Aggregator, BytesThatAreNoRecordStopItToo) {
  SmallLog log;
  log.ApplySmallSurvey({"T"});
  const int64_t last_known = log.head();
  log.AppendBytes("\xff\xff\xff");
  const auto aggregator = OpenNew();
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(log.All())), base::Reason::kStoreCorrupt);
  EXPECT_EQ(aggregator->cursor().position(), last_known);
  EXPECT_NE(aggregator->stopped(), "");
}

TEST(Aggregator, ARecordThatCannotFollowStopsItAtItsOwnPosition) {
  SmallLog log;
  log.ApplySmallSurvey({"T"});
  const int64_t fine = log.head();
  store_pb::Record record;
  record.mutable_submission_accepted()->set_edition("NOSUCH");
  log.Append(record);
  const auto aggregator = OpenNew();
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(log.All())), base::Reason::kStoreCorrupt);
  EXPECT_EQ(aggregator->cursor().position(), fine);
  EXPECT_THAT(aggregator->stopped(), testing::HasSubstr("NOSUCH"));
}

TEST(Aggregator, AGapIsADivergedLogAndNothingBehindItIsTaken) {
  SmallLog log;
  Collect(log);
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 5)).ok());
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(log.Chunk(7, log.head()))),
            base::Reason::kLogDiverged);
  EXPECT_EQ(aggregator->cursor().position(), 5);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(3, log.head())).ok())
      << "records seen already are no gap";
  EXPECT_EQ(aggregator->cursor().position(), log.head());
}

TEST(Aggregator, AChangedRecordBreaksTheChain) {
  SmallLog log;
  Collect(log);
  const auto aggregator = OpenNew();
  ingestion_pb::FollowLogResponse chunk = log.All();
  chunk.mutable_records(3)->mutable_record()->push_back(' ');
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(chunk)), base::Reason::kLogDiverged);
  EXPECT_EQ(aggregator->cursor().position(), 3);
  chunk = log.All();
  chunk.mutable_records(4)->set_time_us(1);
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(chunk)), base::Reason::kLogDiverged);
  EXPECT_EQ(aggregator->cursor().position(), 4);
}

TEST(Aggregator, AnotherLogOrEpochIsRefusedUntilItStartsOver) {
  SmallLog log;
  Collect(log);
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  auto aggregator = OpenOn(disk);
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  const auto before = SayAll(*aggregator);

  SmallLog other("fedcba9876543210fedcba9876543210");
  other.ApplySmallSurvey({"U"});
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(other.All())), base::Reason::kLogDiverged);
  SmallLog restored(log.log_id(), 2);
  EXPECT_EQ(base::ReasonOf(aggregator->Consume(restored.All())), base::Reason::kLogDiverged)
      << "even a sign of life";
  EXPECT_EQ(aggregator->cursor().position(), log.head());

  ASSERT_TRUE(aggregator->StartOver().ok());
  EXPECT_EQ(aggregator->cursor().position(), 0);
  EXPECT_EQ(SayAll(*aggregator), before) << "served until the first new ones";
  ASSERT_TRUE(aggregator->Consume(other.All()).ok());
  EXPECT_TRUE(SayAll(*aggregator).empty()) << "T is of another log";
  EXPECT_EQ(FiguresOf(*aggregator, "U").size(), 48u);
  aggregator = OpenOn(disk);
  EXPECT_EQ(aggregator->cursor().log_id(), other.log_id());
  EXPECT_EQ(FiguresOf(*aggregator, "U").size(), 48u);
}

TEST(Aggregator, AfterStartingOverOnTheSameLogNoFigureIsOlderOrNewerThanItsPosition) {
  SmallLog log;
  log.ApplySmallSurvey({"A", "T"});
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  ASSERT_TRUE(aggregator->StartOver().ok());
  ASSERT_TRUE(aggregator->Consume(ThenOf(log, 1, 3)).ok());
  EXPECT_EQ(aggregator->Current()->position, 3);
  EXPECT_TRUE(aggregator->Current()->editions.contains("A"));
  EXPECT_FALSE(aggregator->Current()->editions.contains("T")) << "T is defined by a later record";
}

TEST(Aggregator, FoldingFromTheFirstRecordNothingIsPublishedBeforeItIsWhole) {
  SmallLog log;
  Collect(log);
  const auto aggregator = OpenNew();
  int swaps = 0;
  aggregator->AddListener([&] { ++swaps; });
  const int64_t first = log.head();
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 0)).ok()) << "a sign of life names the head";
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 5)).ok());
  EXPECT_EQ(aggregator->Current()->log_id, "");
  // What comes meanwhile does not put it off.
  log.Submit("T", "030102", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A6", Text()}});
  ASSERT_TRUE(aggregator->Consume(log.Chunk(6, first)).ok());
  EXPECT_EQ(aggregator->Current()->position, first);
  EXPECT_EQ(swaps, 1);
  const auto before = SayAll(*aggregator);

  ASSERT_TRUE(aggregator->StartOver().ok());
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 5)).ok());
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 0)).ok());
  EXPECT_EQ(SayAll(*aggregator), before) << "the figures of before are served on";
  EXPECT_EQ(aggregator->cursor().position(), 5);
  ASSERT_TRUE(aggregator->Consume(log.Chunk(6, log.head())).ok());
  EXPECT_EQ(aggregator->Current()->position, log.head());
  EXPECT_EQ(swaps, 2);
}

TEST(Aggregator, AnEmptyLogIsWholeAtOnce) {
  const SmallLog log;
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.Chunk(1, 0)).ok());
  EXPECT_EQ(aggregator->Current()->log_id, log.log_id());
}

TEST(Aggregator, AFailedWriteLosesNothing) {
  SmallLog log;
  Collect(log);
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  const auto aggregator = OpenOn(disk);
  ASSERT_TRUE(aggregator->Consume(ThenOf(log, 1, 10)).ok());
  disk->failing_writes = 2;
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_FALSE(aggregator->Consume(log.Chunk(11, log.head())).ok());
    EXPECT_EQ(aggregator->cursor().position(), 10);
    EXPECT_EQ(aggregator->Current()->position, 10) << "nothing is served that is not kept";
  }
  ASSERT_TRUE(aggregator->Consume(log.Chunk(11, log.head())).ok());
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_RR.FRAME")), "5/9 of 9, 5 answered, 0 open");
}

TEST(Aggregator, AStoreThatCannotBeReadIsFoldedAgainFromTheFirstRecord) {
  SmallLog log;
  Collect(log);
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  std::map<std::string, std::string> etags;
  {
    const auto aggregator = OpenOn(disk);
    ASSERT_TRUE(aggregator->Consume(log.All()).ok());
    etags = EtagsOf(*aggregator);
  }
  for (const char* damage : {"an unreadable value", "a failing read"}) {
    SCOPED_TRACE(damage);
    if (std::string_view(damage) == "a failing read") {
      disk->failing_reads = true;
    } else {
      const auto items = disk->items.List("", "", 1'000);
      ASSERT_TRUE(items.ok());
      const std::vector<storage::FoldItem> bad = {{items->front().key, "\x01"}};
      ASSERT_TRUE(disk->items.Write(bad, {}, std::nullopt).ok());
    }
    const auto aggregator = OpenOn(disk);
    EXPECT_EQ(aggregator->cursor().position(), 0);
    ASSERT_TRUE(aggregator->Consume(log.All()).ok());
    EXPECT_EQ(EtagsOf(*aggregator), etags);
  }
}

TEST(Aggregator, WhatItKeepsHoldsNoTextActorReasonOrRequestId) {
  SmallLog log;
  Collect(log);
  const auto disk = std::make_shared<SharedFoldStore::Disk>();
  ASSERT_TRUE(OpenOn(disk)->Consume(log.All()).ok());
  const auto items = disk->items.List("", "", 1'000);
  ASSERT_TRUE(items.ok());
  EXPECT_GT(items->size(), 15u);
  for (const storage::FoldItem& item : *items) {
    EXPECT_EQ(item.value.find("sealed"), std::string::npos) << item.key;
    store_pb::Record record;
    if (item.value.size() < 16 || !item.key.starts_with("r/")) continue;
    ASSERT_TRUE(record.ParseFromString(item.value.substr(16))) << item.key;
    EXPECT_EQ(record.actor(), "");
    EXPECT_EQ(record.request_id(), "");
  }
}

TEST(Aggregator, ReadersAndListenersMayComeAndGoWhileItFolds) {
  SmallLog log;
  Collect(log);
  for (int revision = 0; revision < 150; ++revision)
    log.Submit("T", "0104", "first",
               {{"A1", Code(1 + revision % 3)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  const auto aggregator = OpenNew();
  std::atomic<bool> stop = false;
  std::atomic<int> odd = 0;
  const auto calls = std::make_shared<std::atomic<int64_t>>(
      0);  // Outlives a listener that runs while it is removed.
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      int64_t last = 0;
      while (!stop) {
        const int64_t id = aggregator->AddListener([calls] { ++*calls; });
        const auto snapshot = aggregator->Current();
        if (snapshot->position < last) ++odd;
        last = snapshot->position;
        for (const auto& [edition, counts] : snapshot->editions)
          if (edition != "T" || counts->plan().cell_count() == 0) ++odd;
        const int64_t folded = aggregator->cursor().position();
        if (aggregator->log_head() < folded) ++odd;
        if (!aggregator->stopped().empty()) ++odd;
        std::this_thread::yield();
        aggregator->RemoveListener(id);
      }
    });
  }
  std::atomic<int64_t> heard = 0;
  const int64_t id = aggregator->AddListener([&] { heard = aggregator->Current()->position; });
  for (int64_t position = 1; position <= log.head(); ++position) {
    ASSERT_TRUE(aggregator->Consume(ThenOf(log, position, position)).ok());
    ASSERT_EQ(heard, position);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  aggregator->RemoveListener(id);
  EXPECT_EQ(odd, 0);
  EXPECT_EQ(aggregator->Current()->position, log.head());
}

// ---- Pace

TEST(Aggregator, SwapsSharedByRecordsThatComeFastAreStillInTheSnapshotSoonAndInOrder) {
  SmallLog log;
  Collect(log);
  for (int revision = 0; revision < 200; ++revision)
    log.Submit("T", "0104", "first", {{"A1", Code(1 + revision % 3)}, {"A7", Code(1)}});
  auto opened =
      Aggregator::Open(std::make_unique<SharedFoldStore>(std::make_shared<SharedFoldStore::Disk>()),
                       absl::Milliseconds(base::kLiveSwapMs));
  ASSERT_TRUE(opened.ok());
  const auto aggregator = *opened;
  base::Mutex mutex;
  base::CondVar changed;
  std::vector<int64_t> heard;
  const int64_t id = aggregator->AddListener([&] {
    base::MutexLock lock(mutex);
    heard.push_back(aggregator->Current()->position);
    changed.NotifyAll();
  });
  for (int64_t position = 1; position <= log.head(); ++position)
    ASSERT_TRUE(aggregator->Consume(ThenOf(log, position, position)).ok());
  {
    base::MutexLock lock(mutex);
    while (heard.empty() || heard.back() != log.head())
      ASSERT_TRUE(changed.WaitFor(mutex, absl::Seconds(30))) << "the last records never came";
  }
  aggregator->RemoveListener(id);
  EXPECT_TRUE(std::ranges::is_sorted(heard));
  EXPECT_LT(heard.size(), static_cast<size_t>(log.head())) << "records share swaps";
  EXPECT_EQ(Say(FiguresOf(*aggregator).at("IND_RR.FRAME")), "5/9 of 9, 5 answered, 0 open");
}

// ---- Editions in memory

TEST(Fold, KeepsTheMatrixOfEditionsThatAreOpenAndCountsAClosedOneAnewWhenARecordTouchesIt) {
  SmallLog log;
  log.ApplySmallSurvey({"T", "U"});
  log.Submit("T", "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  Fold fold;
  const auto take = [&](int64_t from) {
    for (int64_t position = from; position <= log.head(); ++position) {
      store_pb::Record record;
      ASSERT_TRUE(record.ParseFromString(log.Chunk(position, position).records(0).record()));
      ASSERT_TRUE(fold.Apply(position, position, record).ok());
    }
  };
  take(1);
  EXPECT_EQ(fold.loaded(), 0u) << "nobody has asked yet";
  const auto open = *fold.CountsOf("T");
  ASSERT_NE(open, nullptr);
  ASSERT_TRUE(fold.CountsOf("U").ok());
  EXPECT_EQ(fold.loaded(), 2u);
  EXPECT_EQ(*fold.CountsOf("T"), open) << "nothing was said of it since";
  log.SetState("T", model::EDITION_STATE_CLOSED);
  log.SetDisposition("T", "0102", model::DISPOSITION_REFUSAL);
  take(log.head() - 1);
  const auto closed = *fold.CountsOf("T");
  EXPECT_EQ(fold.loaded(), 1u) << "a closed one is unloaded";
  EXPECT_NE(closed, open);
  log.SetDisposition("T", "0103", model::DISPOSITION_REFUSAL);
  take(log.head());
  const auto again = *fold.CountsOf("T");
  EXPECT_EQ(again->Dispositions(0, 0).refusal, 2);
  EXPECT_EQ(again->Dispositions(0, 0).partial + again->Dispositions(0, 0).complete +
                again->Dispositions(0, 0).breakoff,
            1);
  EXPECT_EQ(fold.loaded(), 1u);
  size_t shared = 0;
  for (size_t part = 0; part < again->parts().size(); ++part)
    shared += again->parts()[part] == closed->parts()[part] ? 1 : 0;
  EXPECT_GT(shared, 0u) << "parts that say the same are shared although it was built anew";
  EXPECT_LT(shared, again->parts().size());
}

TEST(Fold, CountsAnEditionAgainWhenTheAnswersOfAnEarlierOneMove) {
  SmallLog log;
  log.ApplySmallSurvey({"E1", "E2"}, {2016, 2017});
  Fold fold;
  const auto take = [&](int64_t from) {
    for (int64_t position = from; position <= log.head(); ++position) {
      store_pb::Record record;
      ASSERT_TRUE(record.ParseFromString(log.Chunk(position, position).records(0).record()));
      ASSERT_TRUE(fold.Apply(position, position, record).ok());
    }
  };
  const SmallAnswers yes = {{"A1", Code(1)},   {"A2", Codes({1})}, {"A4", Number(1)},
                            {"A5.a", Code(1)}, {"A5.b", Code(1)},  {"A5.c", Code(1)},
                            {"A6", Text()},    {"A7", Code(1)}};
  SmallAnswers no = yes;
  no["A1"] = Code(2);
  log.Submit("E2", "0101", "first", yes);
  log.Submit("E1", "0101", "first", no);
  take(1);
  // Units that had a no before and have a yes now, in IND_CODE.ALL.
  const auto rose = [&](const domain::EditionCounts& counts) {
    const domain::FigurePlan& plan = counts.plan();
    const auto panel = plan.FindPanel(plan.CellAt(*plan.Find("IND_CODE.ALL")));
    EXPECT_TRUE(panel.has_value());
    int32_t out = 0;
    for (const domain::PairCell& cell : counts.CountsOfPanel(*panel, 0, 1))
      out += cell.At(domain::AnswerState::kNo, domain::AnswerState::kYes);
    return out;
  };
  EXPECT_EQ(rose(**fold.CountsOf("E2")), 1);
  fold.TakeTouched();
  log.Submit("E1", "0102", "first", no);
  log.Submit("E1", "0101", "first", yes);
  take(log.head() - 1);
  EXPECT_TRUE(fold.TakeTouched().contains("E2")) << "it is counted together with E1";
  EXPECT_EQ(rose(**fold.CountsOf("E2")), 0);
  // Of a closed one enough stays to count later answers by, without its matrix.
  log.SetState("E1", model::EDITION_STATE_CLOSED);
  log.SetDisposition("E1", "0103", model::DISPOSITION_REFUSAL);
  log.Submit("E2", "0102", "first", yes);
  take(log.head() - 2);
  ASSERT_TRUE(fold.CountsOf("E1").ok());
  EXPECT_EQ(fold.loaded(), 1u);
  EXPECT_EQ(rose(**fold.CountsOf("E2")), 1);
  EXPECT_EQ(fold.loaded(), 1u) << "the closed one was not built again";
}

TEST(Fold, CountsAnewWhatAChangedWeightSetWeightsAndNothingElse) {
  SmallLog log;
  log.ApplySmallSurvey({"T", "U"});
  model::Definition set;
  set.mutable_weight_set()->set_name("surveys/SMALL/weightSets/BY_REGION");
  *set.mutable_weight_set()->mutable_title() = testing_support::Words("by region");
  set.mutable_weight_set()->set_method(model::WEIGHT_METHOD_POSTSTRATIFIED);
  set.mutable_weight_set()->add_margins()->add_attributes("region");
  log.Apply(set);
  model::Indicator weighted =
      testing_support::SmallIndicator("IND_W", {"T"}, "A1 == 1", {{"ALL", "responded"}});
  weighted.set_weights(set.weight_set().name());
  log.Apply(weighted);
  Fold fold;
  const auto take = [&](int64_t from) {
    for (int64_t position = from; position <= log.head(); ++position) {
      store_pb::Record record;
      ASSERT_TRUE(record.ParseFromString(log.Chunk(position, position).records(0).record()));
      ASSERT_TRUE(fold.Apply(position, position, record).ok());
    }
  };
  take(1);
  const auto before = *fold.CountsOf("T");
  const auto other = *fold.CountsOf("U");
  fold.TakeTouched();
  // The strata are made otherwise; no document but the set's changed.
  set.mutable_weight_set()->set_within("region");
  log.Apply(set);
  take(log.head());
  EXPECT_THAT(fold.TakeTouched(), testing::ElementsAre("T"));
  const auto after = *fold.CountsOf("T");
  EXPECT_NE(after->plan().fingerprint(), before->plan().fingerprint());
  ASSERT_EQ(after->plan().layouts().size(), 2u);
  EXPECT_EQ(after->plan().layouts()[1].set->within(), "region");
  EXPECT_LT(before->plan().layouts()[1].strata.size(), after->plan().layouts()[1].strata.size());
  EXPECT_EQ(*fold.CountsOf("U"), other);
  EXPECT_EQ(fold.catalog().RevisionOf(set.weight_set().name()), 2);
}

TEST(Fold, KeepsNoMoreMatricesThanItMay) {
  SmallLog log;
  std::vector<std::string> editions;
  for (size_t i = 0; i < base::kEditionsLoadedMax + 3; ++i)
    editions.push_back(base::StrCat("E", i));
  log.ApplySmallSurvey(editions);
  for (const std::string& edition : editions)
    log.Submit(edition, "0101", "first", {{"A1", Code(1)}, {"A5.a", Code(1)}, {"A7", Code(1)}});
  const auto aggregator = OpenNew();
  ASSERT_TRUE(aggregator->Consume(log.All()).ok());
  for (const std::string& edition : editions)
    EXPECT_EQ(FiguresOf(*aggregator, edition).at("IND_RR.FRAME").numerator(), 1) << edition;
  Fold fold;
  for (int64_t position = 1; position <= log.head(); ++position) {
    store_pb::Record record;
    ASSERT_TRUE(record.ParseFromString(log.Chunk(position, position).records(0).record()));
    ASSERT_TRUE(fold.Apply(position, position, record).ok());
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& edition : editions) {
      const auto counts = fold.CountsOf(edition);
      ASSERT_TRUE(counts.ok());
      EXPECT_EQ((*counts)->Dispositions(0, 0).responded(), 1);
      EXPECT_LE(fold.loaded(), base::kEditionsLoadedMax);
    }
  }
}

}  // namespace
}  // namespace imdi::aggregation
