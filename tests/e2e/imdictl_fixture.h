#pragma once

// imdictl beside a server of its own, for the tests of it.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/exit_codes.h"
#include "services/base/text.h"
#include "tests/e2e/program.h"
#include "tests/fault/process/server_process.h"
#include "tests/support/temp_folder.h"

namespace imdi::e2e {

using Words = std::vector<std::string>;

inline constexpr absl::Duration kPatience = absl::Seconds(60);

inline std::string Documents() {
  const char* root = std::getenv("IMDI_ROOT");
  return base::StrCat(root == nullptr ? "." : root, "/tests/data/three_parts");
}

// One server for a test, with the edition in three parts applied where asked for.
class Imdictl : public testing::Test {
 protected:
  void SetUp() override { StartServer(); }

  void StartServer(const std::string& data = "data") {
    server_ = std::make_unique<process_fault::ServerProcess>(process_fault::ServerProcess::Options{
        .data = folder_ / data, .log_file = folder_ / "server.log"});
    ASSERT_TRUE(server_->WaitReady(kPatience));
  }
  void StopServer() {
    server_->Terminate();
    ASSERT_EQ(server_->WaitExit(kPatience), 0);
  }
  Ran Ctl(Words words) const {
    words.insert(words.begin(), {"--server", server_->public_address(), "--internal",
                                 server_->internal_address()});
    return RunProgram(folder_.path(), "imdictl", words);
  }
  // A file of the test with that content.
  std::string File(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  void Apply() const {
    const Ran ran = Ctl({"apply", "-f", Documents()});
    ASSERT_EQ(ran.code, cli::kExitOk) << ran.out << ran.err;
  }
  void ApplyAndOpen() const {
    Apply();
    ASSERT_EQ(Ctl({"open", "TP2019"}).code, cli::kExitOk);
  }
  // Answers of the leader's part of a unit, as a line of an answers file.
  static std::string Line(const std::string& unit, int revision, const std::string& id,
                          int settled = 40) {
    return base::StrCat(
        R"({"edition":"TP2019","unit":")", unit,
        R"(","part":"leader","questionnaire":1,"language":"nn","expected_revision":)", revision,
        R"(,"request_id":")", id, R"(","answers":{"L01":1,"L02":[1,2],)", R"("L03":{"number":)",
        settled, R"(},"K01":1}})", "\n");
  }
  // The same with a text.
  static std::string Text(const std::string& unit, const std::string& id) {
    return base::StrCat(R"({"edition":"TP2019","unit":")", unit,
                        R"(","part":"leader","questionnaire":1,)",
                        R"("language":"nn","expected_revision":0,"request_id":")", id,
                        R"(","answers":{"L01":1,"L04":{"text":"Lite bustader"}}})", "\n");
  }
  static std::string Answers(const std::string& lines) {
    return base::StrCat(R"({"format":"imdi-answers/1","note":"Invented"})", "\n", lines);
  }

  const testing_support::TempFolder folder_;
  std::unique_ptr<process_fault::ServerProcess> server_;
};

}  // namespace imdi::e2e
