#pragma once

// Answers as a file of lines (format imdi-answers/1): a header, then one JSON object a line in the
// order of sending.
//
//   {"format":"imdi-answers/1","note":"…"}
//   {"action":"open","edition":"KU2017","request_id":"…"}
//   {"edition":"KU2017","unit":"0101","part":"main","questionnaire":1,"language":"nn","expected_revision":0,
//    "request_id":"…","answers":{"INT01":1,"BOS02":[1,2],"BAK04":{"number":12},"SYS05":{"text":"…"},"SYS06.a":3},
//    "other_texts":{"BAK01":{"6":"…"}},"comments":{"CHK05":"…"}}
//   {"action":"withdraw","edition":"KU2017","unit":"0101","part":"main","expected_revision":1,"request_id":"…"}
//   {"action":"disposition","edition":"KU2017","unit":"0104","disposition":"refusal","request_id":"…"}
//   {"action":"close","edition":"KU2017","request_id":"…"}
//
// A bare number is a code, a list is the ticked codes; 98 for a number is written as the bare
// code 98.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "imdi/survey/ingestion/v1/edition_service.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/config/yaml_message.h"

namespace imdi::cli {

namespace ingestion_api = ::imdi::survey::ingestion::v1;

inline constexpr std::string_view kAnswersFormat = "imdi-answers/1";
inline constexpr size_t kAnswersLineBytesMax = 1024 * 1024;  // A line; refused TOO_LARGE.

// One line as the request it becomes.
struct AnswersAction {
  int line = 0;
  std::string edition;  // KU2017
  std::string unit;     // Empty for open and close.
  std::variant<ingestion_api::SubmitRequest, ingestion_api::WithdrawRequest,
               ingestion_api::SetDispositionRequest, ingestion_api::SetEditionStateRequest>
      request;

  // Everything before it must be done first, and it before everything behind it.
  bool IsBarrier() const {
    return std::holds_alternative<ingestion_api::SetEditionStateRequest>(request);
  }
};

struct AnswersFile {
  std::string note;
  std::vector<AnswersAction> actions;
  std::vector<config::Problem> problems;  // All at once, at most config::kYamlProblemsMax.
  size_t problem_count = 0;
};

AnswersFile ParseAnswers(std::string_view file, std::string_view text);

}  // namespace imdi::cli
