// What every engine of the log promises.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "storage/append_plan.h"
#include "storage/memory/response_log.h"
#include "storage/response_log.h"
#include "storage/rocks/response_log.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::TempFolder;

// A log that can be closed and opened again. An engine that keeps nothing stays open instead.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual ResponseLog& log() = 0;
  virtual void Reopen() = 0;
};

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(const base::Clock& clock) : log_(clock) {}
  ResponseLog& log() override { return log_; }
  void Reopen() override {}

 private:
  memory::MemoryResponseLog log_;
};

class RocksEngine final : public Engine {
 public:
  explicit RocksEngine(const base::Clock& clock) : clock_(clock) { Reopen(); }
  ResponseLog& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    rocks::RocksOptions options;
    options.path = folder_ / "log";
    auto opened = rocks::RocksResponseLog::Open(options, clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }

 private:
  const base::Clock& clock_;
  TempFolder folder_;
  std::unique_ptr<rocks::RocksResponseLog> log_;
};

struct EngineMaker {
  std::string name;
  std::unique_ptr<Engine> (*make)(const base::Clock&);
};
std::ostream& operator<<(std::ostream& out, const EngineMaker& maker) { return out << maker.name; }

class ResponseLogContract : public testing::TestWithParam<EngineMaker> {
 protected:
  ResponseLogContract() : engine_(GetParam().make(clock_)) {}

  ResponseLog& log() { return engine_->log(); }

  AppendOutcome AppendOne(Proposal proposal) {
    const std::vector<Proposal> span = {std::move(proposal)};
    absl::StatusOr<std::vector<AppendOutcome>> outcomes = log().Append(span);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? outcomes->at(0) : AppendOutcome(Stale{"append failed", -1});
  }
  std::vector<AppendOutcome> AppendAll(const std::vector<Proposal>& proposals) {
    absl::StatusOr<std::vector<AppendOutcome>> outcomes = log().Append(proposals);
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? *std::move(outcomes) : std::vector<AppendOutcome>();
  }
  int64_t AppendBytes(const std::string& bytes) {
    return std::get<Appended>(AppendOne({.bytes = bytes})).position;
  }

  base::ManualClock clock_{absl::FromUnixSeconds(1'500'000'000)};
  std::unique_ptr<Engine> engine_;
};

Proposal Revises(const std::string& resource, int64_t revision, const std::string& key = "") {
  return {.request_key = key,
          .fingerprint = key.empty() ? "" : "print of " + key,
          .bytes = resource + " after " + std::to_string(revision),
          .depends_on = {{resource, revision, true}}};
}

TEST_P(ResponseLogContract, StartsEmptyWithTheChainOfItsOwnName) {
  const LogHead head = log().Head();
  EXPECT_EQ(head.position, 0);
  EXPECT_EQ(head.epoch, 1);
  EXPECT_EQ(head.log_id.size(), 32u);
  EXPECT_EQ(head.chain, GenesisChain(head.log_id));
  EXPECT_THAT(log().Read(1, 10, 1000).value(), IsEmpty());
  EXPECT_TRUE(log().State().ok());
}

TEST_P(ResponseLogContract, TwoLogsHaveDifferentNames) {
  EXPECT_NE(GetParam().make(clock_)->log().Head().log_id, log().Head().log_id);
}

TEST_P(ResponseLogContract, GivesGaplessPositionsFromOne) {
  EXPECT_EQ(AppendBytes("a"), 1);
  EXPECT_EQ(AppendBytes("b"), 2);
  const auto outcomes = AppendAll({{.bytes = "c"}, {.bytes = "d"}, {.bytes = "e"}});
  EXPECT_EQ(std::get<Appended>(outcomes[0]).position, 3);
  EXPECT_EQ(std::get<Appended>(outcomes[2]).position, 5);
  EXPECT_EQ(log().Head().position, 5);
}

TEST_P(ResponseLogContract, GivesBackEveryByteAsItCame) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  AppendBytes(all);
  AppendBytes("");
  const std::vector<LogEntry> entries = log().Read(1, 10, 1000).value();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].bytes, all);
  EXPECT_EQ(entries[1].bytes, "");
}

