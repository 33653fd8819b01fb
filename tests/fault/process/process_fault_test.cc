// The real program is killed with SIGKILL again and again, drained, started twice, and given a full
// disk, while respondents submit through its public API. IMDI_CAMPAIGN_ROUNDS sets the number of
// kills, IMDI_SEED repeats a run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "tests/fault/process/server_process.h"
#include "tests/fault/process/submitters.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi::process_fault {
namespace {

namespace stdfs = std::filesystem;
using base::StrCat;
using testing::HasSubstr;
using testing_support::TempFolder;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kStartPatience = absl::Seconds(30);
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kSubmitters = 8;

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Process : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GT(FirstSubmissions().size(), 300U); }

  ServerProcess::Options OptionsHere() const {
    return {.data = folder_ / "data", .log_file = folder_ / "server.log"};
  }
  std::string ServerLog() const { return ReadText(folder_ / "server.log"); }

  void Start() {
    server_ = std::make_unique<ServerProcess>(OptionsHere());
    ASSERT_TRUE(server_->WaitReady(kStartPatience)) << ServerLog();
    line_.Connect(server_->public_address(), server_->internal_address());
  }
  const cli::Connection& Server() {
    connection_ = line_.Current();
    return *connection_;
  }
  // SIGKILL, with calls in flight.
  void Kill() {
    line_.HangUp();
    server_->Kill();
  }

  void ApplySurvey() {
    records_before_ = process_fault::ApplySurvey(Server());
    ASSERT_FALSE(HasFailure());
  }
  int64_t Head() { return HeadOf(Server()); }
  std::unique_ptr<Submitters> StartSubmitters(uint64_t seed) {
    const auto& all = FirstSubmissions();  // The first one is left to the tests.
    auto submitters = std::make_unique<Submitters>(
        line_, std::vector<ingestion_pb::SubmitRequest>(all.begin() + 1, all.end()), kSubmitters,
        seed);
    submitters->Start();
    return submitters;
  }
  void Compare(Submitters& submitters) {
    ExpectLogAsAcknowledged(submitters, Server(), server_->internal_address(), records_before_);
    ExpectEverythingFolded();
  }
  void ExpectEverythingFolded() { process_fault::ExpectEverythingFolded(Server()); }

  TempFolder folder_;
  Line line_;
  std::unique_ptr<ServerProcess> server_;
  std::shared_ptr<const cli::Connection> connection_;
  int64_t records_before_ = 0;  // Definitions and the opening.
};

