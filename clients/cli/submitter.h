#pragma once

// Sends the actions of an answers file: many in flight, those of one unit in their order, each
// tried again until it is answered. Which action is done is told by its request id, so a second run
// of the same file appends nothing.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/answers_file.h"
#include "imdi/survey/model/v1/submission.pb.h"

namespace imdi::cli {

// What became of one action.
struct Outcome {
  enum class Kind : uint8_t {
    kDone,     // The log holds it, at `position`; position 0 = it held already.
    kRefused,  // The questionnaire refuses the answers: `findings`.
  };
  Kind kind = Kind::kDone;
  int64_t position = 0;
  std::vector<survey::model::v1::Finding> findings;
};
using SendFunction = std::function<absl::StatusOr<Outcome>(const AnswersAction&)>;

struct Refusal {
  int line = 0;
  std::string edition;
  std::string unit;
  std::vector<survey::model::v1::Finding> findings;  // Empty for an error.
  std::string error;                                 // Reason and message; empty for findings.
};

struct SubmitReport {
  int64_t appended = 0;
  int64_t already_there = 0;
  std::vector<Refusal> refusals;  // In the order of the file.
  bool gave_up = false;           // The server could not be reached; the rest was not sent.
};

struct SubmitOptions {
  int in_flight = 64;       // 1–256.
  int64_t head_before = 0;  // Positions up to it were there before.
  std::function<void(size_t done, size_t all)>
      progress;  // Called by any thread, one at a time; may be null.
};

// `send` is called by several threads at once and returns only when the action is answered for
// good.
SubmitReport SubmitAll(const std::vector<AnswersAction>& actions, const SubmitOptions& options,
                       const SendFunction& send);

// The same with the submissions in calls of up to `batch`, one call after the other; of one unit
// there is one in a call. What may still succeed of a call goes through `send`.
using SendBatchFunction =
    std::function<std::vector<absl::StatusOr<Outcome>>(const std::vector<const AnswersAction*>&)>;
SubmitReport SubmitInBatches(const std::vector<AnswersAction>& actions,
                             const SubmitOptions& options, size_t batch, const SendFunction& send,
                             const SendBatchFunction& send_batch);

}  // namespace imdi::cli
