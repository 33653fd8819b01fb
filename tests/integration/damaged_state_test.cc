// What a start does when something beside the log is damaged or gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "clients/cli/connection.h"
#include "clients/cli/definition_documents.h"
#include "services/allinone/allinone_app.h"
#include "services/base/clock.h"
#include "tests/support/temp_folder.h"

namespace imdi {
namespace {

namespace fs = std::filesystem;
namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
using testing_support::TempFolder;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kFigure[] = "editions/KU2014/releases/live/figures/IND_RR.FRAME";

const base::SystemClock kClock;

absl::StatusOr<std::unique_ptr<process::Process>> Start(const TempFolder& folder) {
  return allinone::Start(allinone::EmbeddedConfig(folder.path()), kClock);
}

cli::Connection ConnectTo(const process::Process& system) {
  return {system.public_address(), system.internal_address(), kPatience};
}

// A stopped system that has counted an edition; started once more, so that what it keeps lies in
// tables.
void MakeFolder(const TempFolder& folder) {
  const char* root = std::getenv("IMDI_ROOT");
  const auto surveys = fs::path(root == nullptr ? "." : root) / "deploy/surveys/ku";
  const auto loaded = cli::LoadDefinitions({surveys.string()});
  ASSERT_EQ(loaded.problem_count, 0u);
  {
    auto system = Start(folder);
    ASSERT_TRUE(system.ok()) << system.status();
    const cli::Connection connection = ConnectTo(**system);
    int64_t position = 0;
    for (const auto& document : loaded.documents) {
      ingestion_pb::ApplyDefinitionRequest request;
      *request.mutable_definition() = document.definition;
      request.set_request_id("apply-" + std::to_string(position));
      const auto applied =
          connection.Call(connection.editions(),
                          &ingestion_pb::EditionService::StubInterface::ApplyDefinition, request);
      ASSERT_TRUE(applied.ok()) << applied.status();
      position = applied->position();
    }
    query_pb::GetFigureRequest request;
    request.set_name(kFigure);
    request.set_at_least_position(position);
    ASSERT_TRUE(
        connection
            .Call(connection.query(), &query_pb::QueryService::StubInterface::GetFigure, request)
            .ok());
  }
  ASSERT_TRUE(Start(folder).ok());
}

// Flips bytes in the first block of the largest table of a store.
void Damage(const std::string& store) {
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(store + "/db")) {
    if (entry.path().extension() != ".sst") continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  ASSERT_FALSE(largest.empty());
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file.write("\xff\x00\xff\x00", 4);
  ASSERT_TRUE(file.good());
}

class DamagedState : public testing::TestWithParam<const char*> {};

TEST_P(DamagedState, DerivedStateThatCannotBeReadIsMadeAnew) {
  const TempFolder folder;
  ASSERT_NO_FATAL_FAILURE(MakeFolder(folder));
  ASSERT_NO_FATAL_FAILURE(Damage(folder / GetParam()));
  auto system = Start(folder);
  ASSERT_TRUE(system.ok()) << system.status();
  const cli::Connection connection = ConnectTo(**system);
  const auto head =
      connection.Call(connection.log(), &ingestion_pb::LogService::StubInterface::GetHead,
                      ingestion_pb::GetHeadRequest());
  ASSERT_TRUE(head.ok()) << head.status();
  query_pb::GetFigureRequest request;
  request.set_name(kFigure);
  request.set_at_least_position(head->head().position());
  const auto figure = connection.Call(connection.query(),
                                      &query_pb::QueryService::StubInterface::GetFigure, request);
  ASSERT_TRUE(figure.ok()) << figure.status();
  EXPECT_EQ(figure->invited(), 428);
}

INSTANTIATE_TEST_SUITE_P(Of, DamagedState, testing::Values("aggregation", "query"),
                         [](const auto& store) { return std::string(store.param); });

TEST(LostMasterKey, IsNotReplacedBesideALog) {
  const TempFolder folder;
  ASSERT_TRUE(Start(folder).ok());
  ASSERT_TRUE(fs::remove(folder / "master.key"));
  const auto system = Start(folder);
  ASSERT_FALSE(system.ok());
  EXPECT_THAT(std::string(system.status().message()),
              testing::HasSubstr("restore it from its backup"));
  EXPECT_FALSE(fs::exists(folder / "master.key"));
}

}  // namespace
}  // namespace imdi
