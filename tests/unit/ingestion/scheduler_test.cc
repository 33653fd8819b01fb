// The scheduler over stores in memory and a clock that stands still until told otherwise.

#include "services/ingestion/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/base/text.h"
#include "services/ingestion/committer.h"
#include "services/ingestion/text_vault.h"
#include "storage/memory/response_log.h"
#include "storage/memory/side_stores.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;
using base::Reason;
using testing_support::SmallEdition;
using testing_support::SmallFrame;
using testing_support::SmallQuestionnaire;

constexpr const char* kOpens = "2017-11-20T07:00:00Z";
constexpr const char* kCloses = "2018-01-31T23:00:00Z";

absl::Time At(const std::string& text) {
  model::ScheduledTransition transition;
  transition.set_at(text);
  return *domain::TimeOf(transition);
}

model::Edition Scheduled(
    const std::string& id,
    const std::vector<std::pair<std::string, model::EditionState>>& schedule = {
        {kOpens, model::EDITION_STATE_OPEN}, {kCloses, model::EDITION_STATE_CLOSED}}) {
  model::Edition out = SmallEdition(id);
  for (const auto& [at, to] : schedule) {
    model::ScheduledTransition& transition = *out.add_schedule();
    transition.set_at(at);
    transition.set_to(to);
  }
  return out;
}

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() { StartProcess(); }
  ~SchedulerTest() override { EndProcess(); }

  // The log outlives the process; everything else begins anew.
  void StartProcess() {
    vault_ = std::make_unique<TextVault>(std::string(32, 'm'), keys_);
    committer_ = std::make_unique<Committer>(log_, keys_);
    auto definitions = Definitions::Open(log_, *committer_, *vault_);
    ASSERT_TRUE(definitions.ok()) << definitions.status();
    definitions_ = *std::move(definitions);
    scheduler_ = std::make_unique<Scheduler>(*definitions_, clock_);
  }
  void EndProcess() {
    scheduler_.reset();
    definitions_.reset();
    committer_.reset();
  }

  template <typename Document>
  void Apply(const Document& document) {
    ingestion_pb::ApplyDefinitionRequest request;
    request.set_request_id(base::StrCat("apply-", ++ids_));
    if constexpr (std::is_same_v<Document, model::Edition>) {
      *request.mutable_definition()->mutable_edition() = document;
    } else if constexpr (std::is_same_v<Document, model::Frame>) {
      *request.mutable_definition()->mutable_frame() = document;
    } else {
      *request.mutable_definition()->mutable_questionnaire() = document;
    }
    const auto response = definitions_->Apply(call_, request);
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_TRUE(response->findings().empty()) << response->findings(0).DebugString();
  }
  void ApplyAll(const model::Edition& edition) {
    Apply(edition);
    const std::string id(domain::EditionIdOf(edition.name()));
    Apply(SmallFrame(id));
    Apply(SmallQuestionnaire(id));
  }
  absl::Status SetState(const std::string& edition, model::EditionState state) {
    ingestion_pb::SetEditionStateRequest request;
    request.set_edition("editions/" + edition);
    request.set_state(state);
    request.set_request_id(base::StrCat("state-", ++ids_));
    return definitions_->SetState(call_, request).status();
  }
  model::EditionState State(const std::string& edition = "SM2017") const {
    return definitions_->catalog()->FindEdition(edition)->state;
  }
  // The changes of state in the log, in order.
  std::vector<survey::store::v1::Record> Changes() const {
    std::vector<survey::store::v1::Record> out;
    for (int64_t position = 1; position <= log_.Head().position; ++position) {
      auto record = ReadRecord(log_, position);
      EXPECT_TRUE(record.ok());
      if (record->has_edition_state_changed()) out.push_back(*record);
    }
    return out;
  }

  base::ManualClock clock_{At("2017-11-01T00:00:00Z")};
  storage::memory::MemoryResponseLog log_{clock_};
  storage::memory::MemoryKeyStore keys_;
  base::CallContext call_{.actor = "team", .method = "", .trace_parent = "", .cancelled = {}};
  std::unique_ptr<TextVault> vault_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Definitions> definitions_;
  std::unique_ptr<Scheduler> scheduler_;
  int ids_ = 0;
};

