// What respondents were told, what the log holds and what the figures say agree, whatever the
// network between the three services did meanwhile; and nothing of it is held afterwards.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/fault/network/proxied_services.h"
#include "tests/fault/process/submitters.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/integration/demo_chain.h"
#include "tests/soak/process_watch.h"
#include "tests/support/campaign.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

namespace imdi::network_fault {
namespace {

namespace aggregation_pb = survey::aggregation::v1;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
using base::Reason;
using base::StrCat;
using Query = query_pb::QueryService::StubInterface;
using Releases = aggregation_pb::ReleaseService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;
using testing_support::Eventually;
using testing_support::Faults;
using testing_support::TempFolder;
using testing_support::Way;
using Flow = testing_support::Way::Flow;

constexpr absl::Duration kPatience = absl::Seconds(60);
// What the services promise after a line is mended is two seconds; a machine that is busy with
// other tests gets some more.
constexpr std::chrono::seconds kMendedWithin{8};
constexpr const char* kFigure = "editions/KU2017/releases/live/figures/IND_TARGET.WITH_PROGRAMME";

Faults Both(Flow flow) { return {.up = {.flow = flow}, .down = {.flow = flow}}; }

class Network : public testing::Test {
 protected:
  Network() {
    const cli::Connection ingestion(services_->Direct(), kPatience);
    records_before_ = process_fault::ApplySurvey(ingestion);
  }
  ~Network() override {
    // Submitters end with an answer, also where a test gave up in the middle of a fault.
    services_->MendAll();
    for (const Link link : kLinks) services_->link(link).Cut();
    submitters_.reset();
  }

  void StartSubmitting(uint64_t seed) {
    line_.Connect(services_->link(Link::kSubmit).address(),
                  services_->ingestion().internal_address());
    submitters_ = std::make_unique<process_fault::Submitters>(
        line_, process_fault::FirstSubmissions(), /*threads=*/4, seed);
    submitters_->Start();
    ASSERT_TRUE(submitters_->WaitForAccepted(50, kPatience));
  }

  // Submitters go on and readers see everything that was acknowledged. How long that took.
  std::chrono::milliseconds WaitUntilWhole() {
    const base::SteadyTime begin = base::SteadyClock::now();
    EXPECT_TRUE(submitters_->WaitForAccepted(submitters_->accepted() + 10, kPatience))
        << testing::PrintToString(submitters_->problems());
    const int64_t acknowledged = submitters_->highest_position();
    const cli::Connection readers(services_->ThroughProxies(), absl::Seconds(1));
    EXPECT_TRUE(Eventually([&] {
      query_pb::GetFigureRequest request;
      request.set_name(kFigure);
      request.set_at_least_position(acknowledged);
      return readers.Call(readers.query(), &Query::GetFigure, request).ok();
    }));
    return std::chrono::duration_cast<std::chrono::milliseconds>(base::SteadyClock::now() - begin);
  }