TEST_P(ResponseLogContract, BindsEachRecordToTheOneBeforeIt) {
  const Hash genesis = log().Head().chain;
  const auto first = std::get<Appended>(AppendOne({.bytes = "one"}));
  const auto second = std::get<Appended>(AppendOne({.bytes = "two"}));
  EXPECT_EQ(first.chain, NextChain(genesis, 1, first.time, "one"));
  EXPECT_EQ(second.chain, NextChain(first.chain, 2, second.time, "two"));
  EXPECT_EQ(log().Head().chain, second.chain);
  EXPECT_EQ(log().Read(2, 1, 1).value().at(0).chain, second.chain);
  EXPECT_TRUE(log().VerifyChain(1, 2).ok());
  EXPECT_TRUE(log().VerifyChain(2, 2).ok());
}

TEST_P(ResponseLogContract, RefusesToVerifyWhatIsNotThere) {
  AppendBytes("one");
  EXPECT_EQ(ReasonOf(log().VerifyChain(0, 1)), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(log().VerifyChain(1, 2)), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(log().VerifyChain(2, 1)), Reason::kInvalidArgument);
}

TEST_P(ResponseLogContract, TimeNeverGoesBackEvenWhenTheClockDoes) {
  const auto first = std::get<Appended>(AppendOne({.bytes = "a"}));
  clock_.Advance(-absl::Hours(1));
  const auto second = std::get<Appended>(AppendOne({.bytes = "b"}));
  EXPECT_EQ(second.time, first.time);
  clock_.Advance(absl::Hours(2) + absl::Nanoseconds(1'999));
  const auto third = std::get<Appended>(AppendOne({.bytes = "c"}));
  EXPECT_EQ(third.time, first.time + absl::Hours(1) + absl::Microseconds(1))
      << "cut to microseconds";
  EXPECT_EQ(log().Head().time, third.time);
  EXPECT_EQ(log().Read(3, 1, 1).value().at(0).time, third.time);
}

TEST_P(ResponseLogContract, AnswersARepeatedRequestWithTheFirstPosition) {
  AppendOne({.request_key = "r", .fingerprint = "f", .bytes = "a"});
  const AppendOutcome again = AppendOne({.request_key = "r", .fingerprint = "f", .bytes = "other"});
  EXPECT_EQ(std::get<Duplicate>(again), Duplicate{1});
  EXPECT_EQ(log().Head().position, 1);
}

TEST_P(ResponseLogContract, RefusesAKnownRequestWithOtherContent) {
  AppendOne({.request_key = "r", .fingerprint = "f", .bytes = "a"});
  EXPECT_EQ(std::get<KeyReused>(AppendOne({.request_key = "r", .fingerprint = "g", .bytes = "a"})),
            KeyReused{1});
  EXPECT_EQ(log().Head().position, 1);
}

TEST_P(ResponseLogContract, LooksAtTheRequestBeforeTheRevisions) {
  AppendOne(Revises("unit", 0, "r"));
  AppendOne(Revises("unit", 1));
  EXPECT_EQ(std::get<Duplicate>(AppendOne(Revises("unit", 0, "r"))), Duplicate{1})
      << "although revision 0 is long gone";
}

TEST_P(ResponseLogContract, GivesADuplicateWithinASpanTheFirstOnesPosition) {
  const auto outcomes = AppendAll({Revises("unit", 0, "r"),
                                   Revises("unit", 0, "r"),
                                   {.request_key = "r", .fingerprint = "x", .bytes = "b"}});
  EXPECT_EQ(std::get<Appended>(outcomes[0]).position, 1);
  EXPECT_EQ(std::get<Duplicate>(outcomes[1]), Duplicate{1});
  EXPECT_EQ(std::get<KeyReused>(outcomes[2]), KeyReused{1});
}

TEST_P(ResponseLogContract, AStaleProposalDoesNotUseUpItsRequest) {
  AppendOne(Revises("unit", 0));
  EXPECT_EQ(std::get<Stale>(AppendOne(Revises("unit", 0, "r"))), (Stale{"unit", 1}));
  EXPECT_EQ(log().FindRequest("r").value(), std::nullopt);
  EXPECT_EQ(std::get<Appended>(AppendOne(Revises("unit", 1, "r"))).position, 2);
}

TEST_P(ResponseLogContract, ProposalsWithoutARequestAreNeverDuplicates) {
  AppendBytes("same");
  EXPECT_EQ(AppendBytes("same"), 2);
  EXPECT_EQ(log().FindRequest("").value(), std::nullopt);
}

TEST_P(ResponseLogContract, RequestKeysMayHoldAnyBytes) {
  const std::string odd("a\0b\xff", 4);
  AppendOne({.request_key = odd, .fingerprint = odd, .bytes = "x"});
  EXPECT_EQ(log().FindRequest(odd).value(), (RequestEntry{1, odd}));
  EXPECT_EQ(log().FindRequest("a").value(), std::nullopt);
}

TEST_P(ResponseLogContract, AppendsOnlyAgainstTheRevisionsNamed) {
  AppendOne(Revises("edition", 0));
  const Proposal good = {.bytes = "x", .depends_on = {{"edition", 1, false}, {"unit", 0, true}}};
  EXPECT_EQ(std::get<Appended>(AppendOne(good)).position, 2);
  EXPECT_EQ(std::get<Stale>(AppendOne(good)), (Stale{"unit", 1}));
  EXPECT_EQ(log().Current("edition").value(), (ResourceRevision{"edition", 1, 1}))
      << "a dependency that does not advance leaves the resource alone";
  const Proposal ahead = {.bytes = "x", .depends_on = {{"edition", 2, true}}};
  EXPECT_EQ(std::get<Stale>(AppendOne(ahead)), (Stale{"edition", 1}));
}

TEST_P(ResponseLogContract, NamesTheFirstStaleResource) {
  AppendOne(Revises("b", 0));
  AppendOne(Revises("c", 0));
  const Proposal proposal = {.bytes = "x",
                             .depends_on = {{"a", 0, true}, {"c", 0, true}, {"b", 0, true}}};
  EXPECT_EQ(std::get<Stale>(AppendOne(proposal)), (Stale{"c", 1}));
  EXPECT_EQ(log().Current("a").value(), std::nullopt) << "nothing of a stale proposal is kept";
}

TEST_P(ResponseLogContract, EachProposalSeesTheEffectOfThoseBeforeIt) {
  const auto outcomes = AppendAll({Revises("unit", 0),
                                   Revises("unit", 0),
                                   Revises("unit", 1),
                                   {.bytes = "x", .depends_on = {{"unit", 2, false}}}});
  EXPECT_TRUE(std::holds_alternative<Appended>(outcomes[0]));
  EXPECT_EQ(std::get<Stale>(outcomes[1]), (Stale{"unit", 1}));
  EXPECT_EQ(std::get<Appended>(outcomes[2]).position, 2) << "positions skip what was not appended";
  EXPECT_EQ(std::get<Appended>(outcomes[3]).position, 3);
  EXPECT_EQ(log().Current("unit").value(), (ResourceRevision{"unit", 2, 2}));
}

TEST_P(ResponseLogContract, AnEmptySpanChangesNothing) {
  EXPECT_THAT(AppendAll({}), IsEmpty());
  EXPECT_EQ(log().Head().position, 0);
}

TEST_P(ResponseLogContract, RefusesAWholeSpanForOneProposalBeyondItsBounds) {
  const auto reason = [this](Proposal bad) {
    const std::vector<Proposal> span = {{.bytes = "good"}, std::move(bad)};
    return ReasonOf(log().Append(span).status());
  };
  const auto depends = [](std::string resource, int64_t revision = 0) {
    return Proposal{.bytes = "x", .depends_on = {{std::move(resource), revision, true}}};
  };
  EXPECT_EQ(reason({.bytes = std::string(kPayloadBytesMax + 1, 'x')}), Reason::kTooLarge);
  EXPECT_EQ(reason({.request_key = std::string(kRequestKeyBytesMax + 1, 'x')}),
            Reason::kInvalidArgument);
  EXPECT_EQ(reason({.fingerprint = std::string(kFingerprintBytesMax + 1, 'x')}),
            Reason::kInvalidArgument);
  EXPECT_EQ(reason(depends("")), Reason::kInvalidArgument);
  EXPECT_EQ(reason(depends(std::string("a\0b", 3))), Reason::kInvalidArgument);
  EXPECT_EQ(reason(depends(std::string(kResourceBytesMax + 1, 'r'))), Reason::kInvalidArgument);
  EXPECT_EQ(reason(depends("a", -1)), Reason::kInvalidArgument);
  EXPECT_EQ(reason({.bytes = "x", .depends_on = {{"a", 0, true}, {"a", 0, false}}}),
            Reason::kInvalidArgument);
  EXPECT_EQ(reason({.bytes = "x",
                    .depends_on = std::vector<Dependency>(kDependenciesMax + 1, {"a", 0, false})}),
            Reason::kInvalidArgument);
  EXPECT_EQ(log().Head().position, 0);
  EXPECT_TRUE(log().State().ok());
}

TEST_P(ResponseLogContract, TakesProposalsAtTheirBounds) {
  Proposal largest;
  largest.request_key = std::string(kRequestKeyBytesMax, 'k');
  largest.fingerprint = std::string(kFingerprintBytesMax, 'f');
  largest.bytes = std::string(kPayloadBytesMax, 'b');
  for (size_t i = 0; i < kDependenciesMax; ++i) {
    std::string resource = std::to_string(i);
    resource.resize(kResourceBytesMax, 'r');
    largest.depends_on.push_back({resource, 0, true});
  }
  EXPECT_EQ(std::get<Appended>(AppendOne(largest)).position, 1);
  EXPECT_EQ(log().Read(1, 1, 1).value().at(0).bytes.size(), kPayloadBytesMax);
}

TEST_P(ResponseLogContract, RefusesABatchBeyondItsBounds) {
  EXPECT_TRUE(log().Append(std::vector<Proposal>(kBatchProposalsMax)).ok());
  EXPECT_EQ(ReasonOf(log().Append(std::vector<Proposal>(kBatchProposalsMax + 1)).status()),
            Reason::kTooLarge);
}

TEST_P(ResponseLogContract, ReadsInPagesBoundedByCountAndBytes) {
  for (const char* bytes : {"aaaa", "bbbb", "cccc", "dddd"}) AppendBytes(bytes);
  EXPECT_THAT(log().Read(1, 3, 1000).value(), SizeIs(3));
  EXPECT_THAT(log().Read(1, 10, 8).value(), SizeIs(2));
  EXPECT_THAT(log().Read(1, 10, 7).value(), SizeIs(1));
  EXPECT_THAT(log().Read(3, 10, 1).value(), SizeIs(1)) << "at least one";
  EXPECT_THAT(log().Read(4, 10, 1000).value(), SizeIs(1));
  EXPECT_THAT(log().Read(5, 10, 1000).value(), IsEmpty());
  EXPECT_THAT(log().Read(1'000'000, 10, 1000).value(), IsEmpty());
  EXPECT_EQ(ReasonOf(log().Read(0, 10, 1000).status()), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(log().Read(1, 0, 1000).status()), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(log().Read(1, 1, 0).status()), Reason::kInvalidArgument);
}

TEST_P(ResponseLogContract, FindsEveryRevisionOfAResource) {
  AppendOne(Revises("unit", 0));
  AppendBytes("between");
  AppendOne(Revises("unit", 1));
  EXPECT_EQ(log().AtRevision("unit", 1).value(), (ResourceRevision{"unit", 1, 1}));
  EXPECT_EQ(log().AtRevision("unit", 2).value(), (ResourceRevision{"unit", 2, 3}));
  EXPECT_EQ(log().AtRevision("unit", 3).value(), std::nullopt);
  EXPECT_EQ(log().AtRevision("unit", 0).value(), std::nullopt);
  EXPECT_EQ(log().AtRevision("unit", -1).value(), std::nullopt);
  EXPECT_EQ(log().AtRevision("other", 1).value(), std::nullopt);
  EXPECT_EQ(log().Current("").value(), std::nullopt);
}

TEST_P(ResponseLogContract, ListsCurrentRevisionsByPrefixInByteOrderAndInPages) {
  for (const char* name : {"b/2", "a/1", "b/10", "b/1", "c", "b"}) AppendOne(Revises(name, 0));
  AppendOne(Revises("b/1", 1));
  const auto names = [this](std::string_view prefix, std::string_view after, int64_t limit) {
    std::vector<std::string> list;
    const std::vector<ResourceRevision> page = log().ListCurrent(prefix, after, limit).value();
    for (const ResourceRevision& entry : page) {
      list.push_back(entry.resource);
    }
    return list;
  };
  EXPECT_THAT(names("b/", "", 10), ElementsAre("b/1", "b/10", "b/2"));
  EXPECT_THAT(names("b/", "", 2), ElementsAre("b/1", "b/10"));
  EXPECT_THAT(names("b/", "b/10", 2), ElementsAre("b/2"));
  EXPECT_THAT(names("b/", "b/11", 2), ElementsAre("b/2"))
      << "the name to go on from need not exist";
  EXPECT_THAT(names("b/", "a", 9), ElementsAre("b/1", "b/10", "b/2"));
  EXPECT_THAT(names("b/", "c", 9), IsEmpty());
  EXPECT_THAT(names("", "", 9), ElementsAre("a/1", "b", "b/1", "b/10", "b/2", "c"));
  EXPECT_THAT(names("", "b", 2), ElementsAre("b/1", "b/10"));
  EXPECT_THAT(names("d", "", 9), IsEmpty());
  EXPECT_EQ(log().ListCurrent("b/1", "", 1).value().at(0), (ResourceRevision{"b/1", 2, 7}));
  EXPECT_EQ(ReasonOf(log().ListCurrent("", "", 0).status()), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(log().ListCurrent("", "", kListMax + 1).status()), Reason::kInvalidArgument);
}

TEST_P(ResponseLogContract, ListsTheRevisionsOfOneResourceOnly) {
  for (int64_t revision = 0; revision < 3; ++revision) {
    AppendOne(Revises("unit", revision));
    AppendOne(Revises("unit1", revision));
  }
  EXPECT_THAT(log().ListRevisions("unit", 0, 10).value(),
              ElementsAre(ResourceRevision{"unit", 1, 1}, ResourceRevision{"unit", 2, 3},
                          ResourceRevision{"unit", 3, 5}));
  EXPECT_THAT(log().ListRevisions("unit", 1, 1).value(),
              ElementsAre(ResourceRevision{"unit", 2, 3}));
  EXPECT_THAT(log().ListRevisions("unit", 3, 10).value(), IsEmpty());
  EXPECT_THAT(log().ListRevisions("unit", INT64_MAX, 10).value(), IsEmpty());
  EXPECT_THAT(log().ListRevisions("uni", 0, 10).value(), IsEmpty());
  EXPECT_EQ(ReasonOf(log().ListRevisions("unit", 0, 0).status()), Reason::kInvalidArgument);
}

TEST_P(ResponseLogContract, TellsListenersOfEveryNewHead) {
  std::vector<int64_t> first;
  std::vector<int64_t> second;
  const int64_t id =
      log().AddHeadListener([&](const LogHead& head) { first.push_back(head.position); });
  log().AddHeadListener([&](const LogHead& head) { second.push_back(head.position); });
  AppendAll({{.bytes = "a"}, {.bytes = "b"}});
  log().RemoveHeadListener(id);
  AppendOne({.request_key = "r", .fingerprint = "f"});
  AppendOne({.request_key = "r", .fingerprint = "f"});
  EXPECT_THAT(first, ElementsAre(2));
  EXPECT_THAT(second, ElementsAre(2, 3)) << "a duplicate is no news";
}

TEST_P(ResponseLogContract, AListenerMayRemoveItselfWhileItIsTold) {
  int64_t id = 0;
  int told = 0;
  id = log().AddHeadListener([&](const LogHead&) {
    ++told;
    log().RemoveHeadListener(id);
  });
  AppendOne({.bytes = "a"});
  AppendOne({.bytes = "b"});
  EXPECT_EQ(told, 1);
}

TEST_P(ResponseLogContract, ReadersSeeWholeAppendsOnlyAndNeverBeyondTheHead) {
  constexpr int kBatches = 60;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const int64_t head = log().Head().position;
      EXPECT_EQ(head % 3, 0) << "a batch of three is seen whole";
      const auto current = log().Current("unit");
      ASSERT_TRUE(current.ok());
      const int64_t head_after = log().Head().position;
      if (current->has_value()) {
        EXPECT_LE((*current)->position, head_after);
      }
      if (head == 0) continue;
      ASSERT_TRUE(current->has_value());
      EXPECT_GE((*current)->position, head) << "every record is a revision of it";
      const auto read = log().Read(head, 10, 1000);
      ASSERT_TRUE(read.ok());
      ASSERT_FALSE(read->empty());
      EXPECT_EQ(read->front().position, head);
      EXPECT_TRUE(log().VerifyChain(std::max<int64_t>(1, head - 5), head).ok());
    }
  });
  for (int64_t batch = 0; batch < kBatches; ++batch) {
    AppendAll({Revises("unit", 3 * batch), Revises("unit", 3 * batch + 1),
               Revises("unit", 3 * batch + 2)});
  }
  done = true;
  reader.join();
  EXPECT_EQ(log().Head().position, 3 * kBatches);
}