TEST_F(SchedulerTest, TheClockAloneChangesNoStateAndARunAppendsWhatIsDue) {
  ApplyAll(Scheduled("SM2017"));
  EXPECT_EQ(scheduler_->RunDue(), 0);
  clock_.Set(At(kOpens) - absl::Microseconds(1));
  EXPECT_EQ(scheduler_->RunDue(), 0);
  clock_.Set(At(kOpens));
  EXPECT_EQ(State(), model::EDITION_STATE_DRAFT);
  EXPECT_EQ(scheduler_->RunDue(), 1);
  EXPECT_EQ(State(), model::EDITION_STATE_OPEN);
  EXPECT_EQ(scheduler_->RunDue(), 0);
  clock_.Set(At(kCloses));
  EXPECT_EQ(scheduler_->RunDue(), 1);
  EXPECT_EQ(State(), model::EDITION_STATE_CLOSED);

  const auto changes = Changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[0].edition_state_changed().scheduled());
  EXPECT_EQ(changes[0].request_id(), "");
  EXPECT_EQ(changes[0].actor(), "scheduler");
  EXPECT_EQ(changes[0].edition_state_changed().reason(), base::StrCat("scheduled for ", kOpens));
  EXPECT_EQ(changes[0].edition_state_changed().revision(), 1);
  EXPECT_EQ(changes[1].edition_state_changed().revision(), 2);
}

TEST_F(SchedulerTest, ATransitionIsAppendedOnceOverRestartsAlsoWhenTheTeamTookItBack) {
  ApplyAll(Scheduled("SM2017"));
  clock_.Set(At(kOpens));
  EXPECT_EQ(scheduler_->RunDue(), 1);
  ASSERT_TRUE(SetState("SM2017", model::EDITION_STATE_CLOSED).ok());
  EXPECT_EQ(scheduler_->RunDue(), 0);
  EndProcess();
  StartProcess();
  EXPECT_EQ(scheduler_->RunDue(), 0);
  EXPECT_EQ(State(), model::EDITION_STATE_CLOSED);
  // Nor does applying the schedule again, with other words or other later times, repeat it.
  model::Edition edition = Scheduled("SM2017");
  edition.mutable_schedule(1)->set_at("2018-02-28T23:00:00Z");
  edition.set_note("prolonged");
  Apply(edition);
  EXPECT_EQ(scheduler_->RunDue(), 0);
  EXPECT_EQ(Changes().size(), 2u);
}

TEST_F(SchedulerTest, WhatFellDueWhileTheProcessWasDownIsMadeUpForInOrder) {
  ApplyAll(Scheduled("SM2017"));
  EndProcess();
  clock_.Set(At(kCloses) + absl::Hours(1));
  StartProcess();
  EXPECT_EQ(scheduler_->RunDue(), 2);
  const auto changes = Changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].edition_state_changed().state(), model::EDITION_STATE_OPEN);
  EXPECT_EQ(changes[1].edition_state_changed().state(), model::EDITION_STATE_CLOSED);
}

TEST_F(SchedulerTest, TransitionsOfSeveralEditionsComeInOrderOfTime) {
  ApplyAll(Scheduled("SM2017"));
  ApplyAll(Scheduled("SM2016", {{"2017-11-10T00:00:00Z", model::EDITION_STATE_OPEN},
                                {"2017-12-24T00:00:00Z", model::EDITION_STATE_CLOSED}}));
  clock_.Set(At(kCloses));
  EXPECT_EQ(scheduler_->RunDue(), 4);
  std::vector<std::string> editions;
  for (const auto& change : Changes()) editions.push_back(change.edition_state_changed().edition());
  EXPECT_THAT(editions, testing::ElementsAre("SM2016", "SM2017", "SM2016", "SM2017"));
}

