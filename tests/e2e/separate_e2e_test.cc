// The services in processes of their own: from their configuration files, started in any order,
// each missing for a while.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "clients/cli/connection.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
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
using testing::IsEmpty;
using testing::Not;
using testing_support::TempFolder;
using Queries = query_pb::QueryService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kPatience = absl::Seconds(60);
// A follower finds its server again within this: the promise is a second.
constexpr absl::Duration kReconnect = absl::Seconds(1);
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
    const auto connection = servers_.ConnectTo(Part::kIngestion, kCall);
    const auto response = connection.Call(connection.submissions(), &Submissions::Submit,
                                          process_fault::FirstSubmissions()[answered_]);
    EXPECT_TRUE(response.ok()) << response.status();
    ++answered_;
    return response.ok() ? response->receipt().position() : -1;
  }
  absl::StatusOr<query_pb::Figure> Rate(int64_t at_least_position = 0) const {
    const auto connection = servers_.ConnectTo(Part::kQuery, kCall);
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
    const auto connection = servers_.ConnectTo(Part::kQuery, kCall);
    const auto listed = connection.Call(connection.query(), &Queries::ListEditions,
                                        query_pb::ListEditionsRequest());
    EXPECT_TRUE(listed.ok()) << listed.status();
    return listed.ok() && listed->editions_size() > 0 ? listed->editions(0)
                                                      : query_pb::EditionSummary();
  }

  const TempFolder folder_;
  process_fault::ThreeServers servers_{folder_.path()};
  size_t answered_ = 0;
};

TEST_F(Separate, StartedInEveryOrderTheyFindOneAnother) {
  ASSERT_NO_FATAL_FAILURE(Start({kParts.begin(), kParts.end()}));
  process_fault::ApplySurvey(servers_.ConnectTo(Part::kIngestion, kCall));
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

TEST_F(Separate, EachMayBeMissingAndTheOthersServeWhatTheyHave) {
  ASSERT_NO_FATAL_FAILURE(Start({kParts.begin(), kParts.end()}));
  process_fault::ApplySurvey(servers_.ConnectTo(Part::kIngestion, kCall));
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
  const absl::Time until = absl::Now() + kPatience;
  while (!Summary().stale() && absl::Now() < until) continue;
  EXPECT_TRUE(Summary().stale());
  EXPECT_GT(Summary().stale_since_us(), 0);
  EXPECT_THAT(Summary().stale_reason(), Not(IsEmpty()));
  EXPECT_THAT(HttpGet(servers_.health_address(Part::kQuery), "/readyz").body,
              HasSubstr("figures may be old"));
  const auto old = Rate();
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->responded(), 2);
  servers_.Begin(Part::kAggregation);
  ASSERT_TRUE(servers_.WaitReady(kPatience));
  ASSERT_NO_FATAL_FAILURE(ExpectCounted(uncounted, kReconnect));
  EXPECT_FALSE(Summary().stale()) << Summary().stale_reason();
}

}  // namespace
}  // namespace imdi::e2e