TEST_F(Process, KilledAgainAndAgainUnderLoadLosesNothingThatWasAcknowledged) {
  const uint64_t seed = testing_support::CampaignSeed("kills");
  const int64_t rounds = testing_support::CampaignRounds(30);
  std::mt19937_64 random(seed);
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  const std::unique_ptr<Submitters> submitters = StartSubmitters(seed);
  int64_t kills_at_start = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    switch (random() % 4) {
      case 0:  // While it verifies and starts: the next one is killed before anybody could use it,
               // or soon after.
        Kill();
        server_ = std::make_unique<ServerProcess>(OptionsHere());
        if (!server_->WaitReady(absl::Microseconds(random() % 200'000))) ++kills_at_start;
        break;
      case 1:  // Soon after the start.
        submitters->WaitForAccepted(submitters->accepted() + static_cast<int64_t>(random() % 10),
                                    kPatience);
        break;
      default:  // In full flow.
        submitters->WaitForAccepted(submitters->accepted() + static_cast<int64_t>(random() % 400),
                                    kPatience);
    }
    ASSERT_THAT(submitters->problems(), testing::IsEmpty());
    Kill();
    ASSERT_NO_FATAL_FAILURE(Start());
    // Nothing that was acknowledged is beyond the head, from the first moment on.
    const int64_t acknowledged = submitters->highest_position();
    ASSERT_GE(Head(), acknowledged) << "after kill " << round;
  }
  ASSERT_TRUE(submitters->WaitForAccepted(submitters->accepted() + 1, kPatience));
  std::cout << rounds << " kills, " << kills_at_start << " more of them during the start\n";
  Compare(*submitters);
}

TEST_F(Process, KilledWhileItPublishesThereIsAWholeReleaseOrNone) {
  namespace aggregation_pb = survey::aggregation::v1;
  using Releases = aggregation_pb::ReleaseService::StubInterface;
  std::mt19937_64 random(testing_support::CampaignSeed("kills while publishing"));
  const int64_t rounds = (testing_support::CampaignRounds(30) + 2) / 3;
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  const auto build = [&]() -> absl::StatusOr<aggregation_pb::Candidate> {
    aggregation_pb::BuildReleaseRequest request;
    request.set_parent("editions/KU2017");
    request.set_audience(survey::query::v1::AUDIENCE_INTERNAL);
    return Server().Call(Server().releases(), &Releases::BuildRelease, request);
  };
  const auto publish = [&](const std::string& candidate) {
    aggregation_pb::PublishReleaseRequest request;
    request.set_candidate(candidate);
    request.set_reason("one more answered");
    return Server().Call(Server().releases(), &Releases::PublishRelease, request);
  };
  int32_t published = 0;
  int cut = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    const auto answered =
        Server().Call(Server().submissions(), &Submissions::Submit,
                      FirstSubmissions()[static_cast<size_t>(round) % FirstSubmissions().size()]);
    ASSERT_TRUE(answered.ok()) << answered.status();
    auto candidate = build();
    ASSERT_TRUE(candidate.ok()) << candidate.status();
    ASSERT_EQ(candidate->release().number(), published + 1);
    const std::shared_ptr<const cli::Connection> connection = line_.Current();
    std::thread caller([&] {
      aggregation_pb::PublishReleaseRequest request;
      request.set_candidate(candidate->name());
      request.set_reason("one more answered");
      (void)connection->Call(connection->releases(), &Releases::PublishRelease, request);
    });
    // Somewhere between the first part and some time after the close.
    const int64_t before = Head();
    const int64_t wait_for = before + static_cast<int64_t>(random() % 8);
    const absl::Time until = absl::Now() + absl::Milliseconds(200);
    while (Head() < wait_for && absl::Now() < until) continue;
    Kill();
    caller.join();
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_NO_FATAL_FAILURE(ExpectEverythingFolded());
    // What the log has is whole: it verifies, and the next number says how many there are.
    candidate = build();
    ASSERT_TRUE(candidate.ok()) << candidate.status();
    const int32_t there = candidate->release().number() - 1;
    ASSERT_GE(there, published);
    ASSERT_LE(there, published + 1);
    if (there == published) {
      ++cut;
      const auto again = publish(candidate->name());
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->release().number(), published + 1);
    } else {
      EXPECT_TRUE(candidate->unchanged());
    }
    ++published;
    ASSERT_NO_FATAL_FAILURE(ExpectEverythingFolded());
    aggregation_pb::VerifyReleaseRequest verify;
    verify.set_name(StrCat("editions/KU2017/releases/", published));
    const auto verified = Server().Call(Server().releases(), &Releases::VerifyRelease, verify);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_TRUE(verified->identical()) << verified->DebugString();
  }
  std::cout << cut << " of " << rounds << " publications were cut before the close\n";
}

TEST_F(Process, KilledWhileItMakesItsFoldersStartsTheNextTime) {
  std::mt19937_64 random(testing_support::CampaignSeed("kills at birth"));
  const int64_t rounds = (testing_support::CampaignRounds(30) + 2) / 3;
  int64_t unfinished = 0;
  for (int64_t round = 0; round < rounds; ++round) {
    stdfs::remove_all(folder_ / "data");
    server_ = std::make_unique<ServerProcess>(OptionsHere());
    if (!server_->WaitReady(absl::Microseconds(random() % 300'000))) ++unfinished;
    server_->Kill();
    ASSERT_NO_FATAL_FAILURE(Start()) << "round " << round;
    ASSERT_EQ(Head(), 0);
    Kill();
  }
  std::cout << unfinished << " of " << rounds << " kills came before it was ready\n";
}

TEST_F(Process, OnSigtermItAnswersWhatIsInFlightAndEndsWithZero) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  const std::unique_ptr<Submitters> submitters =
      StartSubmitters(testing_support::CampaignSeed("drains"));
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(submitters->WaitForAccepted(submitters->accepted() + 100, kPatience))
        << testing::PrintToString(submitters->problems());
    server_->Terminate();  // The submitters go on calling.
    const std::optional<int> code = server_->WaitExit(absl::Seconds(15));
    line_.HangUp();
    ASSERT_EQ(code, 0) << ServerLog();
    ASSERT_NO_FATAL_FAILURE(Start());
    const int64_t acknowledged = submitters->highest_position();
    ASSERT_GE(Head(), acknowledged);
  }
  Compare(*submitters);
}

TEST_F(Process, ASecondOneOnTheSameFolderIsRefusedAndTheFirstGoesOn) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  ServerProcess::Options options = OptionsHere();
  options.log_file = folder_ / "second.log";
  ServerProcess second(options);
  EXPECT_FALSE(second.WaitReady(kStartPatience));
  EXPECT_EQ(second.WaitExit(kStartPatience), 1);
  EXPECT_THAT(ReadText(options.log_file), HasSubstr("the data folder is open in another process"));
  const auto response =
      Server().Call(Server().submissions(), &Submissions::Submit, FirstSubmissions().front());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->receipt().position(), records_before_ + 1);
}

