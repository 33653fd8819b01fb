// What programs get of imdictl: JSON and CSV of every command, errors that say whom they came from,
// and services at addresses of their own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "clients/cli/command_line.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/imdictl_fixture.h"

namespace imdi::e2e {
namespace {

using base::StrCat;
using nlohmann::json;
using testing::HasSubstr;

// The rows of an RFC 4180 text, the head first; empty where it is none.
std::vector<Words> ParseCsv(const std::string& text) {
  std::vector<Words> rows;
  Words row;
  std::string cell;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quoted) {
      if (letter != '"') {
        cell += letter;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        quoted = false;
      }
    } else if (letter == '"') {
      if (!cell.empty()) return {};
      quoted = true;
    } else if (letter == ',') {
      row.push_back(std::exchange(cell, {}));
    } else if (letter == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      row.push_back(std::exchange(cell, {}));
      rows.push_back(std::exchange(row, {}));
    } else if (letter == '\r' || letter == '\n') {
      return {};
    } else {
      cell += letter;
    }
  }
  return quoted || !cell.empty() || !row.empty() ? std::vector<Words>() : rows;
}

// What the table of response rates is made of.
constexpr const char* kResponseRate = R"(indicator:
  name: indicators/IND_RR
  survey: TP
  kind: outcome_rate
  title: {nn: "Svarprosent", nb: "Svarprosent"}
  breakdowns: [region]
  editions: [editions/TP2019]
  precision: 0
  policy: aggregate_only
  min_base: 5
  min_count: 3
)";

class ImdictlOutput : public Imdictl {
 protected:
  // Answers of two units, two revisions of one of them, and a release.
  void Fill() const {
    ApplyAndOpen();
    const Ran applied = Ctl({"apply", "-f", File("rate.yaml", kResponseRate)});
    ASSERT_EQ(applied.code, cli::kExitOk) << applied.err;
    Send("1201", 0, "one", 40);
    Send("1201", 1, "two", 41);
    Send("1103", 0, "three", 12);
    const Ran published = Ctl({"releases", "publish", "TP2019"});
    ASSERT_EQ(published.code, cli::kExitOk) << published.err;
  }
  void Send(const std::string& unit, int revision, const std::string& id, int settled) const {
    const Ran ran = Ctl(
        {"submit", "--answers", File(id + ".ndjson", Answers(Line(unit, revision, id, settled)))});
    ASSERT_EQ(ran.code, cli::kExitOk) << ran.out << ran.err;
  }
  Ran As(const std::string& output, Words words) const {
    words.insert(words.begin(), {"-o", output});
    return Ctl(std::move(words));
  }
  std::vector<Words> Csv(Words words) const {
    const Ran ran = As("csv", words);
    EXPECT_EQ(ran.code, cli::kExitOk) << testing::PrintToString(words) << ran.err;
    ExpectCsv(ran.out);
    std::vector<Words> rows = ParseCsv(ran.out);
    return rows.empty() ? std::vector<Words>{{}} : rows;
  }
  static void ExpectCsv(const std::string& text) {
    const std::vector<Words> rows = ParseCsv(text);
    EXPECT_FALSE(rows.empty()) << text;
    for (const Words& row : rows) EXPECT_EQ(row.size(), rows.front().size()) << text;
  }
  // One document, or one a line.
  static void ExpectJson(const std::string& text, bool lines) {
    size_t begin = 0;
    int documents = 0;
    while (begin < text.size()) {
      const size_t end = lines ? text.find('\n', begin) : text.size() - 1;
      ASSERT_NE(end, std::string::npos) << text;
      EXPECT_TRUE(json::parse(text.substr(begin, end - begin), nullptr, false).is_object()) << text;
      ++documents;
      begin = end + 1;
    }
    EXPECT_GT(documents, 0);
  }
  static std::string At(const std::vector<Words>& rows, size_t row, const std::string& column) {
    const auto found = std::find(rows.at(0).begin(), rows.at(0).end(), column);
    if (found == rows.at(0).end()) return StrCat("no column ", column);
    return rows.at(row).at(static_cast<size_t>(found - rows.at(0).begin()));
  }
};

