// imdictl as a process, against the real server: exit codes, places of errors, tables and JSON.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/exit_codes.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"
#include "tests/e2e/imdictl_fixture.h"
#include "tests/e2e/program.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {
namespace {

namespace fs = std::filesystem;
using base::StrCat;
using cli::kExitConflict;
using cli::kExitCorrupt;
using cli::kExitDifferent;
using cli::kExitInvalid;
using cli::kExitNotFound;
using cli::kExitOk;
using cli::kExitUnavailable;
using cli::kExitUsage;
using nlohmann::json;
using testing::HasSubstr;
using testing_support::TempFolder;

// An edition and a questionnaire whose route, on line 17, asks about a question that comes later.
constexpr const char* kForwardReference = R"(edition:
  name: editions/EE2020
  survey: EE
  title: {nn: "Prøve", nb: "Prøve"}
  reference_year: 2020
  addressed_to: {nn: "kommunane", nb: "kommunene"}
  design: census
  languages: [nn, nb]
  mode: web
  parts:
    - {id: main, role: {nn: "leiar", nb: "leder"}, sections: [A]}
---
questionnaire:
  name: editions/EE2020/questionnaires/1
  sections: [{id: A, title: {nn: "A", nb: "A"}}]
  questions:
    - {id: Q1, section: A, type: single, route: "Q2 == 1", text: {nn: "Q1", nb: "Q1"}, options: [{code: 1, text: {nn: "Ja", nb: "Ja"}}]}
    - {id: Q2, section: A, type: single, text: {nn: "Q2", nb: "Q2"}, options: [{code: 1, text: {nn: "Ja", nb: "Ja"}}]}
  outcome: {complete_percent: 80, partial_percent: 50}
)";

std::string EditionOnly() {
  const std::string both = kForwardReference;
  return both.substr(0, both.find("---"));
}

TEST_F(Imdictl, SaysWhatIsWrongWithACommandLineAndEndsWithTwo) {
  EXPECT_EQ(Ctl({"--help"}).code, kExitOk);
  for (const Words& words :
       {Words{}, Words{"no-such-command"}, Words{"apply"}, Words{"head", "--no-such-option"},
        Words{"-o", "xml", "head"}, Words{"set-disposition", "TP2019", "1201", "complete"},
        Words{"submit", "--answers", "a", "--in-flight", "0"}}) {
    const Ran ran = Ctl(words);
    EXPECT_EQ(ran.code, kExitUsage) << testing::PrintToString(words) << ran.err;
    EXPECT_NE(ran.err, "") << testing::PrintToString(words);
    EXPECT_EQ(ran.out, "") << testing::PrintToString(words);
  }
}

TEST_F(Imdictl, ShowsItsExitCodesInItsHelp) {
  const std::string help = Ctl({"--help"}).out;
  for (const cli::ExitCode& code : cli::kExitCodes)
    EXPECT_THAT(help, HasSubstr(StrCat(code.code, " ", code.means)));
}

TEST_F(Imdictl, NamesFileLineColumnRuleAndRemedyOfWhatValidateFinds) {
  const std::string file = File("forward.yaml", kForwardReference);
  const Ran ran = Ctl({"validate", "-f", file});
  EXPECT_EQ(ran.code, kExitInvalid);
  EXPECT_EQ(ran.out, "");
  // Column 50 is that of Q2 inside the route.
  EXPECT_THAT(ran.err, HasSubstr(StrCat(file, ":17:50: FORWARD_REFERENCE: ")));
  EXPECT_EQ(ran.err.substr(ran.err.size() - 2), ")\n") << "the remedy ends the line: " << ran.err;

  const Ran in_json = Ctl({"-o", "json", "validate", "-f", file});
  EXPECT_EQ(in_json.code, kExitInvalid);
  EXPECT_EQ(in_json.err, "");
  const json report = json::parse(in_json.out);
  EXPECT_EQ(report["problem_count"], 1);
  const json& problem = report["problems"].at(0);
  EXPECT_EQ(problem["file"], file);
  EXPECT_EQ(problem["line"], 17);
  EXPECT_EQ(problem["column"], 50);
  EXPECT_EQ(problem["path"], "questionnaire.questions[0].route");
  EXPECT_EQ(problem["rule"], "FORWARD_REFERENCE");
  EXPECT_NE(problem["message"], "");
  EXPECT_NE(problem["remedy"], "");
}

