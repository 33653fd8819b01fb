// imdi-bench: what the system does in relation to the bare means it is built from. Every figure is
// a ratio within one run: each side runs in a process of its own, the sides take turns, and the
// median over the rounds is given.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "services/transport/server_host.h"
#include "tests/bench/benches.h"
#include "tests/bench/roles.h"

namespace imdi::bench {
namespace {

int Main(int argc, char** argv) {
  CLI::App app("Measures the system against the bare means it is built from", "imdi-bench");
  std::string json;
  std::vector<std::string> role;
  std::vector<std::string> only;
  Setting setting;
  app.add_option("--json", json, "also write the figures to this file");
  app.add_option("--root", setting.root, "folder that holds deploy/")->capture_default_str();
  app.add_option("--rounds", setting.rounds, "rounds")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--submits", setting.submits, "Submit calls a round")
      ->check(CLI::Range(100, 100'000))
      ->capture_default_str();
  app.add_option("--reads", setting.reads, "GetFigure calls a round")
      ->check(CLI::Range(100, 1'000'000))
      ->capture_default_str();
  app.add_option("--only", only,
                 "submit, query, live, fold, release, start, overload, reads, deadline, reconnect")
      ->delimiter(',')
      ->check(CLI::IsMember({"submit", "query", "live", "fold", "release", "start", "overload",
                             "reads", "deadline", "reconnect"}));
  app.add_option("--role", role, "run one side (used by the program itself)")->expected(1, 8);
  CLI11_PARSE(app, argc, argv);
  transport::SkipDeadlockDetection();  // As the servers do; callers too.
  if (!role.empty()) return RunRole(role);

  setting.program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string pattern = (std::filesystem::temp_directory_path() / "imdi-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return 1;
  setting.folder = pattern;
  const Survey survey = LoadSurvey(
      setting.root,
      (std::filesystem::path(setting.program).parent_path() / "imdi-demo-answers").string(),
      setting.folder);
  Report report;
  const auto wanted = [&](const char* name) {
    return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
  };
  std::printf("%d rounds; medians\n", setting.rounds);
  if (wanted("submit")) BenchSubmit(setting, survey, report);
  if (wanted("query")) BenchQuery(setting, survey, report);
  if (wanted("live")) BenchLive(setting, survey, report);
  if (wanted("fold")) BenchFold(setting, survey, report);
  if (wanted("release")) BenchRelease(setting, survey, report);
  if (wanted("start")) BenchStart(setting, survey, report);
  if (wanted("overload")) BenchOverload(setting, survey, report);
  if (wanted("reads")) BenchReads(setting, survey, report);
  if (wanted("deadline")) BenchDeadline(setting, survey, report);
  if (wanted("reconnect")) {
    BenchReconnect(setting, survey, report);
    BenchSeparate(setting, survey, report);
  }
  if (!json.empty()) report.WriteJson(json);
  std::error_code ignored;
  std::filesystem::remove_all(setting.folder, ignored);
  std::printf("\n%s\n", report.all_met() ? "Every bound is met." : "Not every bound is met.");
  return report.all_met() ? 0 : 1;
}

}  // namespace
}  // namespace imdi::bench

int main(int argc, char** argv) { return imdi::bench::Main(argc, argv); }
