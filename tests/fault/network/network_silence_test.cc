// A peer that is gone without a word: no end, no reset, and nothing that would have to be said to
// it. Only keepalive notices, within kKeepaliveTimeMs + kKeepaliveTimeoutMs.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "services/base/clock.h"
#include "services/base/limits.h"
#include "tests/fault/network/proxied_services.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/support/temp_folder.h"

namespace imdi::network_fault {
namespace {

namespace query_pb = survey::query::v1;
using Query = query_pb::QueryService::StubInterface;
using testing_support::Faults;
using testing_support::TempFolder;
using Flow = testing_support::Way::Flow;

constexpr std::chrono::milliseconds kNoticedWithin{base::kKeepaliveTimeMs +
                                                   base::kKeepaliveTimeoutMs};
// The machine may be busy with other tests.
constexpr std::chrono::milliseconds kMargin{5'000};

class Silence : public testing::Test {
 protected:
  Silence() { process_fault::ApplySurvey(direct_); }

  query_pb::EditionSummary Summary() {
    const auto editions =
        direct_.Call(direct_.query(), &Query::ListEditions, query_pb::ListEditionsRequest());
    EXPECT_TRUE(editions.ok()) << editions.status();
    if (!editions.ok() || editions->editions().empty()) return {};
    return editions->editions(0);
  }
  // How long it took; fails the test where it takes too long.
  std::chrono::milliseconds WaitFor(const std::function<bool()>& condition,
                                    std::chrono::milliseconds patience) {
    const base::SteadyTime begin = base::SteadyClock::now();
    while (!condition() && base::SteadyClock::now() - begin < patience) std::this_thread::yield();
    EXPECT_TRUE(condition()) << Summary().DebugString();
    return std::chrono::duration_cast<std::chrono::milliseconds>(base::SteadyClock::now() - begin);
  }
  bool IsFresh() {
    const query_pb::EditionSummary summary = Summary();
    return !summary.stale() && summary.position() == process_fault::HeadOf(direct_);
  }

  TempFolder folder_;
  ProxiedServices services_{folder_.path()};
  const cli::Connection direct_{services_.Direct(), absl::Seconds(30)};
};

TEST_F(Silence, OfIngestionOrOfAggregationIsNoticedShownAndEndsSoonAfterTheLineIsMended) {
  WaitFor([&] { return IsFresh(); }, std::chrono::seconds(30));
  const struct {
    Link link;
    Faults faults;
    const char* name;
    const char* reason;
  } silences[] = {
      {Link::kLog,
       {.up = {.flow = Flow::kDrop}, .down = {.flow = Flow::kDrop}},
       "log, both ways",
       "ingestion"},
      {Link::kFigures,
       {.up = {.flow = Flow::kDrop}, .down = {.flow = Flow::kDrop}},
       "figures, both ways",
       ""},
      {Link::kLog, {.down = {.flow = Flow::kDrop}}, "log, from ingestion", "ingestion"},
      {Link::kFigures, {.up = {.flow = Flow::kDrop}}, "figures, towards aggregation", ""}};
  for (const auto& silence : silences) {
    services_.link(silence.link).Set(silence.faults);
    const auto noticed = WaitFor([&] { return Summary().stale(); }, kNoticedWithin + kMargin);
    EXPECT_NE(Summary().stale_reason().find(silence.reason), std::string::npos)
        << Summary().stale_reason();
    EXPECT_GT(Summary().stale_since_us(), 0);
    services_.link(silence.link).Mend();
    const auto fresh = WaitFor([&] { return IsFresh(); }, std::chrono::seconds(2) + kMargin);
    std::cout << silence.name << ": noticed after " << noticed.count() << " ms, fresh again after "
              << fresh.count() << " ms\n";
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace imdi::network_fault