TEST_F(ImdictlOutput, GivesJsonAndCsvOfEveryCommandWithAResult) {
  Fill();
  const std::string submission = "editions/TP2019/submissions/1201.leader";
  const std::string draft = "editions/TP2019/drafts/1902.leader";
  const std::string figure = "editions/TP2019/releases/latest/figures/Q_L01.ANSWERED.answer=1";
  const std::string one = File("one.ndjson", Answers(Line("1902", 0, "draft")));
  const json candidate = json::parse(As("json", {"releases", "build", "TP2019"}).out);
  const std::string candidate_name = candidate["name"];
  // Commands by their words in the reference; the second is what is asked of them.
  std::vector<std::pair<std::string, Words>> commands = {
      {"open", {"open", "TP2019"}},
      {"validate", {"validate", "-f", Documents()}},
      {"diff", {"diff", "-f", Documents()}},
      {"apply", {"apply", "-f", Documents(), "--dry-run"}},
      {"definitions", {"definitions", "--prefix", "editions/"}},
      {"get-definition", {"get-definition", "editions/TP2019"}},
      {"submit",
       {"submit", "--answers", File("again.ndjson", Answers(Line("1103", 0, "three", 12)))}},
      {"check-answers", {"check-answers", "--answers", one}},
      {"drafts save", {"drafts", "save", "--answers", one}},
      {"drafts get", {"drafts", "get", draft}},
      {"drafts delete", {"drafts", "delete", draft}},
      {"get", {"get", submission}},
      {"history", {"history", "TP2019", "1201", "--part", "leader"}},
      {"diff-submissions",
       {"diff-submissions", "TP2019", "1201", "--part", "leader", "--from", "1", "--to", "2"}},
      {"receipt", {"receipt", StrCat(submission, "@2")}},
      {"collection", {"collection", "TP2019", "--by", "region"}},
      {"get-figure", {"get-figure", figure}},
      {"get-figures", {"get-figures", figure, figure}},
      {"explain", {"explain", figure}},
      {"figures", {"figures", "TP2019", "--indicator", "Q_L01"}},
      {"editions", {"editions"}},
      {"indicators", {"indicators", "TP2019"}},
      {"table", {"table", "TP2019"}},
      {"association", {"association", "TP2019", "IND_PLAN.SETTLING", "--by", "region"}},
      {"series", {"series", "Q_L01.ANSWERED.answer=1", "--survey", "TP"}},
      {"method-note", {"method-note", "TP2019"}},
      {"claims list", {"claims", "list", "TP2019"}},
      {"releases list", {"releases", "list", "TP2019"}},
      {"releases get", {"releases", "get", "editions/TP2019/releases/1"}},
      {"releases build", {"releases", "build", "TP2019"}},
      {"releases candidate", {"releases", "candidate", candidate_name}},
      {"releases preview", {"releases", "preview", candidate_name}},
      {"releases publish", {"releases", "publish", "TP2019", "--reason", "again"}},
      {"releases verify", {"releases", "verify", "editions/TP2019/releases/1"}},
      {"releases follow", {"releases", "follow", "--count", "1"}},
      {"report response-rates", {"report", "response-rates", "--editions", "TP2019"}},
      {"report unit-history",
       {"report", "unit-history", "--edition", "TP2019", "--part", "leader"}},
      {"head", {"head"}},
      {"tail", {"tail", "--once"}},
      {"verify", {"verify"}},
      {"fold-state", {"fold-state"}},
      {"status", {"status"}},
      {"follow-figures", {"follow-figures", "--count", "1"}},
      {"set-disposition", {"set-disposition", "TP2019", "1902", "refusal"}},
      {"erase-text", {"erase-text", StrCat(submission, "@1"), "--reason", "asked for"}},
      {"close", {"close", "TP2019"}}};
  // One document a line.
  const std::set<std::string> lines = {"releases follow", "tail", "follow-figures"};
  std::set<std::string> seen = {
      // What changes something at each run, and is tested by itself: backups, withdrawals, parts of
      // releases, and changes of a second release. The last three have no result.
      "backup",  "withdraw",     "releases record", "releases changes",
      "restore", "restore-keys", "reference"};
  for (const char* output : {"json", "csv", "table"}) {
    for (const auto& [name, words] : commands) {
      SCOPED_TRACE(StrCat(name, " as ", output));
      seen.insert(name);
      const Ran ran = As(output, words);
      EXPECT_EQ(ran.code, cli::kExitOk) << ran.err;
      if (output == std::string("json")) {
        ExpectJson(ran.out, lines.contains(name));
      } else if (output == std::string("csv")) {
        ExpectCsv(ran.out);
      }
    }
  }
  // A command that is new belongs into the list above.
  const cli::CommandLine line;
  for (const cli::CommandInfo& command : line.commands()) {
    EXPECT_TRUE(seen.contains(command.words)) << command.words;
  }
}

