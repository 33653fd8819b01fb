// The two examples of clients/examples, built from the installed package alone, against the real
// server: what they print, that they follow a new release, and that they answer while the server is
// away.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/e2e/installed_examples.h"
#include "tests/e2e/program.h"
#include "tests/fault/process/server_process.h"
#include "tests/support/kept_address.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {
namespace {

using nlohmann::json;
using process_fault::ServerProcess;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing_support::KeptAddress;
using testing_support::TempFolder;
using Words = std::vector<std::string>;

class Consumers : public testing::Test {
 protected:
  static void SetUpTestSuite() { InstalledExamples::Get(); }

  // The demonstration answers, and a release of 2017.
  void SetUp() override {
    ASSERT_FALSE(HasFailure());
    StartServer();
    answers_ = folder_ / "answers.ndjson";
    const char* root = std::getenv("IMDI_ROOT");
    const std::string surveys = std::string(root == nullptr ? "." : root) + "/deploy/surveys/ku";
    ASSERT_EQ(
        RunProgram(folder_.path(), "imdi-demo-answers", {"--surveys", surveys, "--out", answers_})
            .code,
        0);
    Ctl({"apply", "-f", surveys});
    Ctl({"submit", "--answers", answers_});
    Ctl({"releases", "publish", "KU2017", "--reason", "the answers as submitted"});
  }

  void StartServer() {
    server_ = std::make_unique<ServerProcess>(
        ServerProcess::Options{.data = folder_ / "data",
                               .log_file = folder_ / "server.log",
                               .internal_listen = internal_.text()});
    ASSERT_TRUE(server_->WaitReady(kPatience));
  }

  void Ctl(Words words) const {
    words.insert(words.begin(), {"--server", server_->public_address(), "--internal",
                                 server_->internal_address()});
    const Ran ran = RunProgram(folder_.path(), "imdictl", words);
    ASSERT_EQ(ran.code, 0) << words[4] << ": " << ran.out << ran.err;
  }