TEST_F(Imdictl, FindsEveryProblemOfSeveralFilesAtOnceAndOfAPathThatIsNotThere) {
  fs::create_directory(folder_ / "documents");
  File("documents/a.yaml", "edition:\n  nam: editions/AA2020\n  reference_year: many\n");
  File("documents/b.yaml", "edition: {}\n---\nnothing: 1\n");
  const Ran ran = Ctl({"validate", "-f", folder_ / "documents", "-f", folder_ / "no-such-folder"});
  EXPECT_EQ(ran.code, kExitInvalid);
  EXPECT_THAT(ran.err, HasSubstr(StrCat(folder_ / "documents/a.yaml", ":2:3: UNKNOWN_FIELD: ")));
  EXPECT_THAT(ran.err, HasSubstr(StrCat(folder_ / "documents/a.yaml", ":3:19: NOT_A_NUMBER: ")));
  EXPECT_THAT(ran.err, HasSubstr(StrCat(folder_ / "documents/b.yaml", ":3:1: UNKNOWN_FIELD: ")));
  EXPECT_THAT(ran.err, HasSubstr(StrCat(folder_ / "no-such-folder", ": CANNOT_READ: ")));
  EXPECT_EQ(Ctl({"validate", "-f", Documents()}).code, kExitOk);
}

TEST_F(Imdictl, ApplyNamesThePlaceOfWhatTheServerRefusesAndAppliesTheRest) {
  const std::string file = File("forward.yaml", kForwardReference);
  const Ran ran = Ctl({"apply", "-f", file});
  EXPECT_EQ(ran.code, kExitInvalid);
  EXPECT_THAT(ran.err, HasSubstr(StrCat(file, ":17:50: FORWARD_REFERENCE: ")));
  EXPECT_THAT(ran.out, HasSubstr("applied      editions/EE2020@1\n"));
  EXPECT_THAT(ran.out, HasSubstr("1 applied, 0 unchanged, 1 refused\n"));

  const Ran in_json = Ctl({"-o", "json", "apply", "-f", file});
  EXPECT_EQ(in_json.code, kExitInvalid);
  const json report = json::parse(in_json.out);
  ASSERT_EQ(report["documents"].size(), 2U);
  EXPECT_EQ(report["documents"][0]["outcome"], "unchanged");
  EXPECT_EQ(report["documents"][0]["revision"], 1);
  EXPECT_EQ(report["documents"][1]["outcome"], "refused");
  EXPECT_EQ(report["documents"][1]["line"], 13);
  EXPECT_EQ(report["problems"].at(0)["rule"], "FORWARD_REFERENCE");
  EXPECT_EQ(report["problems"].at(0)["line"], 17);
}

TEST_F(Imdictl, DryRunSaysWhatApplyWouldDoAndAppendsNothing) {
  const std::string edition = File("edition.yaml", EditionOnly());
  const Ran dry = Ctl({"apply", "-f", edition, "--dry-run"});
  EXPECT_EQ(dry.code, kExitOk) << dry.err;
  EXPECT_EQ(dry.out,
            "would apply  editions/EE2020@1\n1 would be applied, 0 unchanged, 0 refused\n");
  EXPECT_EQ(Ctl({"head"}).out, "0\n");
  EXPECT_EQ(Ctl({"apply", "-f", edition}).out,
            "applied      editions/EE2020@1\n1 applied, 0 unchanged, 0 refused\n");
  EXPECT_EQ(Ctl({"head"}).out, "1\n");
  EXPECT_EQ(Ctl({"apply", "-f", edition, "--dry-run"}).out,
            "unchanged    editions/EE2020@1\n0 would be applied, 1 unchanged, 0 refused\n");
}