  // The log holds what was acknowledged, once; the figures are those that another pair of services
  // folds from it without any fault between.
  void ExpectEverythingRight() {
    services_->MendAll();
    const cli::Connection ingestion(services_->Direct(), kPatience);
    process_fault::ExpectLogAsAcknowledged(
        *submitters_, ingestion, services_->ingestion().internal_address(), records_before_);
    ExpectFiguresOfAFreshFold();
  }
  void ExpectFiguresOfAFreshFold() {
    const int64_t head = process_fault::HeadOf(cli::Connection(services_->Direct(), kPatience));
    Followers fresh(folder_ / "fresh", services_->ingestion().internal_address(),
                    [](const std::string& aggregation) { return aggregation; });
    cli::Addresses folded = services_->Direct();
    folded.query = fresh.query().internal_address();
    cli::Connection other(folded, kPatience);
    const auto etags = [&](cli::Connection& from) {
      EXPECT_TRUE(Eventually([&] { return SummaryOf(from).position() >= head; }));
      std::map<std::string, std::string> out;
      for (const auto& [cell, figure] : testing_support::FiguresOf(from, "KU2017", 1'000))
        out[cell] = figure.etag();
      return out;
    };
    cli::Connection served(services_->Direct(), kPatience);
    const auto expected = etags(other);
    EXPECT_GT(expected.size(), 10'000u);
    EXPECT_TRUE(etags(served) == expected);
  }

  static query_pb::EditionSummary SummaryOf(const cli::Connection& query) {
    const auto editions =
        query.Call(query.query(), &Query::ListEditions, query_pb::ListEditionsRequest());
    if (!editions.ok()) return {};
    for (const query_pb::EditionSummary& edition : editions->editions()) {
      if (edition.name() == "editions/KU2017") return edition;
    }
    return {};
  }

  TempFolder folder_;
  std::unique_ptr<ProxiedServices> services_ =
      std::make_unique<ProxiedServices>(folder_.path() + "/services");
  int64_t records_before_ = 0;
  process_fault::Line line_;
  std::unique_ptr<process_fault::Submitters> submitters_;
};

// Every pair in turn: the line holds what is said, one way or both, or loses it, or is cut, or
// refuses whoever dials.
TEST_F(Network, APartitionOfAnyPairLosesNothingAndHealsSoon) {
  const uint64_t seed = testing_support::CampaignSeed("partitions");
  StartSubmitting(seed);
  const Faults refusing = {.dial = Faults::Dial::kRefuse};
  const std::vector<std::pair<std::string, Faults>> partitions = {
      {"held both ways", Both(Flow::kHold)},
      {"held towards the server", {.up = {.flow = Flow::kHold}}},
      {"held from the server", {.down = {.flow = Flow::kHold}}},
      {"lost both ways", Both(Flow::kDrop)},
      {"lost towards the server", {.up = {.flow = Flow::kDrop}}},
      {"lost from the server", {.down = {.flow = Flow::kDrop}}},
      {"cut and refused", refusing}};
  const int64_t rounds = testing_support::CampaignRounds(1);
  for (int64_t round = 0; round < rounds; ++round) {
    for (const Link link : kLinks) {
      for (const auto& [name, faults] : partitions) {
        services_->link(link).Set(faults);
        if (faults.dial == Faults::Dial::kRefuse) services_->link(link).Cut();
        // As long as it takes others to go on, or a moment where nobody can.
        const int64_t accepted = submitters_->accepted();
        static_cast<void>(submitters_->WaitForAccepted(accepted + 50, absl::Milliseconds(300)));
        services_->link(link).Mend();
        const std::chrono::milliseconds took = WaitUntilWhole();
        std::cout << NameOf(link) << ", " << name << ": whole again after " << took.count()
                  << " ms\n";
        EXPECT_LT(took, kMendedWithin) << NameOf(link) << ", " << name;
        ASSERT_FALSE(HasFailure());
      }
    }
  }
  ExpectEverythingRight();
}

TEST_F(Network, DelaysAndSingleBytesOnEveryLineOnlyTakeTheirTime) {
  StartSubmitting(testing_support::CampaignSeed("delays"));
  services_->SetAll(
      {.up = {.delay = absl::Milliseconds(20)}, .down = {.delay = absl::Milliseconds(20)}});
  const int64_t delayed = submitters_->accepted();
  EXPECT_TRUE(submitters_->WaitForAccepted(delayed + 100, kPatience));
  WaitUntilWhole();
  services_->SetAll({.up = {.piece_bytes = 1}, .down = {.piece_bytes = 1}});
  const int64_t in_pieces = submitters_->accepted();
  EXPECT_TRUE(submitters_->WaitForAccepted(in_pieces + 100, kPatience));
  WaitUntilWhole();
  ExpectEverythingRight();
}

TEST_F(Network, RandomResetsOnEveryLineLoseNothingAndAReleaseIsPublishedOnce) {
  StartSubmitting(testing_support::CampaignSeed("resets"));
  // Rare enough that the whole log, which a release is built from, comes through now and then.
  services_->SetAll({.resets = 0.001});
  // Built and published through the same resets, asked until it is there.
  const cli::Connection aggregation(services_->Direct(), kPatience);
  absl::StatusOr<aggregation_pb::Candidate> candidate;
  const auto build = [&] {
    aggregation_pb::BuildReleaseRequest request;
    request.set_parent("editions/KU2017");
    request.set_audience(query_pb::AUDIENCE_INTERNAL);
    candidate = aggregation.Call(aggregation.releases(), &Releases::BuildRelease, request);
    return candidate.ok();
  };
  ASSERT_TRUE(Eventually(build)) << candidate.status();
  absl::StatusOr<aggregation_pb::PublishReleaseResponse> published;
  const auto publish = [&] {
    aggregation_pb::PublishReleaseRequest request;
    request.set_candidate(candidate->name());
    published = aggregation.Call(aggregation.releases(), &Releases::PublishRelease, request);
    return published.ok();
  };
  ASSERT_TRUE(Eventually(publish)) << published.status();
  EXPECT_EQ(published->release().number(), 1);
  services_->SetAll({.resets = 0.02});
  const int64_t begin = submitters_->accepted();
  EXPECT_TRUE(
      submitters_->WaitForAccepted(begin + 300 * testing_support::CampaignRounds(1), kPatience));
  // Chance may spare a link for a while; the submitters go on until it has met each.
  EXPECT_TRUE(Eventually([&] {
    return std::ranges::all_of(kLinks, [&](Link link) {
      return link == Link::kAsk || services_->link(link).seen().resets > 0;
    });
  }));
  int64_t resets = 0;
  for (const Link link : kLinks) resets += services_->link(link).seen().resets;
  std::cout << resets << " connections reset\n";
  services_->MendAll();
  WaitUntilWhole();
  const cli::Connection query(services_->Direct(), kPatience);
  ASSERT_TRUE(Eventually([&] { return SummaryOf(query).latest_release() == 1; }));
  aggregation_pb::VerifyReleaseRequest verify;
  verify.set_name("editions/KU2017/releases/1");
  const auto verified = aggregation.Call(aggregation.releases(), &Releases::VerifyRelease, verify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->identical());
  submitters_->Stop();
  ExpectFiguresOfAFreshFold();
}

// What a fault leaves behind would add up: the same faults again and again, and as much of
// everything as before them.
TEST_F(Network, NothingIsHeldOnceTheFaultsAreOver) {
  const uint64_t seed = testing_support::CampaignSeed("leaks");
  StartSubmitting(seed);
  const auto faults = [&] {
    for (const Link link : kLinks) {
      services_->link(link).Set({.resets = 0.05});
      static_cast<void>(
          submitters_->WaitForAccepted(submitters_->accepted() + 40, absl::Milliseconds(300)));
      services_->link(link).Set(Both(Flow::kDrop));
      static_cast<void>(
          submitters_->WaitForAccepted(submitters_->accepted() + 40, absl::Milliseconds(200)));
      services_->link(link).Mend();
      services_->link(link).Cut();
    }
    WaitUntilWhole();
  };
  faults();  // Threads and buffers that are made once are made now.
  const soak::ProcessSample before = soak::SampleOf(getpid());
  const int64_t rounds = 3 * testing_support::CampaignRounds(1);
  for (int64_t round = 0; round < rounds; ++round) faults();
  soak::ProcessSample after;
  // A connection that was replaced ends a moment later.
  EXPECT_TRUE(Eventually(
      [&] {
        after = soak::SampleOf(getpid());
        return after.descriptors <= before.descriptors + 4 && after.threads <= before.threads + 4;
      },
      std::chrono::seconds(20)))
      << "descriptors " << before.descriptors << " -> " << after.descriptors << ", threads "
      << before.threads << " -> " << after.threads;
  EXPECT_LT(after.resident_bytes, before.resident_bytes + (128 << 20));
  // All places of followers are free but for the one that follows.
  const cli::Connection ingestion(services_->Direct(), kPatience);
  EXPECT_TRUE(Eventually([&] {
    std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
    std::vector<std::unique_ptr<grpc::ClientReaderInterface<ingestion_pb::FollowLogResponse>>>
        readers;
    bool all = true;
    for (int i = 0; i < base::kFollowersMax - 1; ++i) {
      contexts.push_back(std::make_unique<grpc::ClientContext>());
      transport::SetTimeout(*contexts.back(), kPatience);
      readers.push_back(
          ingestion.log().stub->FollowLog(contexts.back().get(), ingestion_pb::FollowLogRequest()));
      ingestion_pb::FollowLogResponse first;
      all = all && readers.back()->Read(&first);
    }
    for (size_t i = 0; i < readers.size(); ++i) {
      contexts[i]->TryCancel();
      ingestion_pb::FollowLogResponse rest;
      while (readers[i]->Read(&rest)) continue;
      static_cast<void>(readers[i]->Finish());
    }
    return all;
  }));
  ExpectEverythingRight();
}

TEST_F(Network, ACallIntoALineThatSwallowsItEndsAtItsDeadlineAndHoldsNoPlace) {
  constexpr absl::Duration kTimeout = absl::Milliseconds(300);
  const auto takes = [](const std::function<absl::Status()>& call) {
    const base::SteadyTime begin = base::SteadyClock::now();
    const absl::Status status = call();
    EXPECT_FALSE(status.ok());
    EXPECT_LT(base::SteadyClock::now() - begin, std::chrono::seconds(5)) << status;
  };
  for (const Flow flow : {Flow::kDrop, Flow::kHold}) {
    services_->SetAll(Both(flow));
    const cli::Connection respondents(services_->ThroughProxies(), kTimeout);
    takes([&] {
      return respondents
          .Call(respondents.submissions(), &Submissions::Submit,
                process_fault::FirstSubmissions().front())
          .status();
    });
    const cli::Connection readers(services_->ThroughProxies(), kTimeout);
    takes([&] {
      query_pb::GetFigureRequest request;
      request.set_name(kFigure);
      return readers.Call(readers.query(), &Query::GetFigure, request).status();
    });
    // Aggregation reads the log for it, over a line that says nothing.
    const cli::Connection aggregation(services_->Direct(), kTimeout);
    aggregation_pb::BuildReleaseRequest build;
    build.set_parent("editions/KU2017");
    build.set_audience(query_pb::AUDIENCE_INTERNAL);
    takes([&] {
      return aggregation.Call(aggregation.releases(), &Releases::BuildRelease, build).status();
    });
    services_->MendAll();
    for (const Link link : kLinks) services_->link(link).Cut();
    const cli::Connection patient(services_->Direct(), kPatience);
    EXPECT_TRUE(Eventually([&] {
      return patient.Call(patient.releases(), &Releases::BuildRelease, build).ok();
    })) << "the thread that builds is free again";
  }
}

// Work for a caller who goes is measured from the cancellation to when its place is free for
// another one. The promise is kCancelledStopMs; the machine may be busy with other tests.
void ExpectSoon(base::SteadyClock::duration took) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  std::cout << "cancelled work had stopped at most " << ms << " ms later; promised are "
            << base::kCancelledStopMs << "\n";
  EXPECT_LT(ms, 10 * base::kCancelledStopMs);
}

TEST_F(Network, ReleasesThatNobodyWaitsForStopSoon) {
  const cli::Connection aggregation(services_->Direct(), kPatience);
  aggregation_pb::BuildReleaseRequest build;
  build.set_parent("editions/KU2017");
  build.set_audience(query_pb::AUDIENCE_INTERNAL);
  // It waits for a log that is not heard, and would until its deadline.
  services_->link(Link::kLog).Set(Both(Flow::kHold));
  // Its connection stands before, so that it is there ahead of those that ask whether it is.
  aggregation_pb::GetCandidateRequest none;
  none.set_name("editions/KU2017/candidates/none");
  (void)aggregation.Call(aggregation.releases(), &Releases::GetCandidate, none);
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  std::promise<grpc::Status> done;
  aggregation_pb::Candidate candidate;
  aggregation.releases().stub->async()->BuildRelease(
      &context, &build, &candidate,
      [&done](const grpc::Status& status) { done.set_value(status); });
  // While it works, another one is told so at once.
  const cli::Connection other(services_->Direct(), absl::Milliseconds(500));
  const auto is_busy = [&] {
    return base::ReasonOf(other.Call(other.releases(), &Releases::BuildRelease, build).status()) ==
           Reason::kOverloaded;
  };
  EXPECT_TRUE(Eventually(is_busy));
  const base::SteadyTime gone = base::SteadyClock::now();
  context.TryCancel();
  // A call that finds the place free waits for the log in its turn, until its own deadline.
  const cli::Connection next(services_->Direct(), absl::Milliseconds(200));
  const auto free = [&] {
    return base::ReasonOf(next.Call(next.releases(), &Releases::BuildRelease, build).status()) !=
           Reason::kOverloaded;
  };
  EXPECT_TRUE(Eventually(free));
  ExpectSoon(base::SteadyClock::now() - gone);
  EXPECT_EQ(done.get_future().get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(Network, AWaitForAPositionThatNobodyWaitsForGivesItsPlaceBackSoon) {
  const cli::Connection readers(services_->Direct(), kPatience);
  const std::string counted =
      "imdi_transport_calls_total{method=\"QueryService/GetFigure\",reason=\"CANCELLED\"} ";
  query_pb::GetFigureRequest behind;
  behind.set_name(kFigure);
  const auto answered = [&] {
    return readers.Call(readers.query(), &Query::GetFigure, behind).ok();
  };
  ASSERT_TRUE(Eventually(answered));
  query_pb::GetFigureRequest request;
  request.set_name(kFigure);
  request.set_at_least_position(1'000'000'000);
  grpc::ClientContext context;
  transport::SetTimeout(context, kPatience);
  std::promise<grpc::Status> done;
  query_pb::Figure figure;
  readers.query().stub->async()->GetFigure(
      &context, &request, &figure, [&done](const grpc::Status& status) { done.set_value(status); });
  // A call behind it on the same connection: it has arrived.
  EXPECT_TRUE(answered());
  context.TryCancel();
  const base::SteadyTime gone = base::SteadyClock::now();
  EXPECT_TRUE(Eventually(
      [&] { return services_->query().metrics().Text().find(counted) != std::string::npos; }));
  ExpectSoon(base::SteadyClock::now() - gone);
  EXPECT_EQ(done.get_future().get().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace imdi::network_fault
