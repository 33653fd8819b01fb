// Every alert has its entry in the runbook, every entry its alert, and each its test.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  const char* root = std::getenv("IMDI_ROOT");
  std::ifstream file((root == nullptr ? fs::current_path() : fs::path(root)) / path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// What the first bracket of `pattern` finds, wherever in the text.
std::set<std::string> AllOf(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it)
    found.insert((*it)[1]);
  return found;
}

std::set<std::string> Alerts() {
  return AllOf(ReadFile("deploy/observability/alerts.yaml"), "- alert: (\\w+)");
}

TEST(Alerts, EachHasItsEntryInTheRunbookAndEachEntryItsAlert) {
  EXPECT_GT(Alerts().size(), 15u);
  EXPECT_EQ(AllOf(ReadFile("docs/runbook.md"), "\n### (Imdi\\w+)\n"), Alerts());
}

TEST(Alerts, EachSaysWhereItsEntryStands) {
  const std::string rules = ReadFile("deploy/observability/alerts.yaml");
  std::set<std::string> anchors;
  for (std::string alert : Alerts()) {
    for (char& letter : alert) letter = static_cast<char>(std::tolower(letter));
    anchors.insert(alert);
  }
  EXPECT_EQ(AllOf(rules, "runbook: docs/runbook\\.md#(\\w+)"), anchors);
}

TEST(Alerts, EachIsTestedBothFiringAndQuiet) {
  const std::string tests = ReadFile("deploy/observability/alerts_test.yaml");
  EXPECT_EQ(AllOf(tests, "- alertname: (\\w+)\n"), Alerts()) << "firing";
  EXPECT_EQ(AllOf(tests, "alertname: (\\w+), eval_time: \\w+, exp_alerts: \\[\\]"), Alerts())
      << "quiet";
}

TEST(Alerts, EntriesSayWhatItMeansHowToSeeItAndWhatToDo) {
  const std::string runbook = ReadFile("docs/runbook.md");
  for (const std::string& alert : Alerts()) {
    const size_t begin = runbook.find("\n### " + alert + "\n");
    ASSERT_NE(begin, std::string::npos) << alert;
    const std::string entry = runbook.substr(begin, runbook.find("\n#", begin + 1) - begin);
    for (const char* part : {"**Means.**", "**See.**", "**Do.**", "**Tried.**"})
      EXPECT_NE(entry.find(part), std::string::npos) << alert << " lacks " << part;
  }
}

}  // namespace