TEST_F(ImdictlOutput, WritesNumbersThatProgramsReadAndNoneWhereThereIsNoValue) {
  Fill();
  const std::vector<Words> figures = Csv({"figures", "TP2019"});
  int without = 0;
  int with = 0;
  for (size_t row = 1; row < figures.size(); ++row) {
    const bool has = !At(figures, row, "value").empty();
    (has ? with : without) += 1;
    if (has) {
      EXPECT_NEAR(std::stod(At(figures, row, "value")) * std::stod(At(figures, row, "base")),
                  std::stod(At(figures, row, "numerator")), 1e-9);
    } else {
      EXPECT_THAT(At(figures, row, "no_value.reason"), testing::StartsWith("NO_VALUE_REASON_"));
      EXPECT_EQ(At(figures, row, "numerator"), "");
      EXPECT_EQ(At(figures, row, "estimate.value"), "");
    }
  }
  EXPECT_GT(with, 0);
  EXPECT_GT(without, 0);

  const std::vector<Words> table =
      Csv({"table", "TP2019", "--indicators", "IND_PLAN", "--by", "region"});
  EXPECT_GT(table.size(), 2U);
  for (size_t row = 1; row < table.size(); ++row) {
    EXPECT_NE(At(table, row, "value").empty(), At(table, row, "no_value").empty());
  }
  const std::vector<Words> collection = Csv({"collection", "TP2019", "--by", "region"});
  EXPECT_EQ(At(collection, 1, "group"), "");
  EXPECT_EQ(At(collection, 1, "invited"), "6");
  EXPECT_EQ(At(collection, 2, "group"), "west");
}

TEST_F(ImdictlOutput, KeepsNotesAndProgressOutOfTheResult) {
  ApplyAndOpen();
  const std::string file = File("a.ndjson", Answers(Line("1201", 0, "one")));
  for (const char* output : {"table", "json", "csv"}) {
    const Ran ran = As(output, {"submit", "--answers", file});
    EXPECT_EQ(ran.code, cli::kExitOk) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("Invented\n"));
    EXPECT_THAT(ran.out, testing::Not(HasSubstr("Invented")));
  }
}

TEST_F(ImdictlOutput, SubmitsInBatchesWhatItSubmitsOneByOne) {
  ApplyAndOpen();
  const std::string file =
      File("a.ndjson", Answers(Line("1201", 0, "one") + Line("1103", 0, "two") +
                               Line("1201", 1, "three", 41) + Line("1902", 7, "stale")));
  const Ran batched = As("json", {"submit", "--answers", file, "--batch", "50"});
  EXPECT_EQ(batched.code, cli::kExitInvalid) << batched.err;
  const json report = json::parse(batched.out);
  EXPECT_EQ(report["appended"], 3);
  ASSERT_EQ(report["refusals"].size(), 1U);
  EXPECT_EQ(report["refusals"][0]["line"], 5);
  EXPECT_THAT(std::string(report["refusals"][0]["error"]), HasSubstr("STALE_REVISION: "));
  const json alone = json::parse(As("json", {"submit", "--answers", file}).out);
  EXPECT_EQ(alone["already_there"], 3);
  EXPECT_EQ(alone["refusals"], report["refusals"]);
}

