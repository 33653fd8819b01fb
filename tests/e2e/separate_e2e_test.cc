// The services in processes of their own: from their configuration files, started in any order,
// each missing for a while.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/connection.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "tests/e2e/program.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/fault/process/three_servers.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
using base::StrCat;
using process_fault::HttpGet;
using process_fault::kParts;
using process_fault::Part;
using process_fault::ProgramOf;
using testing::HasSubstr;
using testing_support::TempFolder;
using Queries = query_pb::QueryService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kPatience = absl::Seconds(60);
// A follower finds its server again within a second; a busy machine may take longer.
constexpr absl::Duration kReconnect = absl::Seconds(4);
constexpr absl::Duration kCall = absl::Seconds(20);
constexpr char kRate[] = "editions/KU2017/releases/live/figures/IND_RR.FRAME";

std::string ConfigFile(const std::string& program) {
  const char* root = std::getenv("IMDI_ROOT");
  return StrCat(root == nullptr ? "." : root, "/deploy/config/", program, ".yaml");
}

const std::vector<std::string> kPrograms = {"imdi-allinone", "imdi-ingestion", "imdi-aggregation",
                                            "imdi-query"};

TEST(Configuration, EveryFileOfDeployConfigIsAcceptedByItsProgramAndNoOther) {
  const TempFolder folder;
  for (const std::string& program : kPrograms) {
    for (const std::string& file : kPrograms) {
      const Ran ran =
          RunProgram(folder.path(), program, {"--check_config", "--config", ConfigFile(file)});
      if (program == file) {
        EXPECT_EQ(ran.code, 0) << program << ": " << ran.err;
        EXPECT_EQ(ran.out, "the configuration is fine\n");
      } else {
        EXPECT_EQ(ran.code, 2) << program << " of " << file << ": " << ran.out;
        EXPECT_THAT(ran.err, HasSubstr(ConfigFile(file) + ":"));
      }
    }
  }
}

TEST(Configuration, IsRefusedWithThePlaceTheRuleAndWhatToDo) {
  const TempFolder folder;
  const std::string file = folder / "query.yaml";
  std::ofstream(file) << "listen: \"127.0.0.1:0\"\n"
                         "internal_listen: \"0.0.0.0:50056\"\n"
                         "health_listen: \"127.0.0.1:0\"\n"
                         "insecure_loopback: true\n"
                         "actor: team\n"
                         "aggregation:\n"
                         "  data_dir: here\n"
                         "query:\n"
                         "  data_dir: here/too\n"
                         "  memory_mib: 3\n";
  const Ran ran = RunProgram(folder.path(), "imdi-query", {"--check_config", "--config", file});
  EXPECT_EQ(ran.code, 2);
  for (const char* problem :
       {":1:9: listen: must be left out", ":2:18: internal_listen: refusing to listen on",
        ":7:3: aggregation: must be left out: this process does not host it; it belongs into the "
        "configuration of imdi-aggregation",
        "query.aggregation_address: is required: internal_listen of imdi-aggregation",
        ":10:15: query.memory_mib: 32 to 65536 MiB",
        ":9:13: query.data_dir: must not lie within aggregation.data_dir"}) {
    EXPECT_THAT(ran.err, HasSubstr(problem));
  }
  EXPECT_THAT(ran.err, HasSubstr("imdi-query: the configuration is refused\n"));
}

class Separate : public testing::Test {
 protected:
  void Start(const std::vector<Part>& order) {
    for (const Part part : order) servers_.Begin(part);
    ASSERT_TRUE(servers_.WaitReady(kPatience)) << folder_.path();
  }
  void StopAll() {
    for (const Part part : kParts) ASSERT_EQ(servers_.Stop(part, kPatience), 0) << ProgramOf(part);
  }
  // One more unit answers; gives the position of its record.
  int64_t Submit() {
    const auto connection = servers_.Connect(kCall);
    const auto response = connection.Call(connection.submissions(), &Submissions::Submit,
                                          process_fault::FirstSubmissions()[answered_]);
    EXPECT_TRUE(response.ok()) << response.status();
    ++answered_;
    return response.ok() ? response->receipt().position() : -1;
  }
  absl::StatusOr<query_pb::Figure> Rate(int64_t at_least_position = 0) const {
    const auto connection = servers_.Connect(kCall);
    query_pb::GetFigureRequest request;
    request.set_name(kRate);
    request.set_at_least_position(at_least_position);
    return connection.Call(connection.query(), &Queries::GetFigure, request);
  }
  // Everything that was answered is counted, within `patience`.
  void ExpectCounted(int64_t position, absl::Duration patience) const {
    const absl::Time until = absl::Now() + patience;
    absl::StatusOr<query_pb::Figure> figure;
    do {
      figure = Rate();
    } while ((!figure.ok() || figure->position() < position) && absl::Now() < until);
    ASSERT_TRUE(figure.ok()) << figure.status();
    EXPECT_GE(figure->position(), position) << "after " << patience;
    EXPECT_EQ(figure->responded(), static_cast<int>(answered_));
  }
  query_pb::EditionSummary Summary() const {
    const auto connection = servers_.Connect(kCall);
    const auto listed = connection.Call(connection.query(), &Queries::ListEditions,
                                        query_pb::ListEditionsRequest());
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() && listed->editions_size() > 0 ? listed->editions(0)
                                                      : query_pb::EditionSummary();
  }