TEST_P(ResponseLogContract, IsTheSameLogAfterClosingAndOpening) {
  AppendOne(Revises("unit", 0, "r1"));
  AppendAll({Revises("unit", 1, "r2"), Revises("edition", 0)});
  const LogHead head = log().Head();
  const std::vector<LogEntry> entries = log().Read(1, 10, 1000).value();
  for (int i = 0; i < 3; ++i) {
    engine_->Reopen();
    EXPECT_EQ(log().Head(), head);
    EXPECT_EQ(log().Read(1, 10, 1000).value(), entries);
    EXPECT_EQ(log().Current("unit").value(), (ResourceRevision{"unit", 2, 2}));
    EXPECT_EQ(log().FindRequest("r1").value(), (RequestEntry{1, "print of r1"}));
    EXPECT_TRUE(log().VerifyChain(1, 3).ok());
  }
  EXPECT_EQ(std::get<Duplicate>(AppendOne(Revises("unit", 0, "r1"))), Duplicate{1});
  EXPECT_EQ(std::get<Appended>(AppendOne(Revises("unit", 2))).position, 4);
  EXPECT_TRUE(log().VerifyChain(1, 4).ok());
}

INSTANTIATE_TEST_SUITE_P(
    EveryEngine, ResponseLogContract,
    testing::Values(EngineMaker{"memory",
                                [](const base::Clock& clock) -> std::unique_ptr<Engine> {
                                  return std::make_unique<MemoryEngine>(clock);
                                }},
                    EngineMaker{"rocks",
                                [](const base::Clock& clock) -> std::unique_ptr<Engine> {
                                  return std::make_unique<RocksEngine>(clock);
                                }}),
    [](const testing::TestParamInfo<EngineMaker>& made) { return made.param.name; });

}  // namespace
}  // namespace imdi::storage
