// The wall clock is set ten years forth and back while everything runs: stamps follow it, as far as
// they may, and nothing else does.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "imdi/survey/store/v1/record.pb.h"
#include "services/allinone/allinone_app.h"
#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/integration/demo_chain.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::testing_support {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
using Editions = ingestion_pb::EditionService::StubInterface;
using Query = query_pb::QueryService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kTenYears = absl::Hours(24 * 3'652);
constexpr const char* kOpens = "2017-11-20T07:00:00Z";
constexpr const char* kCloses = "2018-01-31T23:00:00Z";

// Everything in one process, by a clock that the test sets.
class Clocked {
 public:
  Clocked() {
    auto started = allinone::Start(allinone::EmbeddedConfig(folder_.path()), clock);
    EXPECT_TRUE(started.ok()) << started.status();
    process_ = *std::move(started);
    connection = std::make_unique<cli::Connection>(process_->public_address(),
                                                   process_->internal_address(), kPatience);
  }

  template <typename Document>
  void Apply(Document* (model::Definition::*slot)(), const Document& document) {
    ingestion_pb::ApplyDefinitionRequest request;
    *(request.mutable_definition()->*slot)() = document;
    request.set_request_id(NewId());
    const auto response =
        connection->Call(connection->editions(), &Editions::ApplyDefinition, request);
    ASSERT_TRUE(response.ok()) << response.status();
    ASSERT_EQ(response->findings_size(), 0) << response->DebugString();
  }
  // Also wakes the scheduler, which else looks at the clock once a minute.
  void ApplyAnother() {
    Apply(&model::Definition::mutable_edition, SmallEdition(base::StrCat("OTHER", ++others_)));
  }
  void ApplyScheduled() {
    model::Edition edition = SmallEdition("E");
    for (const auto& [at, to] :
         {std::pair{kOpens, model::EDITION_STATE_OPEN}, {kCloses, model::EDITION_STATE_CLOSED}}) {
      model::ScheduledTransition& transition = *edition.add_schedule();
      transition.set_at(at);
      transition.set_to(to);
    }
    ApplyEdition(edition);
  }
  void ApplyEdition(const model::Edition& edition) {
    Apply(&model::Definition::mutable_edition, edition);
    Apply(&model::Definition::mutable_questionnaire, SmallQuestionnaire("E"));
    Apply(&model::Definition::mutable_frame, SmallFrame("E"));
    for (const model::Indicator& indicator : SmallIndicators({"E"}))
      Apply(&model::Definition::mutable_indicator, indicator);
  }
  void SetState(model::EditionState state) {
    ingestion_pb::SetEditionStateRequest request;
    request.set_edition("editions/E");
    request.set_state(state);
    request.set_reason("by hand");
    request.set_request_id(NewId());
    const auto response =
        connection->Call(connection->editions(), &Editions::SetEditionState, request);
    ASSERT_TRUE(response.ok()) << response.status();
  }
  absl::Status Submit(const std::string& unit, int32_t code) {
    ingestion_pb::SubmitRequest request;
    request.set_request_id(NewId());
    request.mutable_submission()->set_edition("editions/E");
    request.mutable_submission()->set_unit(unit);
    request.mutable_submission()->set_part("second");
    request.mutable_submission()->set_questionnaire(1);
    request.mutable_submission()->set_language(model::LANGUAGE_NN);
    model::Answer& answer = *request.mutable_submission()->add_answers();
    answer.set_item("B2");
    answer.mutable_codes()->add_codes(code);
    const auto response =
        connection->Call(connection->submissions(), &Submissions::Submit, request);
    if (response.ok()) {
      EXPECT_EQ(response->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
          << response->DebugString();
    }
    return response.status();
  }

  // The log: changes of the edition's state as "OPEN scheduled", and whether its times only rise.
  std::vector<std::string> StateChanges() {
    std::vector<std::string> out;
    int64_t last_us = 0;
    ReadLog([&](const ingestion_pb::LogRecord& entry) {
      EXPECT_GE(entry.time_us(), last_us) << "position " << entry.position();
      last_us = entry.time_us();
      survey::store::v1::Record record;
      ASSERT_TRUE(record.ParseFromString(entry.record()));
      if (!record.has_edition_state_changed()) return;
      const auto& change = record.edition_state_changed();
      out.push_back(
          base::StrCat(model::EditionState_Name(static_cast<model::EditionState>(change.state())),
                       change.scheduled() ? " scheduled" : " by hand"));
    });
    return out;
  }
  int64_t Head() {
    const auto head =
        connection->Call(connection->log(), &ingestion_pb::LogService::StubInterface::GetHead,
                         ingestion_pb::GetHeadRequest());
    EXPECT_TRUE(head.ok()) << head.status();
    return head.ok() ? head->head().position() : 0;
  }
  std::map<std::string, std::string> Etags() {
    std::map<std::string, std::string> out;
    for (const auto& [cell, figure] : FiguresOf(*connection, "E", 0, "", Head()))
      out[cell] = figure.etag();
    return out;
  }

  cli::Connection Connect(absl::Duration timeout) const {
    return {process_->public_address(), process_->internal_address(), timeout};
  }

  base::ManualClock clock{absl::FromCivil(absl::CivilDay(2017, 6, 1), absl::UTCTimeZone())};
  std::unique_ptr<cli::Connection> connection;

 private:
  std::string NewId() { return base::StrCat("clock-", ++ids_); }
  void ReadLog(const std::function<void(const ingestion_pb::LogRecord&)>& take) {
    const int64_t head = Head();
    grpc::ClientContext context;
    transport::SetTimeout(context, kPatience);
    const auto reader =
        connection->log().stub->FollowLog(&context, ingestion_pb::FollowLogRequest());
    ingestion_pb::FollowLogResponse chunk;
    for (int64_t seen = 0; seen < head && reader->Read(&chunk);) {
      for (const auto& entry : chunk.records()) {
        take(entry);
        seen = entry.position();
      }
    }
    context.TryCancel();
    while (reader->Read(&chunk)) continue;
    static_cast<void>(reader->Finish());
  }

  TempFolder folder_;
  std::unique_ptr<process::Process> process_;
  int ids_ = 0;
  int others_ = 0;
};

TEST(ClockJump, OpensAndClosesOnceKeepsTimesRisingAndMovesNoFigure) {
  Clocked jumping;
  jumping.ApplyScheduled();
  EXPECT_FALSE(jumping.Submit("0101", 1).ok()) << "not open yet";
  const absl::Time open_day = absl::FromCivil(absl::CivilDay(2017, 12, 1), absl::UTCTimeZone());
  const auto changes = [&](size_t count) {
    return Eventually([&] { return jumping.StateChanges().size() == count; });
  };
  jumping.clock.Set(open_day);
  jumping.ApplyAnother();
  ASSERT_TRUE(changes(1));
  // Who follows the log may hear of it a moment before who submits.
  EXPECT_TRUE(Eventually([&] { return jumping.Submit("0101", 1).ok(); }));
  // Back to before it opened: what is open stays open.
  jumping.clock.Advance(-kTenYears);
  jumping.ApplyAnother();
  EXPECT_TRUE(jumping.Submit("0102", 2).ok());
  jumping.clock.Set(open_day + kTenYears);
  jumping.ApplyAnother();
  ASSERT_TRUE(changes(2)) << "it closes once its time has come by the clock";
  // Back and forth again: nothing opens, and nothing closes what was opened by hand.
  jumping.clock.Set(open_day);
  jumping.ApplyAnother();
  EXPECT_FALSE(jumping.Submit("0103", 3).ok());
  jumping.SetState(model::EDITION_STATE_OPEN);
  jumping.clock.Set(open_day + kTenYears);
  jumping.ApplyAnother();
  jumping.clock.Set(open_day - kTenYears);
  jumping.ApplyAnother();
  EXPECT_TRUE(jumping.Submit("0103", 3).ok());
  EXPECT_EQ(jumping.StateChanges(), (std::vector<std::string>{"EDITION_STATE_OPEN scheduled",
                                                              "EDITION_STATE_CLOSED scheduled",
                                                              "EDITION_STATE_OPEN by hand"}));

  Clocked steady;
  steady.ApplyScheduled();
  steady.SetState(model::EDITION_STATE_OPEN);
  EXPECT_TRUE(steady.Submit("0101", 1).ok());
  EXPECT_TRUE(steady.Submit("0102", 2).ok());
  EXPECT_TRUE(steady.Submit("0103", 3).ok());
  const auto figures = steady.Etags();
  EXPECT_GT(figures.size(), 50u);
  EXPECT_EQ(jumping.Etags(), figures);
}

TEST(ClockJump, WaitsAndDeadlinesAreThoseOfTheSteadyClock) {
  Clocked system;
  system.ApplyEdition(SmallEdition("E"));
  std::atomic<bool> stopping = false;
  std::thread jumper([&] {
    for (bool back = false; !stopping; back = !back) {
      system.clock.Advance(back ? -kTenYears : kTenYears);
      std::this_thread::yield();
    }
  });
  query_pb::GetFigureRequest request;
  request.set_name("editions/E/releases/live/figures/IND_CODE.ALL");
  request.set_at_least_position(system.Head() + 1'000);
  const base::SteadyTime begin = base::SteadyClock::now();
  const auto waited =
      system.connection->Call(system.connection->query(), &Query::GetFigure, request);
  const auto took = base::SteadyClock::now() - begin;
  EXPECT_EQ(base::ReasonOf(waited.status()), base::Reason::kNotYetFolded) << waited.status();
  EXPECT_GE(took, std::chrono::milliseconds(base::kWaitForPositionMs - 1));
  EXPECT_LT(took, std::chrono::milliseconds(10 * base::kWaitForPositionMs));
  // Signs of life of followers keep coming.
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  const auto reader =
      system.connection->query().stub->FollowReleases(&context, query_pb::FollowReleasesRequest());
  query_pb::FollowReleasesResponse sign;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(reader->Read(&sign));
  context.TryCancel();
  while (reader->Read(&sign)) continue;
  static_cast<void>(reader->Finish());
  // A call that has its own deadline ends with it, and one that has time is answered.
  const cli::Connection hasty = system.Connect(absl::Milliseconds(100));
  const base::SteadyTime hurried = base::SteadyClock::now();
  EXPECT_FALSE(hasty.Call(hasty.query(), &Query::GetFigure, request).ok());
  EXPECT_LT(base::SteadyClock::now() - hurried,
            std::chrono::milliseconds(base::kWaitForPositionMs));
  system.SetState(model::EDITION_STATE_OPEN);
  EXPECT_TRUE(system.Submit("0101", 1).ok());
  stopping = true;
  jumper.join();
}

}  // namespace
}  // namespace imdi::testing_support
