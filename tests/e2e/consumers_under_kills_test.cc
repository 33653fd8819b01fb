// The settlement case system, built from the installed package, follows releases while
// imdi-ingestion, imdi-aggregation and imdi-query are killed with SIGKILL and started again in
// turn, and respondents go on submitting. Afterwards the log holds what was acknowledged, a fold of
// it from the first record prints the same findings, and so does a restored backup.
// IMDI_SEED repeats a run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/connection.h"
#include "imdi/survey/aggregation/v1/release_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/text.h"
#include "tests/e2e/installed_examples.h"
#include "tests/e2e/program.h"
#include "tests/fault/process/server_process.h"
#include "tests/fault/process/submitters.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/fault/process/three_servers.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {
namespace {

namespace aggregation_pb = survey::aggregation::v1;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace stdfs = std::filesystem;
using base::StrCat;
using process_fault::kParts;
using process_fault::Part;
using process_fault::ServerProcess;
using testing::HasSubstr;
using testing_support::TempFolder;
using Queries = query_pb::QueryService::StubInterface;
using Releases = aggregation_pb::ReleaseService::StubInterface;

constexpr absl::Duration kCall = absl::Seconds(20);
constexpr absl::Duration kStop = absl::Seconds(10);
constexpr int kSubmittersOfAGroup = 2;
constexpr size_t kUnitsOfAGroup = 60;

class ConsumersUnderKills : public testing::Test {
 protected:
  static void SetUpTestSuite() { InstalledExamples::Get(); }

  void SetUp() override {
    ASSERT_FALSE(HasFailure());
    for (const Part part : kParts) servers_.Begin(part);
    ASSERT_TRUE(servers_.WaitReady(kPatience));
    line_.Connect(servers_.public_address(), servers_.internal_address(Part::kIngestion));
    records_before_ = process_fault::ApplySurvey(Ingestion());
    ASSERT_FALSE(HasFailure());
  }

  cli::Connection Ingestion() const { return servers_.Connect(kCall); }