TEST_F(SchedulerTest, ATransitionThatIsNotPossibleYetStaysDueAndHoldsBackOnlyItsOwnEdition) {
  Apply(Scheduled("SM2016"));  // No questionnaire and no frame.
  ApplyAll(Scheduled("SM2017"));
  clock_.Set(At(kCloses));
  EXPECT_EQ(scheduler_->RunDue(), 2);
  EXPECT_EQ(State("SM2016"), model::EDITION_STATE_DRAFT);
  EXPECT_EQ(State("SM2017"), model::EDITION_STATE_CLOSED);
  EXPECT_EQ(scheduler_->WaitTime(), Scheduler::kRetryBlocked)
      << "no polling of what is not possible";
  Apply(SmallFrame("SM2016"));
  Apply(SmallQuestionnaire("SM2016"));
  EXPECT_EQ(scheduler_->RunDue(), 2);
  EXPECT_EQ(State("SM2016"), model::EDITION_STATE_CLOSED);
}

TEST_F(SchedulerTest, AStateThatHoldsAlreadyIsRecordedSoThatItCannotComeLaterByItself) {
  ApplyAll(Scheduled("SM2017"));
  ASSERT_TRUE(SetState("SM2017", model::EDITION_STATE_OPEN).ok());
  clock_.Set(At(kOpens));
  EXPECT_EQ(scheduler_->RunDue(), 1);
  ASSERT_TRUE(SetState("SM2017", model::EDITION_STATE_CLOSED).ok());
  EXPECT_EQ(scheduler_->RunDue(), 0);
  EXPECT_EQ(State(), model::EDITION_STATE_CLOSED);
}

TEST_F(SchedulerTest, AFailingStoreLeavesTheTransitionDue) {
  ApplyAll(Scheduled("SM2017"));
  clock_.Set(At(kOpens));
  log_.FailAppendsWith(base::Error(Reason::kDiskFull, "no space"));
  EXPECT_EQ(scheduler_->RunDue(), 0);
  EXPECT_EQ(State(), model::EDITION_STATE_DRAFT);
  log_.FailAppendsWith(absl::OkStatus());
  EXPECT_EQ(scheduler_->RunDue(), 1);
  EXPECT_EQ(State(), model::EDITION_STATE_OPEN);
}

TEST_F(SchedulerTest, WaitsUntilTheNextTimeButNeverLessThanASecondOrMoreThanAMinute) {
  EXPECT_EQ(scheduler_->WaitTime(), absl::Minutes(1)) << "nothing is planned";
  ApplyAll(Scheduled("SM2017"));
  EXPECT_EQ(scheduler_->WaitTime(), absl::Minutes(1));
  clock_.Set(At(kOpens) - absl::Seconds(20));
  EXPECT_EQ(scheduler_->WaitTime(), absl::Seconds(20));
  clock_.Set(At(kOpens) - absl::Milliseconds(3));
  EXPECT_EQ(scheduler_->WaitTime(), absl::Seconds(1));
}

TEST_F(SchedulerTest, TheThreadRunsWhatIsDueAtStartAndWhenTheCatalogChanges) {
  base::Mutex mutex;
  base::CondVar changed;
  int64_t head = 0;
  const int64_t listener = log_.AddHeadListener([&](const storage::LogHead& now) {
    base::MutexLock lock(mutex);
    head = now.position;
    changed.NotifyAll();
  });
  const auto await = [&](int64_t position) {
    base::MutexLock lock(mutex);
    while (head < position) changed.Wait(mutex);
  };
  ApplyAll(Scheduled("SM2017"));
  clock_.Set(At(kOpens));
  scheduler_->Start();
  await(4);
  // Another edition that is due already comes by a change of the catalog, without the thread
  // sleeping a minute.
  ApplyAll(Scheduled("SM2016", {{"2017-11-10T00:00:00Z", model::EDITION_STATE_OPEN}}));
  await(8);
  scheduler_->Stop();
  EXPECT_EQ(State("SM2016"), model::EDITION_STATE_OPEN);
  EXPECT_EQ(State("SM2017"), model::EDITION_STATE_OPEN);
  log_.RemoveHeadListener(listener);
}

}  // namespace
}  // namespace imdi::ingestion