TEST_F(Imdictl, DiffEndsWithSevenWhereThereAreDifferencesAndWithNoneWhereThereAreNone) {
  const Ran before = Ctl({"diff", "-f", Documents()});
  EXPECT_EQ(before.code, kExitDifferent);
  EXPECT_THAT(before.out, HasSubstr("new       editions/TP2019\n"));
  Apply();
  const Ran same = Ctl({"diff", "-f", Documents()});
  EXPECT_EQ(same.code, kExitOk);
  EXPECT_THAT(same.out, HasSubstr("no difference\n"));

  std::ifstream original(StrCat(Documents(), "/edition.yaml"));
  std::string text{std::istreambuf_iterator<char>(original), std::istreambuf_iterator<char>()};
  const size_t at = text.find("Trial survey 2019");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 5, "Other");
  const std::string changed = File("changed.yaml", text);
  const Ran different = Ctl({"-o", "json", "diff", "-f", changed});
  EXPECT_EQ(different.code, kExitDifferent);
  const json report = json::parse(different.out);
  ASSERT_EQ(report["documents"].size(), 2U);
  EXPECT_EQ(report["documents"][0]["outcome"], "same");
  EXPECT_EQ(report["documents"][1]["outcome"], "different");
  EXPECT_THAT(report["documents"][1]["differences"].dump(), HasSubstr("Other survey 2019"));
}

TEST_F(Imdictl, EndsWithThreeForArgumentsThatTheServerCannotRead) {
  const Ran ran = Ctl({"get", "editions/TP2019/submissions/no-part"});
  EXPECT_EQ(ran.code, kExitInvalid);
  EXPECT_THAT(ran.err, HasSubstr("imdictl: "));
  EXPECT_EQ(Ctl({"backup", "not/a/name"}).code, kExitInvalid);
}

TEST_F(Imdictl, EndsWithFourForWhatIsNotThereAndNamesTheReason) {
  Apply();
  for (const Words& words : {Words{"get-definition", "editions/NOPE"},
                             Words{"get", "editions/TP2019/submissions/1201.leader"},
                             Words{"history", "TP2019", "1201", "--part", "leader"},
                             Words{"collection", "NOPE"}, Words{"open", "NOPE"}}) {
    const Ran ran = Ctl(words);
    EXPECT_EQ(ran.code, kExitNotFound) << testing::PrintToString(words) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("UNKNOWN_RESOURCE: ")) << testing::PrintToString(words);
    EXPECT_EQ(ran.out, "") << testing::PrintToString(words);
  }
}

TEST_F(Imdictl, EndsWithFiveWhereTheStateDoesNotAllowIt) {
  const std::string edition = File("edition.yaml", EditionOnly());
  ASSERT_EQ(Ctl({"apply", "-f", edition}).code, kExitOk);
  EXPECT_EQ(Ctl({"open", "EE2020"}).code, kExitConflict) << "it has no questionnaire";
  ApplyAndOpen();
  const std::string answers = File("a.ndjson", Answers(Line("1201", 0, "first")));
  ASSERT_EQ(Ctl({"submit", "--answers", answers}).code, kExitOk);
  const Ran stale = Ctl({"withdraw", "editions/TP2019/submissions/1201.leader",
                         "--expected-revision", "7", "--reason", "mistake"});
  EXPECT_EQ(stale.code, kExitConflict);
  EXPECT_THAT(stale.err, HasSubstr("STALE_REVISION: "));
  EXPECT_THAT(stale.err, HasSubstr("current_revision: 1\n"));
  ASSERT_EQ(Ctl({"close", "TP2019"}).code, kExitOk);
  const Ran closed = Ctl({"withdraw", "editions/TP2019/submissions/1201.leader",
                          "--expected-revision", "1", "--reason", "mistake"});
  EXPECT_EQ(closed.code, kExitConflict);
  EXPECT_THAT(closed.err, HasSubstr("EDITION_CLOSED: "));
}