  Words Settlement(const std::string& file, Words more = {}) const {
    Words out = {InstalledExamples::Get().Settlement(), "--server", internal_.text(), "--file",
                 folder_ / file};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  Ran SettlementOnce(const std::string& file, Words more = {}) const {
    more.push_back("--once");
    return RunCommand(folder_.path(), Settlement(file, more));
  }
  Ran Nir(const std::string& file, Words more = {}) const {
    Words out = {InstalledExamples::Get().Nir(),    "--server", internal_.text(), "--shares",
                 InstalledExamples::Get().Shares(), "--file",   folder_ / file};
    out.insert(out.end(), more.begin(), more.end());
    return RunCommand(folder_.path(), out);
  }

  // A municipality that wanted the system improved answers anew that it does not, and a release
  // says so.
  void PublishACorrection(const std::string& reason) {
    std::map<std::string, int> lines_of;
    std::vector<json> candidates;
    std::ifstream file(answers_);
    std::string text;
    while (std::getline(file, text)) {
      json line = json::parse(text);
      if (line.value("edition", "") != "KU2017" || !line.contains("unit")) continue;
      ++lines_of[line["unit"].get<std::string>()];
      if (line.contains("answers") && line["answers"].value("SYS03", json()) == 1)
        candidates.push_back(std::move(line));
    }
    for (json& line : candidates) {
      const auto unit = line["unit"].get<std::string>();
      if (lines_of[unit] != 1 || corrected_.contains(unit)) continue;
      corrected_[unit] = true;
      line["expected_revision"] = 1;
      line["request_id"] = "correction-" + unit;
      json& answers = line["answers"];
      answers["SYS03"] = 3;
      for (const char* routed : {"SYS04", "SYS05"}) answers.erase(routed);
      line.erase("other_texts");
      line.erase("comments");
      std::ofstream(folder_ / "correction.ndjson")
          << R"({"format":"imdi-answers/1","note":"a correction"})"
          << "\n"
          << line.dump() << "\n";
      Ctl({"open", "KU2017", "--unit", unit, "--reason", "corrects"});
      Ctl({"submit", "--answers", folder_ / "correction.ndjson"});
      Ctl({"close", "KU2017", "--unit", unit, "--reason", "done"});
      Ctl({"releases", "publish", "KU2017", "--reason", reason});
      return;
    }
    FAIL() << "no municipality to correct";
  }

  const TempFolder folder_;
  const KeptAddress internal_;
  std::string answers_;
  std::map<std::string, bool> corrected_;
  std::unique_ptr<ServerProcess> server_;
};

TEST(InstalledPackage, HasEverythingThatAnExampleIsBuiltAndTestedWith) {
  const InstalledExamples& examples = InstalledExamples::Get();
  ASSERT_FALSE(testing::Test::HasFailure());
  const char* root = std::getenv("IMDI_ROOT");
  for (const char* example : {"settlement", "nir"}) {
    const TempFolder folder;
    const Ran tested =
        RunCommand(folder.path(), {"ctest", "--test-dir", examples.BuildFolder(example),
                                   "--no-tests=error", "--output-on-failure"});
    EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
    const Ran read =
        RunCommand(folder.path(), {"ninja", "-C", examples.BuildFolder(example), "-t", "deps"});
    EXPECT_THAT(read.out, HasSubstr("/prefix/include/imdi/survey/client/held_set.h"));
    if (root != nullptr) {
      EXPECT_THAT(read.out, Not(HasSubstr(std::string(root) + "/")))
          << "a file of the repository was read";
    }
  }
}

TEST_F(Consumers, PrintWhatMunicipalitiesSayOfTheSystemAndOfGuidanceInBothLanguages) {
  const Ran nn = SettlementOnce("nn.set");
  EXPECT_EQ(nn.code, 0) << nn.err;
  EXPECT_THAT(nn.out, HasSubstr("editions/KU2017/releases/1 ("));
  EXPECT_THAT(nn.out, HasSubstr("F12  Fleire ønskjer at sakshandsamingssystemet blir betre.\n"
                                "     kan ikkje avgjerast\n"));
  EXPECT_THAT(nn.out, HasSubstr("52,1 %  151 av 290  for alle "));
  EXPECT_THAT(nn.out, HasSubstr("F13  Kommunane ønskjer betre kontakt med og rettleiing frå IMDi"));
  EXPECT_THAT(nn.out, HasSubstr("80,3 %  245 av 305"));
  EXPECT_THAT(nn.out, HasSubstr("72,0 %  216 av 300"));
  const Ran nb = SettlementOnce("nb.set", {"--language", "nb"});
  EXPECT_THAT(nb.out, HasSubstr("F12  Flere ønsker at saksbehandlingssystemet blir bedre.\n"));
}

TEST_F(Consumers, SetTargetsAndResultsAskedForBesideTheRegistersSharesByGroupCode) {
  const Ran region = Nir("region.set");
  EXPECT_EQ(region.code, 0) << region.err;
  EXPECT_THAT(region.out, ContainsRegex("Alle +62,0 +[0-9,]+ +[0-9,]+ +78,0\n"));
  EXPECT_THAT(region.out, ContainsRegex("Midt +[0-9,]+ +[0-9,]+ +[0-9,]+ +[0-9,]+ +51,0 +n\n"))
      << "no number is no number";
  EXPECT_THAT(region.out, ContainsRegex("ukjend +[0-9,]+ +[0-9,]+ +[0-9,]+ +[0-9,]+ +n +n\n"))
      << "districts are in no region";
  EXPECT_THAT(region.out, HasSubstr("n  registeret har ikkje noko tal\n"));
  const Ran size = Nir("size.set", {"--by", "size_group", "--language", "nb"});
  EXPECT_THAT(size.out,
              ContainsRegex("Under 2 000 innbyggere +63,3 +67,6 +10,8 +[0-9,]+ +50,0 +64,0\n"));
  EXPECT_THAT(size.out, Not(HasSubstr("finnes ikke i utgivelsen"))) << size.out;
  const Ran misspelt = Nir("region.set", {"--by", "region"});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("--by is imdi_region, size_group or centrality"));
  // In 2015 nobody was asked for results: a sign, and no number.
  Ctl({"releases", "publish", "KU2015", "--reason", "the answers as submitted"});
  const Ran earlier = Nir("2015.set", {"--edition", "KU2015"});
  EXPECT_THAT(earlier.out, ContainsRegex("Alle +60,0 +x +x +[.]\n")) << earlier.err;
  EXPECT_THAT(earlier.out, HasSubstr(".  ikkje spurt\n"));
}

TEST_F(Consumers, FollowANewReleaseAndAnswerFromTheirFileWhileTheServerIsAway) {
  RunningProgram follower(Settlement("followed.set"));
  ASSERT_TRUE(follower.WaitFor("72,0 %  216 av 300", kPatience)) << follower.out();

  ASSERT_NO_FATAL_FAILURE(PublishACorrection("one municipality corrected"));
  ASSERT_TRUE(follower.WaitFor(
      "Ny utgjeving: editions/KU2017/releases/2: one municipality corrected", kPatience));
  ASSERT_TRUE(follower.WaitFor("→ 51,7 %  150 av 290", kPatience)) << follower.out();
  EXPECT_THAT(follower.out().substr(follower.out().find("Ny utgjeving")),
              HasSubstr("52,1 %  151 av 290"))
      << "what it was before";

  const Ran with_server = SettlementOnce("once.set");
  EXPECT_THAT(with_server.out, HasSubstr("sist stadfesta for"));
  server_->Kill();
  const Ran without = SettlementOnce("once.set");
  EXPECT_EQ(without.code, 0) << without.err;
  EXPECT_THAT(without.out,
              ContainsRegex("releases/2 .*stadfesta for [0-9]+ s sidan · UNAVAILABLE\n"));
  EXPECT_EQ(WithoutAge(without.out), WithoutAge(with_server.out));
  EXPECT_EQ(SettlementOnce("never.set").code, 1) << "nothing held, nothing shown";
  EXPECT_EQ(Nir("never.set").code, 1);

  // Back on the same address: the one that follows goes on by itself.
  ASSERT_NO_FATAL_FAILURE(StartServer());
  ASSERT_NO_FATAL_FAILURE(PublishACorrection("another one corrected"));
  ASSERT_TRUE(follower.WaitFor("Ny utgjeving: editions/KU2017/releases/3: another one corrected",
                               kPatience))
      << follower.out();
  ASSERT_TRUE(follower.WaitFor("→ 51,4 %  149 av 290", kPatience)) << follower.out();
  EXPECT_EQ(follower.Terminate(), 0);
}

}  // namespace
}  // namespace imdi::e2e