TEST_F(Process, ADataFolderThatIsDamagedOrNewerIsRefusedWithTheRemedy) {
  ASSERT_NO_FATAL_FAILURE(Start());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  Kill();
  const std::string log = folder_ / "data/ingestion/log";
  const auto expect_refused = [&](const std::string& text) {
    ServerProcess::Options options = OptionsHere();
    options.log_file = folder_ / "refused.log";
    stdfs::remove(options.log_file);
    ServerProcess refused(options);
    EXPECT_FALSE(refused.WaitReady(kStartPatience));
    EXPECT_EQ(refused.WaitExit(kStartPatience), 1);
    EXPECT_THAT(ReadText(options.log_file), HasSubstr(text));
  };
  stdfs::rename(log + "/WATERMARK", log + "/aside");
  expect_refused("restore it from a backup");
  stdfs::rename(log + "/aside", log + "/WATERMARK");

  std::ofstream(log + "/FORMAT", std::ios::trunc) << "imdi store log 2\n";
  expect_refused("start a newer program");
  std::ofstream(log + "/FORMAT", std::ios::trunc) << "imdi store log 1\n";

  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(Head(), records_before_);
}

TEST_F(Process, AFullDiskEndsAcknowledgingAndItServesAgainWithinTenSecondsOfSpace) {
  ServerProcess::Options options = OptionsHere();
  options.disk_mib = 256;
  server_ = std::make_unique<ServerProcess>(options);
  if (!server_->WaitReady(kStartPatience)) {
    ASSERT_EQ(server_->WaitExit(kStartPatience), ServerProcess::kNoDisk) << ServerLog();
    GTEST_SKIP()
        << "mounting a small disk is not allowed here; storage_fault_test has a full disk too";
  }
  line_.Connect(server_->public_address(), server_->internal_address());
  ASSERT_NO_FATAL_FAILURE(ApplySurvey());
  const std::unique_ptr<Submitters> submitters =
      StartSubmitters(testing_support::CampaignSeed("full disks"));
  const std::string filler = server_->PathInside(options.data + "/filler");
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(submitters->WaitForAccepted(submitters->accepted() + 50, kPatience))
        << testing::PrintToString(submitters->problems());
    {
      // To the last byte, under load: whatever file is being written meets it.
      std::ofstream file(filler, std::ios::binary);
      const std::string block(64 << 10, 'f');
      // The store may give some space back meanwhile.
      do {
        file.clear();
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
      } while (stdfs::space(server_->PathInside(options.data)).available >= block.size());
    }
    ASSERT_LT(stdfs::space(server_->PathInside(options.data)).available, 64U << 10);
    const auto refused =
        Server().Call(Server().submissions(), &Submissions::Submit, FirstSubmissions().front());
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnavailable) << refused.status();
    EXPECT_EQ(base::ReasonOf(refused.status()), base::Reason::kDiskFull) << refused.status();
    const int64_t acknowledged = submitters->highest_position();
    EXPECT_GE(Head(), acknowledged) << "reads go on";
    const int64_t before = submitters->accepted();
    stdfs::remove(filler);
    EXPECT_TRUE(submitters->WaitForAccepted(before + 1, absl::Seconds(10)))
        << "round " << round << ": " << ServerLog();
  }
  Compare(*submitters);
}

}  // namespace
}  // namespace imdi::process_fault