TEST_F(Imdictl, EndsWithSixWhenTheServerCannotBeReached) {
  const DeadAddress nobody;
  for (const Words& words : {Words{"head"}, Words{"collection", "TP2019"}, Words{"backup", "first"},
                             Words{"diff", "-f", Documents()}, Words{"apply", "-f", Documents()}}) {
    Words all = {"--server", nobody.text(), "--internal", nobody.text(), "--timeout", "1"};
    all.insert(all.end(), words.begin(), words.end());
    const Ran ran = RunProgram(folder_.path(), "imdictl", all);
    EXPECT_EQ(ran.code, kExitUnavailable) << testing::PrintToString(words) << ran.err;
    EXPECT_NE(ran.err, "");
  }
}

TEST_F(Imdictl, EndsWithEightWhenTheLogDoesNotVerify) {
  ApplyAndOpen();
  // Records of a kilobyte each, so that the damaged one shares no block of the file with what a
  // start reads.
  constexpr int kRecords = 80;
  const auto reason = [](int i) { return StrCat("record ", i, " ", std::string(1'000, 'x')); };
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_EQ(Ctl({"set-disposition", "TP2019", "1902", i % 2 == 0 ? "refusal" : "out_of_scope",
                   "--reason", reason(i)})
                  .code,
              kExitOk);
  }
  EXPECT_EQ(Ctl({"verify"}).code, kExitOk);
  // A start moves what it found in the write-ahead log into tables.
  StopServer();
  StartServer();
  StopServer();
  const std::string mark = StrCat("record ", kRecords / 2, " xxx");
  int damaged = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "data/ingestion/log/db")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const size_t at = bytes.find(mark);
    if (at == std::string::npos) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at));
    file << "R";
    ++damaged;
  }
  ASSERT_EQ(damaged, 1);
  StartServer();
  const Ran ran = Ctl({"verify"});
  EXPECT_EQ(ran.code, kExitCorrupt) << ran.out << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("STORE_CORRUPT: "));
}

TEST_F(Imdictl, SubmitsAFileOnceTellsRefusalsByLineAndPrintsJson) {
  ApplyAndOpen();
  const std::string file =
      File("a.ndjson",
           Answers(Line("1201", 0, "one") + Line("1103", 0, "two", 0) + Line("1902", 3, "three")));
  const Ran first = Ctl({"submit", "--answers", file});
  EXPECT_EQ(first.code, kExitInvalid);
  EXPECT_THAT(first.out, HasSubstr("3 actions: 1 appended, 0 already there, 2 refused\n"));
  EXPECT_THAT(first.out, HasSubstr(StrCat(file, ":3: TP2019 1103")));
  EXPECT_THAT(first.out, HasSubstr("CHKH1: "));
  EXPECT_THAT(first.out, HasSubstr(StrCat(file, ":4: TP2019 1902 STALE_REVISION: ")));

  const Ran again = Ctl({"-o", "json", "submit", "--answers", file});
  EXPECT_EQ(again.code, kExitInvalid);
  const json report = json::parse(again.out);
  EXPECT_EQ(report["actions"], 3);
  EXPECT_EQ(report["appended"], 0);
  EXPECT_EQ(report["already_there"], 1);
  ASSERT_EQ(report["refusals"].size(), 2U);
  EXPECT_EQ(report["refusals"][0]["line"], 3);
  EXPECT_EQ(report["refusals"][0]["findings"].at(0)["rule"], "CHKH1");
  EXPECT_NE(report["refusals"][0]["findings"].at(0)["text"]["nn"], "");
  EXPECT_THAT(report["refusals"][1]["error"], HasSubstr("STALE_REVISION: "));

  const std::string broken = File("b.ndjson", Answers("{\"edition\":\n"));
  const Ran unreadable = Ctl({"submit", "--answers", broken});
  EXPECT_EQ(unreadable.code, kExitInvalid);
  EXPECT_THAT(unreadable.err, HasSubstr(StrCat(broken, ":2")));
}