  // More respondents join those that go on submitting. They are the only ones of their units, so
  // that the next release has other figures than the one before.
  void JoinRespondents() {
    const std::vector<ingestion_pb::SubmitRequest>& all = process_fault::FirstSubmissions();
    ASSERT_LE((groups_.size() + 1) * kUnitsOfAGroup, all.size());
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(groups_.size() * kUnitsOfAGroup);
    groups_.push_back(std::make_unique<process_fault::Submitters>(
        line_, std::vector<ingestion_pb::SubmitRequest>(from, from + kUnitsOfAGroup),
        kSubmittersOfAGroup, seed_ + 1'000 * groups_.size()));
    groups_.back()->Start();
    ASSERT_TRUE(groups_.back()->WaitForAccepted(20, kPatience));
  }

  // Everybody stops; the log has what was acknowledged, once, and nothing else.
  void ExpectLogAsAcknowledged() {
    std::map<std::string, process_fault::Note> notes;
    for (const auto& group : groups_) {
      group->Stop();
      EXPECT_THAT(group->problems(), testing::IsEmpty());
      notes.merge(group->TakeNotes());
    }
    EXPECT_EQ(process_fault::CompareWithLog(
                  Ingestion(), servers_.internal_address(Part::kIngestion), notes, records_before_),
              "");
    std::cout << notes.size() << " requests\n";
  }

  // Release `number` of 2017, whoever is down in between. Where an answer is lost, a candidate with
  // the next number says that it was published.
  absl::Status Publish(int number, const std::string& reason) const {
    const auto aggregation = servers_.Connect(kCall);
    const absl::Time until = absl::Now() + kPatience;
    absl::Status status;
    do {
      aggregation_pb::BuildReleaseRequest build;
      build.set_parent("editions/KU2017");
      build.set_audience(query_pb::AUDIENCE_INTERNAL);
      const auto candidate =
          aggregation.Call(aggregation.releases(), &Releases::BuildRelease, build);
      status = candidate.status();
      if (!status.ok()) continue;
      if (candidate->release().number() > number) return absl::OkStatus();
      aggregation_pb::PublishReleaseRequest publish;
      publish.set_candidate(candidate->name());
      publish.set_reason(reason);
      status =
          aggregation.Call(aggregation.releases(), &Releases::PublishRelease, publish).status();
    } while (!status.ok() && absl::Now() < until);
    return status;
  }

  std::vector<std::string> Settlement(const std::string& address, const std::string& file) const {
    return {InstalledExamples::Get().Settlement(), "--server", address, "--file", folder_ / file};
  }
  // What the example prints of a server, without its age.
  std::string FindingsOf(const std::string& address, const std::string& file) const {
    std::vector<std::string> command = Settlement(address, file);
    command.push_back("--once");
    const Ran ran = RunCommand(folder_.path(), command);
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    return WithoutAge(ran.out);
  }

  // What the example prints of an all-in-one over these data, once it has folded the log up to
  // this release.
  std::string FindingsOver(const std::string& data, const std::string& file, int number) const {
    ServerProcess server({.data = data, .log_file = data + ".log"});
    EXPECT_TRUE(server.WaitReady(kPatience));
    const cli::Connection connection(server.public_address(), server.internal_address(), kCall);
    query_pb::GetReleaseRequest request;
    request.set_name(StrCat("editions/KU2017/releases/", number));
    const absl::Time until = absl::Now() + kPatience;
    absl::Status status;
    do {
      status = connection.Call(connection.query(), &Queries::GetRelease, request).status();
    } while (!status.ok() && absl::Now() < until);
    EXPECT_TRUE(status.ok()) << status;
    return FindingsOf(server.internal_address(), file);
  }

  const TempFolder folder_;
  process_fault::ThreeServers servers_{folder_.path()};
  process_fault::Line line_;
  const uint64_t seed_ = testing_support::CampaignSeed("kills under a consumer");
  std::vector<std::unique_ptr<process_fault::Submitters>> groups_;
  int64_t records_before_ = 0;
};

TEST_F(ConsumersUnderKills, TheSettlementExampleFollowsReleasesWhileEachServiceIsKilledInTurn) {
  ASSERT_NO_FATAL_FAILURE(JoinRespondents());
  int number = 1;
  ASSERT_TRUE(Publish(number, "the first").ok());
  RunningProgram follower(Settlement(servers_.internal_address(Part::kQuery), "followed.set"));
  ASSERT_TRUE(follower.WaitFor("editions/KU2017/releases/1 (", kPatience)) << follower.out();

  for (const Part part : kParts) {
    const std::string name = process_fault::ProgramOf(part);
    ASSERT_NO_FATAL_FAILURE(JoinRespondents());
    ++number;
    auto published = std::async(
        std::launch::async, [&] { return Publish(number, StrCat("while ", name, " was killed")); });
    servers_.Kill(part);
    servers_.Begin(part);
    ASSERT_TRUE(servers_.WaitReady(kPatience)) << name;
    const absl::Status status = published.get();
    ASSERT_TRUE(status.ok()) << name << ": " << status;
    ASSERT_TRUE(follower.WaitFor(StrCat("Ny utgjeving: editions/KU2017/releases/", number,
                                        ": while ", name, " was killed\n"),
                                 kPatience))
        << follower.out();
  }

  // Counts equal the log: what was acknowledged is there once, and a fold of the log from its first
  // record says what the example was told.
  ASSERT_NO_FATAL_FAILURE(JoinRespondents());
  ExpectLogAsAcknowledged();
  ++number;
  ASSERT_TRUE(Publish(number, "the last").ok());
  ASSERT_TRUE(follower.WaitFor(StrCat("releases/", number, ": the last\n"), kPatience));
  EXPECT_EQ(follower.Terminate(), 0);
  const std::string findings = FindingsOf(servers_.internal_address(Part::kQuery), "followed.set");
  EXPECT_THAT(findings, HasSubstr("F12  Fleire ønskjer at sakshandsamingssystemet blir betre.\n"));
  EXPECT_THAT(findings, HasSubstr("F13  Kommunane ønskjer betre kontakt med og rettleiing frå"));
  const std::string ingestion = servers_.internal_address(Part::kIngestion);
  const Ran backup = RunProgram(
      folder_.path(), "imdictl",
      {"--server", servers_.public_address(), "--internal", ingestion, "backup", "last"});
  ASSERT_EQ(backup.code, 0) << backup.err;
  for (const Part part : kParts) ASSERT_EQ(servers_.Stop(part, kStop), 0);
  EXPECT_EQ(FindingsOf(servers_.internal_address(Part::kQuery), "followed.set"), findings)
      << "from the file, while nobody answers";

  const std::string data = folder_ / "data";
  const std::string afresh = folder_ / "afresh";
  stdfs::create_directories(afresh);
  stdfs::copy(data + "/ingestion", afresh + "/ingestion", stdfs::copy_options::recursive);
  stdfs::copy(data + "/master.key", afresh + "/master.key");
  EXPECT_EQ(FindingsOver(afresh, "afresh.set", number), findings);

  const std::string restored = folder_ / "restored";
  const Ran restore = RunProgram(folder_.path(), "imdictl",
                                 {"restore", data + "/backups/last", "--keys",
                                  data + "/key-backups/last", "--data", restored});
  ASSERT_EQ(restore.code, 0) << restore.out << restore.err;
  stdfs::copy(data + "/master.key", restored + "/master.key");
  EXPECT_EQ(FindingsOver(restored, "restored.set", number), findings);
  EXPECT_EQ(FindingsOver(restored, "followed.set", number), findings)
      << "one that followed the log before goes over to the restored one";
}

}  // namespace
}  // namespace imdi::e2e