  // Figures and editions say that they may be old, and why; so does the process.
  void ExpectStale(Part part, const std::string& why) const {
    const absl::Time until = absl::Now() + kPatience;
    while (!Summary().stale() && absl::Now() < until) continue;
    const query_pb::EditionSummary summary = Summary();
    ASSERT_TRUE(summary.stale());
    EXPECT_GT(summary.stale_since_us(), 0);
    EXPECT_THAT(summary.stale_reason(), HasSubstr(why));
    const auto figure = Rate();
    ASSERT_TRUE(figure.ok()) << figure.status();
    EXPECT_TRUE(figure->stale());
    EXPECT_EQ(figure->stale_since_us(), summary.stale_since_us());
    const auto ready = HttpGet(servers_.health_address(part), "/readyz");
    EXPECT_EQ(ready.status, 200);
    EXPECT_THAT(ready.body, HasSubstr("ready; figures may be old, for "));
    EXPECT_THAT(ready.body, HasSubstr(why));
  }
  void ExpectCurrent(absl::Duration patience) const {
    const absl::Time until = absl::Now() + patience;
    absl::StatusOr<query_pb::Figure> figure;
    do {
      figure = Rate();
    } while ((!figure.ok() || figure->stale()) && absl::Now() < until);
    ASSERT_TRUE(figure.ok()) << figure.status();
    EXPECT_FALSE(figure->stale()) << "after " << patience;
    EXPECT_EQ(figure->stale_since_us(), 0);
  }

  const TempFolder folder_;
  process_fault::ThreeServers servers_{folder_.path()};
  size_t answered_ = 0;
};

TEST_F(Separate, StartedInEveryOrderTheyFindOneAnother) {
  ASSERT_NO_FATAL_FAILURE(Start({kParts.begin(), kParts.end()}));
  process_fault::ApplySurvey(servers_.Connect(kCall));
  std::vector<Part> order(kParts.begin(), kParts.end());
  do {
    SCOPED_TRACE(StrCat(ProgramOf(order[0]), ", ", ProgramOf(order[1]), ", ", ProgramOf(order[2])));
    ASSERT_NO_FATAL_FAILURE(StopAll());
    for (const Part part : order) {
      servers_.Begin(part);
      // Each is ready by itself, whoever else is there.
      ASSERT_TRUE(servers_.WaitReady(kPatience)) << ProgramOf(part);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectCounted(Submit(), kPatience));
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(answered_, 6U);
}

// Each file of deploy/config, with folders and ports of this test in the place of its own.
TEST_F(Separate, StartedFromTheFilesOfDeployConfigAloneTheyCountWhatIsSubmitted) {
  const std::string root = folder_ / "var";
  const std::map<std::string, std::string> places = {
      {"/var/", root + "/"},
      {"127.0.0.1:50051", servers_.public_address()},
      {"127.0.0.1:50052", servers_.internal_address(Part::kIngestion)},
      {"127.0.0.1:50053", servers_.health_address(Part::kIngestion)},
      {"127.0.0.1:50054", servers_.internal_address(Part::kAggregation)},
      {"127.0.0.1:50055", servers_.health_address(Part::kAggregation)},
      {"127.0.0.1:50056", servers_.internal_address(Part::kQuery)},
      {"127.0.0.1:50057", servers_.health_address(Part::kQuery)}};
  std::map<std::string, int> placed;
  for (const Part part : kParts) {
    std::ifstream file(ConfigFile(ProgramOf(part)));
    std::string text(std::istreambuf_iterator<char>(file), {});
    for (const auto& [there, here] : places) {
      for (size_t at = 0; (at = text.find(there, at)) != std::string::npos; at += here.size()) {
        text.replace(at, there.size(), here);
        ++placed[there];
      }
    }
    std::ofstream(folder_ / (ProgramOf(part) + ".yaml")) << text;
    servers_.Configure(part, folder_ / (ProgramOf(part) + ".yaml"));
  }
  EXPECT_EQ(placed.size(), places.size()) << "a file names something else now";
  ASSERT_NO_FATAL_FAILURE(Start({Part::kQuery, Part::kAggregation, Part::kIngestion}));
  for (const Part part : kParts)
    EXPECT_EQ(servers_.of(part).internal_address(), servers_.internal_address(part));

  process_fault::ApplySurvey(servers_.Connect(kCall));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(Submit(), kPatience));
  ASSERT_NO_FATAL_FAILURE(ExpectCurrent(kPatience));
  // Everything lies where the files say, and nothing elsewhere.
  const auto connection = servers_.Connect(kCall);
  ingestion_pb::CreateBackupRequest backup;
  backup.set_backup_id("first");
  const auto made = connection.Call(connection.log(),
                                    &ingestion_pb::LogService::StubInterface::CreateBackup, backup);
  ASSERT_TRUE(made.ok()) << made.status();
  for (const char* place :
       {"lib/imdi-keys/master.key", "lib/imdi/ingestion/log", "lib/imdi/aggregation/FORMAT",
        "lib/imdi/query/FORMAT", "backups/imdi/log/first/log/BACKUP",
        "backups/imdi-keys/first/BACKUP"}) {
    EXPECT_TRUE(std::filesystem::exists(root + "/" + place)) << place;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "data"));
  // And again, over what is there.
  ASSERT_NO_FATAL_FAILURE(StopAll());
  ASSERT_NO_FATAL_FAILURE(Start({kParts.begin(), kParts.end()}));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(Submit(), kPatience));
}

