#include "services/process/server_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace imdi::process {
namespace {

using survey::config::v1::ServerConfig;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Hosts kAggregation = {.aggregation = true};

std::vector<std::string> FieldsOf(const std::vector<ConfigProblem>& problems) {
  std::vector<std::string> out;
  for (const ConfigProblem& problem : problems) out.push_back(problem.field);
  return out;
}

ServerConfig Aggregation() {
  ServerConfig config = EmbeddedConfig("data", kAggregation);
  config.mutable_aggregation()->set_ingestion_address("127.0.0.1:50052");
  return config;
}

TEST(CheckConfig, TakesWhatAProgramDoesWithoutAFile) {
  EXPECT_THAT(FieldsOf(CheckConfig(EmbeddedConfig("data", kEverything), kEverything)), IsEmpty());
  EXPECT_THAT(
      FieldsOf(CheckConfig(EmbeddedConfig("data", {.ingestion = true}), {.ingestion = true})),
      IsEmpty());
  EXPECT_THAT(FieldsOf(CheckConfig(Aggregation(), kAggregation)), IsEmpty());
}

TEST(CheckConfig, AFollowerNeedsAnAddressThatCanBeDialled) {
  ServerConfig config = Aggregation();
  for (const char* address :
       {"", "127.0.0.1:0", "127.0.0.1", "10.0.0.1:50052", "localhost:50052"}) {
    config.mutable_aggregation()->set_ingestion_address(address);
    EXPECT_THAT(FieldsOf(CheckConfig(config, kAggregation)),
                ElementsAre("aggregation.ingestion_address"))
        << address;
  }
  config.mutable_aggregation()->set_ingestion_address("[::1]:50052");
  EXPECT_THAT(FieldsOf(CheckConfig(config, kAggregation)), IsEmpty());
}

TEST(CheckConfig, RefusesAnAddressOfAServiceThatTheProcessHostsItself) {
  ServerConfig config = EmbeddedConfig("data", kEverything);
  config.mutable_aggregation()->set_ingestion_address("127.0.0.1:50052");
  config.mutable_query()->set_aggregation_address("127.0.0.1:50054");
  EXPECT_THAT(FieldsOf(CheckConfig(config, kEverything)),
              ElementsAre("aggregation.ingestion_address", "query.aggregation_address"));
}

TEST(CheckConfig, RefusesAPublicListenerWhereNothingIsPublicAndSectionsOfOthers) {
  ServerConfig config = Aggregation();
  config.set_listen("127.0.0.1:0");
  config.mutable_ingestion();
  config.mutable_query();
  EXPECT_THAT(FieldsOf(CheckConfig(config, kAggregation)),
              ElementsAre("listen", "ingestion", "query"));
}

TEST(CheckConfig, FindsEveryProblemAtOnce) {
  ServerConfig config = EmbeddedConfig("data", kEverything);
  config.set_insecure_loopback(false);
  config.set_internal_listen("0.0.0.0:1");
  config.set_actor(std::string(65, 'a'));
  config.set_executor_threads(65);
  config.set_executor_queue(-1);
  config.mutable_ingestion()->clear_master_key_file();
  config.mutable_ingestion()->set_key_backup_dir("data/backups/keys");
  config.mutable_ingestion()->set_free_space_min_mib(-1);
  config.mutable_aggregation()->set_memory_mib(15);
  config.mutable_query()->set_data_dir("data/aggregation");
  EXPECT_THAT(FieldsOf(CheckConfig(config, kEverything)),
              ElementsAre("insecure_loopback", "internal_listen", "actor", "executor_threads",
                          "executor_queue", "ingestion.master_key_file", "ingestion.key_backup_dir",
                          "ingestion.free_space_min_mib", "aggregation.memory_mib",
                          "aggregation.data_dir", "query.data_dir"));
}

TEST(ReadConfigFile, NamesThePlaceOfWhatCannotBeReadAndOfWhatIsRefused) {
  const testing_support::TempFolder folder;
  const std::string file = folder / "server.yaml";
  std::ofstream(file) << "actor: team\nlisten_on: here\n";
  EXPECT_THAT(ReadConfigFile(file).problems, ElementsAre(HasSubstr(file + ":2:1: UNKNOWN_FIELD")));
  std::ofstream(file, std::ios::trunc) << "actor: team\n---\nactor: other\n";
  EXPECT_THAT(ReadConfigFile(file).problems, ElementsAre(HasSubstr("exactly one")));
  EXPECT_THAT(ReadConfigFile(folder / "none.yaml").problems, ElementsAre(HasSubstr("CANNOT_READ")));

  std::ofstream(file, std::ios::trunc) << "actor: team\ninternal_listen: \"0.0.0.0:1\"\n";
  const ConfigFile read = ReadConfigFile(file);
  ASSERT_THAT(read.problems, IsEmpty());
  const std::string text = ToText({"internal_listen", "wrong"}, read.places);
  EXPECT_THAT(text, HasSubstr(file + ":2:"));
  EXPECT_THAT(text, HasSubstr("internal_listen: wrong"));
}

}  // namespace
}  // namespace imdi::process
