// imdictl status of a system in one process and of one in three, whole and in parts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/imdictl_fixture.h"
#include "tests/fault/process/three_servers.h"

namespace imdi::e2e {
namespace {

using base::StrCat;
using nlohmann::json;
using process_fault::kParts;
using process_fault::Part;
using testing::ContainsRegex;
using testing::HasSubstr;

TEST_F(Imdictl, ShowsASystemInOneProcessAtAGlance) {
  ApplyAndOpen();
  ASSERT_EQ(Ctl({"submit", "--answers", File("a.ndjson", Answers(Line("1201", 0, "one")))}).code,
            cli::kExitOk);
  ASSERT_EQ(Ctl({"releases", "publish", "TP2019"}).code, cli::kExitOk);
  ASSERT_EQ(Ctl({"releases", "follow", "--count", "1"}).code, cli::kExitOk);
  ASSERT_EQ(Ctl({"releases", "build", "TP2019"}).code, cli::kExitOk);
  const Ran ran = Ctl({"status"});
  EXPECT_EQ(ran.code, cli::kExitOk) << ran.out << ran.err;
  for (const char* service : {"ingestion", "aggregation", "query"})
    EXPECT_THAT(ran.out, ContainsRegex(StrCat(service, " +serving +[0-9]+")));
  EXPECT_THAT(ran.out, ContainsRegex("query +serving +[0-9]+ +0 records +0 s"));
  EXPECT_THAT(ran.out, HasSubstr(", epoch 1, position "));
  EXPECT_THAT(ran.out, ContainsRegex("editions/TP2019 +open +6 +0 +1 +1, 20"));

  const json system = json::parse(Ctl({"-o", "json", "status"}).out);
  EXPECT_EQ(system["healthy"], true);
  ASSERT_EQ(system["processes"].size(), 1U) << "one process is asked once";
  const json& status = system["processes"][0]["status"];
  EXPECT_NE(status["version"], "");
  EXPECT_EQ(status.at("ingestion").at("head").at("position"),
            status.at("query").at("served").at("position"));
  const json editions = status.at("query").at("editions");
  const auto published = std::ranges::find_if(
      editions, [](const json& edition) { return edition.at("name") == "editions/TP2019"; });
  ASSERT_NE(published, editions.end());
  EXPECT_EQ(published->value("latest_release", 0), 1);
  EXPECT_FALSE(status.at("aggregation").value("candidates", json()).empty());
  EXPECT_THAT(status["tasks"].dump(), HasSubstr("build_release"));

  const Ran csv = Ctl({"-o", "csv", "status"});
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 4);
  EXPECT_THAT(csv.out, testing::StartsWith("service,address,state,"));
}

TEST(Status, ShowsWhichOfThreeProcessesIsAwayAndEndsWithNineUntilAllServe) {
  const testing_support::TempFolder folder;
  process_fault::ThreeServers servers(folder.path());
  const auto ctl = [&](const Words& command) {
    Words words = {"--timeout",     "5",
                   "--server",      servers.public_address(),
                   "--ingestion",   servers.internal_address(Part::kIngestion),
                   "--aggregation", servers.internal_address(Part::kAggregation),
                   "--query",       servers.internal_address(Part::kQuery)};
    words.insert(words.end(), command.begin(), command.end());
    return RunProgram(folder.path(), "imdictl", words);
  };
  const auto status = [&] { return ctl({"status"}); };
  // Asked again until the exit code is that one: followers hear of one another after a moment.
  const auto wait_for = [&](int code) {
    const absl::Time end = absl::Now() + kPatience;
    Ran ran = status();
    while (ran.code != code && absl::Now() < end) ran = status();
    EXPECT_EQ(ran.code, code) << ran.out << ran.err;
    return ran;
  };
  const Ran nobody = status();
  EXPECT_EQ(nobody.code, cli::kExitUnhealthy);
  for (const char* service : {"ingestion", "aggregation", "query"})
    EXPECT_THAT(nobody.out, HasSubstr(StrCat("! ", service, " at ")));

  for (const Part part : kParts) servers.Begin(part);
  ASSERT_TRUE(servers.WaitReady(kPatience));
  // Without a record there is nothing to serve.
  ASSERT_EQ(ctl({"apply", "-f", Documents()}).code, cli::kExitOk);
  wait_for(cli::kExitOk);

  servers.Kill(Part::kIngestion);
  const absl::Time end = absl::Now() + kPatience;
  Ran without = status();
  while (without.out.find("! aggregation") == std::string::npos && absl::Now() < end)
    without = status();
  EXPECT_EQ(without.code, cli::kExitUnhealthy);
  EXPECT_THAT(without.out, ContainsRegex("ingestion +away"));
  EXPECT_THAT(without.out, ContainsRegex("aggregation +stale +[0-9]+"));
  EXPECT_THAT(without.out, HasSubstr("ingestion is not heard of, since 20"));
  const json system = json::parse(ctl({"-o", "json", "status"}).out);
  EXPECT_EQ(system["processes"].size(), 3U);
  EXPECT_THAT(std::string(system["processes"][0]["error"]), HasSubstr("UNAVAILABLE"));
  EXPECT_TRUE(system["processes"][2]["status"].contains("query"));

  servers.Begin(Part::kIngestion);
  ASSERT_TRUE(servers.WaitReady(kPatience));
  wait_for(cli::kExitOk);
  servers.Kill(Part::kQuery);
  servers.Kill(Part::kAggregation);
  const Ran alone = status();
  EXPECT_EQ(alone.code, cli::kExitUnhealthy);
  EXPECT_THAT(alone.out, ContainsRegex("ingestion +serving"));
  EXPECT_THAT(alone.out, ContainsRegex("aggregation +away"));
  EXPECT_THAT(alone.out, ContainsRegex("query +away"));
}

}  // namespace
}  // namespace imdi::e2e
