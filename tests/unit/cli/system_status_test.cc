#include "clients/cli/system_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace imdi::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kNow = 1'700'000'000 * kSecond;

void At(status_api::LogPosition& place, int64_t position) {
  place.set_log_id("log");
  place.set_epoch(1);
  place.set_position(position);
  place.set_time_us(kNow - (100 - position) * kSecond);
}

// Three processes, all well, at position 100.
status_api::SystemStatus Healthy() {
  status_api::SystemStatus system;
  for (const char* service : {"ingestion", "aggregation", "query"}) {
    status_api::ProcessReport& report = *system.add_processes();
    report.set_address(std::string("at-") + service);
    report.add_services(service);
    report.mutable_status()->set_version("0.1.0");
    report.mutable_status()->set_revision("0123456789abcdef");
    report.mutable_status()->set_now_us(kNow);
    report.mutable_status()->set_started_us(kNow - kSecond);
  }
  At(*system.mutable_processes(0)->mutable_status()->mutable_ingestion()->mutable_head(), 100);
  auto& aggregation = *system.mutable_processes(1)->mutable_status()->mutable_aggregation();
  At(*aggregation.mutable_folded(), 100);
  aggregation.set_log_head(100);
  aggregation.set_heard_us(kNow - 3 * kSecond);
  auto& query = *system.mutable_processes(2)->mutable_status()->mutable_query();
  At(*query.mutable_served(), 100);
  return system;
}

TEST(SystemStatus, IsHealthyWhereEveryServiceServes) {
  status_api::SystemStatus system = Healthy();
  Judge(system);
  EXPECT_TRUE(system.healthy());
  EXPECT_THAT(system.problems(), testing::IsEmpty());
  const auto lines = LinesOf(system);
  ASSERT_EQ(lines.size(), 3U);
  for (const ServiceLine& line : lines) EXPECT_EQ(line.state, "serving") << line.service;
  EXPECT_EQ(lines[0].version, "0.1.0 01234567");
  EXPECT_EQ(lines[1].lag_records, 0);
  EXPECT_EQ(lines[1].news_age_ms, 3'000);
  EXPECT_EQ(lines[2].lag_ms, 0);
}

TEST(SystemStatus, ShowsWhoIsAwayAndWhatTheOthersSayAllTheSame) {
  status_api::SystemStatus system = Healthy();
  system.mutable_processes(0)->clear_status();
  system.mutable_processes(0)->set_error("UNAVAILABLE: refused");
  Judge(system);
  EXPECT_FALSE(system.healthy());
  EXPECT_THAT(system.problems(),
              ElementsAre("ingestion at at-ingestion is away: UNAVAILABLE: refused"));
  const auto lines = LinesOf(system);
  EXPECT_EQ(lines[0].position, std::nullopt);
  EXPECT_EQ(lines[2].lag_records, 0) << "by the head that aggregation heard of";
  EXPECT_THAT(ToText(system, lines), HasSubstr("! ingestion at at-ingestion is away"));
}

TEST(SystemStatus, TellsHowFarBehindAServiceIsInRecordsAndSeconds) {
  status_api::SystemStatus system = Healthy();
  At(*system.mutable_processes(2)->mutable_status()->mutable_query()->mutable_served(), 90);
  const auto lines = LinesOf(system);
  EXPECT_EQ(lines[2].lag_records, 10);
  EXPECT_EQ(lines[2].lag_ms, 10'000);
  Judge(system);
  EXPECT_TRUE(system.healthy()) << "who follows is behind for a moment after each record";
}

TEST(SystemStatus, DoesNotComparePlacesOfDifferentLogs) {
  status_api::SystemStatus system = Healthy();
  system.mutable_processes(2)->mutable_status()->mutable_query()->mutable_served()->set_epoch(2);
  const auto lines = LinesOf(system);
  EXPECT_EQ(lines[2].position, 100);
  EXPECT_EQ(lines[2].lag_records, std::nullopt);
}

TEST(SystemStatus, NamesWhatIsStoppedStaleOrNotServing) {
  status_api::SystemStatus system = Healthy();
  auto& ingestion = *system.mutable_processes(0)->mutable_status();
  ingestion.mutable_ingestion()->set_store_problem("the disk is full");
  auto& aggregation = *system.mutable_processes(1)->mutable_status()->mutable_aggregation();
  aggregation.set_unheard("UNAVAILABLE: refused");
  auto& query = *system.mutable_processes(2)->mutable_status()->mutable_query();
  query.set_stale(true);
  query.set_stale_since_us(kNow);
  query.set_stale_reason("the stream was reset");
  Judge(system);
  auto lines = LinesOf(system);
  EXPECT_EQ(lines[0].state, "not serving");
  EXPECT_EQ(lines[0].why, "the disk is full");
  EXPECT_EQ(lines[1].state, "stale");
  EXPECT_EQ(lines[2].state, "stale");
  EXPECT_THAT(lines[2].why, HasSubstr("the stream was reset, since 2023-"));
  EXPECT_EQ(system.problems_size(), 3);

  aggregation.set_stopped("a record of a kind that it does not know");
  ingestion.mutable_ingestion()->clear_store_problem();
  ingestion.set_not_ready("draining");
  lines = LinesOf(system);
  EXPECT_EQ(lines[0].why, "draining");
  EXPECT_EQ(lines[1].state, "stopped");
}

TEST(SystemStatus, SaysThatAnAddressDoesNotHostWhatIsLookedForThere) {
  status_api::SystemStatus system = Healthy();
  system.mutable_processes(2)->mutable_status()->clear_query();
  Judge(system);
  EXPECT_THAT(system.problems(), ElementsAre(HasSubstr("does not host it")));
}

TEST(SystemStatus, ShowsEditionsFromBothSidesAndOnlyWhatRunsOfTheTasks) {
  status_api::SystemStatus system = Healthy();
  auto& open =
      *system.mutable_processes(0)->mutable_status()->mutable_ingestion()->add_open_editions();
  open.set_name("editions/A");
  open.mutable_units()->set_invited(441);
  open.mutable_units()->set_complete(303);
  auto& figures = *system.mutable_processes(2)->mutable_status()->mutable_query()->add_editions();
  figures.set_name("editions/B");
  figures.set_state(survey::model::v1::EDITION_STATE_CLOSED);
  figures.set_latest_release(2);
  auto& running = *system.mutable_processes(1)->mutable_status()->add_tasks();
  running.set_task("refold");
  running.set_running(true);
  running.set_done(50);
  running.set_planned(200);
  running.set_unit("records");
  system.mutable_processes(0)->mutable_status()->add_tasks()->set_task("scrub");
  const std::string text = ToText(system, LinesOf(system));
  EXPECT_THAT(text, testing::ContainsRegex("editions/A +open +441 +303"));
  EXPECT_THAT(text, testing::ContainsRegex("editions/B +closed +2, "));
  EXPECT_THAT(text, HasSubstr("running: refold, 50 of 200 records, for 0 s\n"));
  EXPECT_THAT(text, Not(HasSubstr("scrub")));
}

}  // namespace
}  // namespace imdi::cli
