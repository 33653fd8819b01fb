#include "tests/fault/process/first_submissions.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <variant>

#include "clients/cli/answers_file.h"
#include "services/base/text.h"
#include "tests/fault/process/server_process.h"
#include "tests/support/temp_folder.h"

namespace imdi::process_fault {

namespace ingestion_pb = survey::ingestion::v1;

std::string SurveyFolder() {
  const char* root = std::getenv("IMDI_ROOT");
  return base::StrCat(root == nullptr ? "." : root, "/deploy/surveys/ku");
}

const std::vector<ingestion_pb::SubmitRequest>& FirstSubmissions() {
  static const auto* requests = [] {
    auto* out = new std::vector<ingestion_pb::SubmitRequest>();
    testing_support::TempFolder folder;
    const std::string file = folder / "answers.ndjson";
    EXPECT_EQ(
        RunProgram({ProgramPath("imdi-demo-answers"), "--surveys", SurveyFolder(), "--out", file}),
        0);
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    const cli::AnswersFile answers = cli::ParseAnswers(file, text);
    EXPECT_EQ(answers.problem_count, 0U);
    for (const cli::AnswersAction& action : answers.actions) {
      const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request);
      if (submit == nullptr || action.edition != "KU2017" || submit->expected_revision() != 0)
        continue;
      out->push_back(*submit);
    }
    return out;
  }();
  return *requests;
}

}  // namespace imdi::process_fault
