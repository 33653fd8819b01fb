// The three servers, each in its process, are killed with SIGKILL at random, stopped with SIGTERM
// and replaced, while respondents submit and a release is published. Nothing is lost and nothing
// counted twice: the log holds what was acknowledged, and the figures are those of another system
// that folds the same log afresh. IMDI_CAMPAIGN_ROUNDS sets the number of kills, IMDI_SEED repeats
// a run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "clients/cli/connection.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"
#include "tests/fault/process/health_watch.h"
#include "tests/fault/process/server_process.h"
#include "tests/fault/process/submitters.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/fault/process/three_servers.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi::process_fault {
namespace {

namespace aggregation_pb = survey::aggregation::v1;
namespace query_pb = survey::query::v1;
namespace stdfs = std::filesystem;
using base::StrCat;
using testing_support::TempFolder;
using Queries = query_pb::QueryService::StubInterface;
using Releases = aggregation_pb::ReleaseService::StubInterface;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kCall = absl::Seconds(20);
// What a stop may take.
constexpr absl::Duration kStop = absl::Seconds(10);
constexpr int kSubmitters = 4;

constexpr char kRate[] = "editions/KU2017/releases/live/figures/IND_RR.FRAME";

// Every figure of a release (or live) by name, once every record up to `position` is in them.
std::map<std::string, std::string> FiguresOf(const cli::Connection& query,
                                             const std::string& release, int64_t position) {
  std::map<std::string, std::string> out;
  query_pb::ListFiguresRequest request;
  request.set_parent(release);
  request.set_page_size(1'000);
  do {
    absl::StatusOr<query_pb::ListFiguresResponse> page;
    (void)cli::WithRetries(kPatience, [&] {
      request.set_at_least_position(request.page_token().empty() ? position : 0);
      page = query.Call(query.query(), &Queries::ListFigures, request);
      return page.status();
    });
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return {};
    for (query_pb::Figure& figure : *page->mutable_figures()) {
      figure.clear_stale();  // Of the moment, and not of the figure.
      figure.clear_stale_since_us();
      out.emplace(figure.name(), figure.SerializeAsString());
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return out;
}

class Separate : public testing::Test {
 protected:
  void SetUp() override {
    for (const Part part : kParts) servers_.Begin(part);
    ASSERT_TRUE(servers_.WaitReady(kPatience));
    line_.Connect(servers_.public_address(), servers_.internal_address(Part::kIngestion));
    records_before_ = ApplySurvey(Servers());
    ASSERT_FALSE(HasFailure());
  }
  cli::Connection Servers() const { return servers_.Connect(kCall); }

  std::unique_ptr<Submitters> StartSubmitters(uint64_t seed) {
    auto submitters = std::make_unique<Submitters>(line_, FirstSubmissions(), kSubmitters, seed);
    submitters->Start();
    return submitters;
  }

  // The first release of the edition, whoever is down in between. Where an answer is lost, a
  // candidate with the next number says that it was closed.
  void Publish() {
    const auto connection = servers_.Connect(kCall);
    const absl::Time until = absl::Now() + kPatience;
    absl::Status status;
    do {
      aggregation_pb::BuildReleaseRequest build;
      build.set_parent("editions/KU2017");
      build.set_audience(query_pb::AUDIENCE_INTERNAL);
      const auto candidate = connection.Call(connection.releases(), &Releases::BuildRelease, build);
      status = candidate.status();
      if (!status.ok()) continue;
      if (candidate->release().number() > 1) return;
      aggregation_pb::PublishReleaseRequest publish;
      publish.set_candidate(candidate->name());
      publish.set_reason("in the middle of collection");
      status = connection.Call(connection.releases(), &Releases::PublishRelease, publish).status();
      if (status.ok()) return;
    } while (absl::Now() < until);
    ADD_FAILURE() << status;
  }

  // The log has what was acknowledged; the figures are those of an all-in-one that folds a copy of
  // the log from its first record.
  void Compare(Submitters& submitters, const std::vector<std::string>& releases) {
    ExpectLogAsAcknowledged(submitters, Servers(), servers_.internal_address(Part::kIngestion),
                            records_before_);
    const int64_t head = HeadOf(Servers());
    std::map<std::string, std::map<std::string, std::string>> apart;
    for (const std::string& release : releases) {
      apart[release] = FiguresOf(Servers(), release, head);
      EXPECT_GT(apart[release].size(), 1'000U) << release;
    }
    for (const Part part : kParts) ASSERT_EQ(servers_.Stop(part, kStop), 0) << ProgramOf(part);

    stdfs::create_directories(folder_ / "afresh");
    stdfs::copy(folder_ / "data/ingestion", folder_ / "afresh/ingestion",
                stdfs::copy_options::recursive);
    stdfs::copy(folder_ / "data/master.key", folder_ / "afresh/master.key");
    ServerProcess afresh({.data = folder_ / "afresh", .log_file = folder_ / "afresh.log"});
    ASSERT_TRUE(afresh.WaitReady(kPatience));
    const cli::Connection together(afresh.public_address(), afresh.internal_address(), kCall);
    for (const std::string& release : releases) {
      const auto folded = FiguresOf(together, release, head);
      EXPECT_EQ(folded.size(), apart[release].size()) << release;
      EXPECT_TRUE(folded == apart[release]) << "the figures of " << release << " differ";
    }
  }

  const TempFolder folder_;
  ThreeServers servers_{folder_.path()};
  Line line_;
  int64_t records_before_ = 0;
};

TEST_F(Separate, KilledAtRandomUnderLoadNothingIsLostOrCountedTwiceAndAReleaseStaysAsItWas) {
  const uint64_t seed = testing_support::CampaignSeed("kills of three");
  const int64_t rounds = testing_support::CampaignRounds(15);
  std::mt19937_64 random(seed);
  const auto submitters = StartSubmitters(seed);
  ASSERT_TRUE(submitters->WaitForAccepted(20, kPatience));

  // Published while everybody falls.
  std::jthread publisher([&] { Publish(); });  // Joins also where an assertion ends this.
  std::map<Part, int> kills;
  int64_t together = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    const Part first = kParts[random() % kParts.size()];
    const Part second = kParts[random() % kParts.size()];
    submitters->WaitForAccepted(submitters->accepted() + static_cast<int64_t>(random() % 60),
                                kPatience);
    servers_.Kill(first);
    ++kills[first];
    if (second != first && random() % 4 == 0) {
      servers_.Kill(second);
      ++kills[second];
      ++together;
      servers_.Begin(second);
    }
    servers_.Begin(first);
    // Now and then the next kill comes while they still start.
    if (random() % 4 != 0) {
      ASSERT_TRUE(servers_.WaitReady(kPatience)) << "round " << round;
    }
  }
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  publisher.join();
  std::cout << rounds << " rounds: killed ingestion " << kills[Part::kIngestion]
            << " times, aggregation " << kills[Part::kAggregation] << ", query "
            << kills[Part::kQuery] << "; two at once " << together << "\n";
  submitters->Stop();

  // What was published is what it is when it is computed again, once aggregation has folded so far.
  EXPECT_FALSE(FiguresOf(Servers(), "editions/KU2017/releases/1", HeadOf(Servers())).empty());
  const auto connection = servers_.Connect(kCall);
  aggregation_pb::VerifyReleaseRequest verify;
  verify.set_name("editions/KU2017/releases/1");
  absl::StatusOr<aggregation_pb::VerifyReleaseResponse> verified;
  (void)cli::WithRetries(kPatience, [&] {
    verified = connection.Call(connection.releases(), &Releases::VerifyRelease, verify);
    return verified.status();
  });
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->identical()) << verified->DebugString();

  Compare(*submitters, {"editions/KU2017/releases/live", "editions/KU2017/releases/1"});
}

TEST_F(Separate, OnSigtermEachSaysSoAtOnceFinishesWhatIsInFlightAndEndsWithZeroInTenSeconds) {
  const auto submitters = StartSubmitters(testing_support::CampaignSeed("drains of three"));
  for (const Part part : {Part::kQuery, Part::kAggregation, Part::kIngestion}) {
    SCOPED_TRACE(ProgramOf(part));
    ASSERT_TRUE(submitters->WaitForAccepted(submitters->accepted() + 50, kPatience))
        << testing::PrintToString(submitters->problems());
    HealthWatch health(servers_.internal_address(part));
    ASSERT_EQ(health.Next(kPatience), HealthWatch::State::kServing);
    // A reader waits for a record that does not come, for up to 2 s, and another one behind it on
    // the same connection was answered: so it is in flight.
    const auto connection = Servers();
    auto& query = *connection.query().stub;
    query_pb::GetFigureRequest wait;
    wait.set_name(kRate);
    wait.set_at_least_position(1'000'000'000);
    query_pb::Figure figure;
    grpc::ClientContext context;
    transport::SetTimeout(context, kCall);
    std::promise<grpc::Status> waited;
    const std::shared_future<grpc::Status> answered = waited.get_future().share();
    query.async()->GetFigure(&context, &wait, &figure,
                             [&](const grpc::Status& status) { waited.set_value(status); });
    // Also where an assertion ends this: the call uses what stands above.
    const absl::Cleanup ended = [&context, &answered] {
      context.TryCancel();
      answered.wait();
    };
    ASSERT_TRUE(
        connection.Call(connection.query(), &Queries::ListEditions, query_pb::ListEditionsRequest())
            .ok());
    const absl::Time asked = absl::Now();
    servers_.of(part).Terminate();
    EXPECT_EQ(health.Next(absl::Seconds(1)), HealthWatch::State::kNotServing);
    servers_.of(part).Terminate();  // Asked twice, it ends once.
    EXPECT_EQ(servers_.of(part).WaitExit(kStop), 0);
    std::cout << ProgramOf(part) << " ended after " << absl::Now() - asked << "\n";
    const absl::Status answer = transport::FromRpc(answered.get());
    EXPECT_EQ(base::ReasonOf(answer), base::Reason::kNotYetFolded) << answer;
    servers_.Begin(part);
    ASSERT_TRUE(servers_.WaitReady(kPatience));
  }
  submitters->Stop();
  Compare(*submitters, {"editions/KU2017/releases/live"});
}

TEST_F(Separate, ASigtermWhileItStartsEndsItAndTheNextStartFindsEverything) {
  const uint64_t seed = testing_support::CampaignSeed("stops at the start");
  std::mt19937_64 random(seed);
  const auto submitters = StartSubmitters(seed);
  ASSERT_TRUE(submitters->WaitForAccepted(50, kPatience));
  std::map<int, int> codes;
  for (int64_t round = 0; round < testing_support::CampaignRounds(4); ++round) {
    for (const Part part : kParts) {
      SCOPED_TRACE(ProgramOf(part));
      servers_.Kill(part);
      servers_.Begin(part);
      (void)servers_.of(part).WaitReady(absl::Microseconds(random() % 250'000));
      servers_.of(part).Terminate();
      const std::optional<int> code = servers_.of(part).WaitExit(kStop);
      ASSERT_TRUE(code.has_value());
      // Before it has read its configuration a process knows nothing of signals.
      EXPECT_TRUE(*code == 0 || *code == 128 + SIGTERM) << *code;
      ++codes[*code];
      servers_.Begin(part);
      ASSERT_TRUE(servers_.WaitReady(kPatience));
    }
  }
  std::cout << codes[0] << " ended with 0, " << codes[128 + SIGTERM] << " before that\n";
  submitters->Stop();
  Compare(*submitters, {"editions/KU2017/releases/live"});
}

// What "old" is here is a copy of the same build, or, before an upgrade, what lies in the folder
// IMDI_OLD_BIN: that no turn loses anything is promised of any two that know one format on disk.
TEST_F(Separate, OldAndNewTakeTurnsTwentyTimesOverTheSameFoldersUnderLoad) {
  std::string old = folder_ / "old";
  if (const char* before = std::getenv("IMDI_OLD_BIN"); before != nullptr) {
    old = before;
  } else {
    stdfs::create_directories(old);
    for (const Part part : kParts)
      stdfs::copy_file(ProgramPath(ProgramOf(part)), old + "/" + ProgramOf(part));
  }
  std::cout << "old is " << old << "\n";
  const auto submitters = StartSubmitters(testing_support::CampaignSeed("turns"));
  absl::Duration longest;
  for (int turn = 0; turn < 20; ++turn) {
    for (const Part part : kParts) {  // One after the other, as an upgrade does it.
      const absl::Time from = absl::Now();
      ASSERT_EQ(servers_.Stop(part, kStop), 0) << ProgramOf(part) << " in turn " << turn;
      longest = std::max(longest, absl::Now() - from);
      servers_.Begin(part, turn % 2 == 0 ? old : "");
      ASSERT_TRUE(servers_.WaitReady(kPatience)) << ProgramOf(part) << " in turn " << turn;
    }
    ASSERT_TRUE(submitters->WaitForAccepted(submitters->accepted() + 5, kPatience))
        << testing::PrintToString(submitters->problems());
  }
  std::cout << "the longest of 60 stops took " << longest << "\n";
  submitters->Stop();
  Compare(*submitters, {"editions/KU2017/releases/live"});
}

}  // namespace
}  // namespace imdi::process_fault