TEST_F(Imdictl, PrintsJsonWhereItIsAskedForAndNothingElse) {
  ApplyAndOpen();
  const std::string submission = "editions/TP2019/submissions/1201.leader";
  ASSERT_EQ(Ctl({"submit", "--answers", File("a.ndjson", Answers(Line("1201", 0, "one")))}).code,
            kExitOk);
  ASSERT_EQ(
      Ctl({"submit", "--answers", File("b.ndjson", Answers(Line("1201", 1, "two", 41)))}).code,
      kExitOk);
  const auto as_json = [this](Words words) {
    words.insert(words.begin(), {"-o", "json"});
    const Ran ran = Ctl(words);
    EXPECT_EQ(ran.code, kExitOk) << testing::PrintToString(words) << ran.err;
    const json parsed = json::parse(ran.out, nullptr, false);
    EXPECT_TRUE(parsed.is_object()) << testing::PrintToString(words) << ran.out;
    return parsed;
  };
  EXPECT_EQ(as_json({"get", submission})["submission"]["revision"], "2");
  EXPECT_EQ(as_json({"history", "TP2019", "1201", "--part", "leader"})["submissions"].size(), 2U);
  EXPECT_EQ(as_json({"diff-submissions", "TP2019", "1201", "--part", "leader", "--from", "1",
                     "--to", "2"})["changes"][0]["item"],
            "L03");
  EXPECT_EQ(as_json({"receipt", StrCat(submission, "@2")})["receipt"]["revision"], "2");
  EXPECT_EQ(as_json({"collection", "TP2019"})["total"]["invited"], 6);
  EXPECT_EQ(as_json({"get-definition", "editions/TP2019"})["revision"], "1");
  EXPECT_EQ(as_json({"head"})["head"]["epoch"], "1");
  const json head = as_json({"head"});
  EXPECT_EQ(as_json({"verify"})["verified"], head["head"]["position"]);
  EXPECT_EQ(as_json({"verify"})["head"], head["head"]);
  EXPECT_NE(as_json({"set-disposition", "TP2019", "1902", "refusal"})["position"], "0");
  EXPECT_EQ(as_json({"withdraw", submission, "--expected-revision", "2", "--reason",
                     "r"})["receipt"]["revision"],
            "3");
  EXPECT_EQ(as_json({"erase-text", StrCat(submission, "@1"), "--reason", "r"}), json::object())
      << "there was no text, so no position";
  EXPECT_EQ(as_json({"close", "TP2019"})["state"], "EDITION_STATE_CLOSED");
}

TEST_F(Imdictl, BacksUpAServingServerAndRestoresItElsewhereAsANewEpoch) {
  ApplyAndOpen();
  ASSERT_EQ(Ctl({"submit", "--answers", File("a.ndjson", Answers(Text("1201", "one")))}).code,
            kExitOk);
  const std::string head = Ctl({"head"}).out;
  const Ran made = Ctl({"backup", "first"});
  EXPECT_EQ(made.code, kExitOk) << made.err;
  EXPECT_THAT(made.out, HasSubstr(StrCat("up to position ", head.substr(0, head.size() - 1), ";")));
  EXPECT_EQ(Ctl({"backup", "first"}).code, kExitConflict);
  EXPECT_EQ(json::parse(Ctl({"-o", "json", "backup", "second"}).out)["key_path"], "second");
  const json whole = json::parse(Ctl({"-o", "json", "verify"}).out);
  ASSERT_EQ(Ctl({"submit", "--answers", File("b.ndjson", Answers(Text("1103", "two")))}).code,
            kExitOk);

  const std::string backup = folder_ / "data/backups/first";
  const std::string keys = folder_ / "data/key-backups/first";
  const std::string target = folder_ / "restored";
  EXPECT_EQ(Ctl({"restore", backup, "--data", target}).code, kExitUsage) << "keys, or without";
  EXPECT_EQ(Ctl({"restore", backup, "--keys", keys, "--without-keys", "--data", target}).code,
            kExitUsage);
  const Ran restored = Ctl({"restore", backup, "--keys", keys, "--data", target});
  EXPECT_EQ(restored.code, kExitOk) << restored.err;
  EXPECT_THAT(restored.out, HasSubstr("epoch 2"));
  EXPECT_THAT(restored.out, HasSubstr("1 of 1 texts have their key"));
  EXPECT_EQ(Ctl({"restore", backup, "--keys", keys, "--data", target}).code, cli::kExitFailed)
      << "there is a log already";
  EXPECT_EQ(
      Ctl({"restore", folder_ / "data/backups", "--without-keys", "--data", folder_ / "none"}).code,
      kExitCorrupt)
      << "no backup at all";

  StopServer();
  fs::copy_file(folder_ / "data/master.key", target + "/master.key");
  StartServer("restored");
  json again = json::parse(Ctl({"-o", "json", "verify"}).out);
  EXPECT_EQ(again["head"]["epoch"], "2");
  again["head"]["epoch"] = "1";
  EXPECT_EQ(again, whole) << "the same log";
  const auto text_of_1201 = [this] {
    return Ctl({"get", "editions/TP2019/submissions/1201.leader"});
  };
  EXPECT_THAT(text_of_1201().out, HasSubstr("Lite bustader"));
  EXPECT_EQ(Ctl({"get", "editions/TP2019/submissions/1103.leader"}).code, kExitNotFound);

  // The keys alone are lost and come back.
  StopServer();
  fs::remove_all(target + "/ingestion/keys");
  EXPECT_EQ(Ctl({"restore-keys", backup, "--data", target}).code, kExitCorrupt)
      << "these are no keys";
  EXPECT_EQ(Ctl({"restore-keys", keys, "--data", target}).code, kExitOk);
  StartServer("restored");
  EXPECT_THAT(text_of_1201().out, HasSubstr("Lite bustader"));
}