TEST_F(ImdictlOutput, ChecksAnswersAndKeepsDraftsWithoutSubmittingThem) {
  ApplyAndOpen();
  const std::string head = Ctl({"head"}).out;
  const std::string file =
      File("a.ndjson", Answers(Line("1201", 0, "one") + Line("1103", 0, "two", 0)));
  const Ran checked = Ctl({"check-answers", "--answers", file});
  EXPECT_EQ(checked.code, cli::kExitInvalid);
  EXPECT_THAT(checked.out, HasSubstr("2 submissions: 1 would be accepted, 1 refused\n"));
  EXPECT_THAT(checked.out, HasSubstr(StrCat(file, ":3: TP2019 1103")));
  EXPECT_THAT(checked.out, HasSubstr("CHKH1: "));

  EXPECT_EQ(Ctl({"drafts", "save", "--answers", file}).code, cli::kExitInvalid) << "two of them";
  const std::string one = File("one.ndjson", Answers(Line("1201", 0, "one")));
  EXPECT_EQ(Ctl({"drafts", "save", "--answers", one}).out, "saved, version 1\n");
  const Ran changed = Ctl({"drafts", "save", "--answers", one});
  EXPECT_EQ(changed.code, cli::kExitConflict);
  EXPECT_THAT(changed.err, HasSubstr("DRAFT_CHANGED: "));
  const std::string name = "editions/TP2019/drafts/1201.leader";
  EXPECT_THAT(Ctl({"drafts", "get", name}).out, HasSubstr("number 40"));
  EXPECT_EQ(Ctl({"drafts", "delete", name}).code, cli::kExitOk);
  EXPECT_EQ(Ctl({"drafts", "get", name}).code, cli::kExitNotFound);
  EXPECT_EQ(Ctl({"head"}).out, head) << "nothing was appended";
}

TEST_F(ImdictlOutput, PrintsRecordsOfTheLogAndWhatAReleaseChanged) {
  Fill();
  const Ran tail = As("json", {"tail", "--after-position", "1", "--count", "2"});
  EXPECT_EQ(std::count(tail.out.begin(), tail.out.end(), '\n'), 2);
  const json second = json::parse(tail.out.substr(0, tail.out.find('\n')));
  EXPECT_EQ(second["position"], "2");
  EXPECT_TRUE(second["record"].contains("definition_applied"));
  EXPECT_THAT(Ctl({"tail", "--once"}).out,
              HasSubstr("submission_accepted  TP2019 1201.leader@2\n"));

  Send("1902", 0, "four", 42);
  const Ran second_release = Ctl({"releases", "publish", "TP2019", "--reason", "later answers"});
  ASSERT_THAT(second_release.out, HasSubstr("published ")) << second_release.err;
  // Query hears of it a moment later.
  ASSERT_EQ(Ctl({"releases", "follow", "--count", "2"}).code, cli::kExitOk);
  const std::vector<Words> changes = Csv({"releases", "changes", "editions/TP2019/releases/2"});
  ASSERT_GE(changes.size(), 2U) << "one unit more has answered";
  for (size_t row = 1; row < changes.size(); ++row) {
    EXPECT_EQ(changes[row].size(), changes[0].size());
    EXPECT_NE(At(changes, row, "cell"), "");
    EXPECT_NE(At(changes, row, "kind"), "");
  }

  const std::string request =
      File("part.json", R"({"request_id":"part","actor":"someone","chunk":{"edition":"NOPE"}})");
  const Ran refused = Ctl({"releases", "record", "--request", request});
  EXPECT_NE(refused.code, cli::kExitOk);
  EXPECT_THAT(refused.err, HasSubstr("(--ingestion)"));
  EXPECT_EQ(Ctl({"releases", "record", "--request", File("no.json", "{\"nothing\": 1}")}).code,
            cli::kExitInvalid);
}