TEST_F(Separate, EachMayBeMissingAndTheOthersServeWhatTheyHave) {
  ASSERT_NO_FATAL_FAILURE(Start({kParts.begin(), kParts.end()}));
  process_fault::ApplySurvey(servers_.Connect(kCall));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(Submit(), kPatience));

  // Without query nobody asks, and answers come in.
  servers_.Kill(Part::kQuery);
  const int64_t meanwhile = Submit();
  servers_.Begin(Part::kQuery);
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(meanwhile, kReconnect));

  // Without aggregation figures stand still, and say so.
  servers_.Kill(Part::kAggregation);
  const int64_t uncounted = Submit();
  ASSERT_NO_FATAL_FAILURE(ExpectStale(Part::kQuery, ""));
  const auto old = Rate();
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->responded(), 2);
  servers_.Begin(Part::kAggregation);
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(uncounted, kReconnect));
  ASSERT_NO_FATAL_FAILURE(ExpectCurrent(kReconnect));

  // Without ingestion nothing can be submitted; aggregation says that it does not hear it, and
  // query says so of the figures.
  servers_.Kill(Part::kIngestion);
  ASSERT_NO_FATAL_FAILURE(ExpectStale(Part::kQuery, "ingestion is not heard"));
  EXPECT_THAT(HttpGet(servers_.health_address(Part::kAggregation), "/readyz").body,
              HasSubstr("ingestion is not heard"));
  EXPECT_EQ(HttpGet(servers_.health_address(Part::kAggregation), "/healthz").status, 200);
  servers_.Begin(Part::kIngestion);
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  ASSERT_NO_FATAL_FAILURE(ExpectCurrent(kReconnect));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(Submit(), kReconnect));
}

TEST_F(Separate, AProcessThatNeverHeardOfAnythingIsAliveAndNotReadyAndSaysWhy) {
  ASSERT_NO_FATAL_FAILURE(Start({Part::kQuery, Part::kAggregation}));
  for (const auto& [part, why] :
       {std::pair{Part::kAggregation, "nothing is counted yet: ingestion has not been heard"},
        std::pair{Part::kQuery, "no figures yet: aggregation has not been heard"}}) {
    const auto ready = HttpGet(servers_.health_address(part), "/readyz");
    EXPECT_EQ(ready.status, 503);
    EXPECT_THAT(ready.body, HasSubstr(why));
    EXPECT_EQ(HttpGet(servers_.health_address(part), "/healthz").status, 200);
  }
  EXPECT_EQ(base::ReasonOf(Rate().status()), base::Reason::kNotYetFolded);
  servers_.Begin(Part::kIngestion);
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  for (const Part part : kParts) {
    const absl::Time until = absl::Now() + kPatience;
    while (HttpGet(servers_.health_address(part), "/readyz").status != 200 && absl::Now() < until)
      continue;
    EXPECT_EQ(HttpGet(servers_.health_address(part), "/readyz").body, "ready\n") << ProgramOf(part);
  }
}

}  // namespace
}  // namespace imdi::e2e