TEST_F(Imdictl, EveryCallCarriesTheTraceThatIsGiven) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Ran ran = Ctl({"--traceparent", base::StrCat("00-", trace, "-00f067aa0ba902b7-01"), "apply",
                       "-f", Documents()});
  ASSERT_EQ(ran.code, cli::kExitOk) << ran.out << ran.err;
  EXPECT_EQ(Ctl({"--traceparent", "00-nothing-01", "head"}).code, cli::kExitUsage);
  StopServer();
  std::ifstream log(folder_ / "server.log");
  int64_t applied = 0;
  for (std::string line; std::getline(log, line);) {
    if (line.find("EditionService/ApplyDefinition") == std::string::npos) continue;
    EXPECT_THAT(line, HasSubstr(base::StrCat("\"trace_id\":\"", trace, "\"")));
    ++applied;
  }
  EXPECT_GT(applied, 3) << "one for each document";
}

TEST_F(Imdictl, FindsNoErrorOfTheStoresInTheLogOfAFirstStart) {
  std::ifstream log(folder_ / "server.log");
  const std::string lines{std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
  EXPECT_THAT(lines, testing::Not(HasSubstr("storage_engine")));
}

TEST(Configuration, RefusesBackupsOfKeysWithinThoseOfTheLog) {
  const TempFolder folder;
  const auto check = [&folder](const std::string& backups, const std::string& keys) {
    std::ofstream(folder / "server.yaml")
        << "listen: \"127.0.0.1:0\"\ninternal_listen: \"127.0.0.1:0\"\n"
        << "health_listen: \"127.0.0.1:0\"\ninsecure_loopback: true\nactor: a\n"
        << "ingestion: {data_dir: d/i, master_key_file: m, backup_dir: \"" << backups
        << "\", key_backup_dir: \"" << keys << "\"}\n"
        << "aggregation: {data_dir: d/a}\nquery: {data_dir: d/q}\n";
    return RunProgram(folder.path(), "imdi-allinone",
                      {"--config", folder / "server.yaml", "--check_config"});
  };
  EXPECT_EQ(check("b", "k").code, 0) << check("b", "k").err;
  EXPECT_EQ(check("", "").code, 0);
  for (const auto& [backups, keys] : std::vector<std::pair<std::string, std::string>>{
           {"b", ""}, {"", "k"}, {"b", "b"}, {"b", "b/keys"}, {"k/log", "k"}, {"b", "x/../b/k"}}) {
    const Ran ran = check(backups, keys);
    EXPECT_EQ(ran.code, 2) << backups << " " << keys;
    EXPECT_THAT(ran.err, HasSubstr("ingestion.key_backup_dir: ")) << backups << " " << keys;
  }
}

}  // namespace
}  // namespace imdi::e2e