TEST_F(ImdictlOutput, FailsWhereItsOutputCannotBeWrittenAndFindsTheServerProgramBesideItself) {
  const std::string program = process_fault::ProgramPath("imdictl");
  const Ran full = RunCommand(folder_.path(), {"sh", "-c", program + " reference >/dev/full"});
  EXPECT_EQ(full.code, cli::kExitFailed);
  EXPECT_THAT(full.err, HasSubstr("the output could not be written"));
  const std::string by_path =
      StrCat("PATH=\"$(dirname ", program, "):$PATH\" imdictl restore ", folder_ / "no-backup",
             " --without-keys --data ", folder_ / "none");
  const Ran restore = RunCommand(folder_.path(), {"sh", "-c", by_path});
  EXPECT_NE(restore.code, cli::kExitOk) << "there is no such backup";
  EXPECT_THAT(restore.err, HasSubstr("the server program has said why"));
  EXPECT_THAT(restore.err, testing::Not(HasSubstr("cannot start")));
}

TEST_F(ImdictlOutput, SaysWhomItAskedAndWhatToDoWhenNobodyAnswers) {
  const DeadAddress nobody;
  const auto run = [&](Words words) { return RunProgram(folder_.path(), "imdictl", words); };
  const Ran head = run({"--ingestion", nobody.text(), "--timeout", "1", "head"});
  EXPECT_EQ(head.code, cli::kExitUnavailable);
  EXPECT_THAT(head.err, HasSubstr(StrCat("asked: ingestion at ", nobody.text(), " (--ingestion)")));
  EXPECT_THAT(head.err, HasSubstr("remedy: "));
  const Ran receipt = run({"--server", nobody.text(), "--timeout", "1", "receipt",
                           "editions/TP2019/submissions/1201.leader@1"});
  EXPECT_THAT(receipt.err, HasSubstr(StrCat("asked: ingestion at ", nobody.text(), " (--server)")));
  const Ran editions = run({"--query", nobody.text(), "--timeout", "1", "editions"});
  EXPECT_THAT(editions.err, HasSubstr(StrCat("asked: query at ", nobody.text(), " (--query)")));
}

TEST_F(ImdictlOutput, FindsEachServiceAtItsOwnAddressAndServesFiguresWithoutTheLog) {
  Fill();
  const DeadAddress nobody;
  const std::string figure = "editions/TP2019/releases/latest/figures/Q_L01.ANSWERED.answer=1";
  const auto run = [&](Words words) {
    words.insert(words.begin(), {"--timeout", "1", "--internal", nobody.text(), "--ingestion",
                                 nobody.text(), "--query", server_->internal_address()});
    return RunProgram(folder_.path(), "imdictl", words);
  };
  const Ran without_log = run({"get-figure", figure});
  EXPECT_EQ(without_log.code, cli::kExitOk) << without_log.err;
  EXPECT_THAT(without_log.err, HasSubstr("note: ingestion at "));
  const Ran asked_for = run({"--no-wait", "get-figure", figure});
  EXPECT_EQ(asked_for.code, cli::kExitOk);
  EXPECT_EQ(asked_for.err, "");
  EXPECT_EQ(asked_for.out, without_log.out);
  EXPECT_EQ(run({"head"}).code, cli::kExitUnavailable);
  EXPECT_EQ(run({"releases", "build", "TP2019"}).code, cli::kExitUnavailable)
      << "aggregation is not at the address of query";

  setenv("IMDICTL_INTERNAL", server_->internal_address().c_str(), 1);
  EXPECT_EQ(RunProgram(folder_.path(), "imdictl", {"head"}).code, cli::kExitOk);
  EXPECT_EQ(
      RunProgram(folder_.path(), "imdictl", {"--timeout", "1", "--internal", nobody.text(), "head"})
          .code,
      cli::kExitUnavailable)
      << "the option outweighs the variable";
  unsetenv("IMDICTL_INTERNAL");
}

}  // namespace
}  // namespace imdi::e2e
