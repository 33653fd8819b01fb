#include "clients/cli/submitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Submissions of these units, in lines from 1; "" = closing the edition.
std::vector<AnswersAction> Actions(const std::vector<std::string>& units) {
  std::vector<AnswersAction> actions;
  for (const std::string& unit : units) {
    AnswersAction& action = actions.emplace_back();
    action.line = static_cast<int>(actions.size());
    action.edition = "KU2017";
    action.unit = unit;
    if (unit.empty()) {
      action.request = ingestion_api::SetEditionStateRequest();
    } else {
      action.request = ingestion_api::SubmitRequest();
    }
  }
  return actions;
}

// Takes calls down as the lines they hold.
struct Calls {
  std::vector<std::string> made;
  std::vector<int> shed;  // Lines that a batch answers with OVERLOADED.
  int refused = 0;        // Line that is refused, also alone.

  absl::StatusOr<Outcome> OutcomeOf(int line) const {
    Outcome outcome;
    outcome.position = line;
    if (line == refused) outcome.kind = Outcome::Kind::kRefused;
    return outcome;
  }
  SubmitReport Submit(const std::vector<std::string>& units, size_t batch) {
    return SubmitInBatches(
        Actions(units), SubmitOptions(), batch,
        [this](const AnswersAction& action) {
          made.push_back(base::StrCat("alone ", action.line));
          return OutcomeOf(action.line);
        },
        [this](const std::vector<const AnswersAction*>& actions) {
          std::vector<absl::StatusOr<Outcome>> outcomes;
          std::string lines = "batch";
          for (const AnswersAction* action : actions) {
            base::StrAppend(lines, " ", action->line);
            if (std::find(shed.begin(), shed.end(), action->line) != shed.end()) {
              outcomes.emplace_back(base::Sample(base::Reason::kOverloaded));
            } else {
              outcomes.emplace_back(OutcomeOf(action->line));
            }
          }
          made.push_back(lines);
          return outcomes;
        });
  }
};

TEST(SubmitInBatches, PutsOneSubmissionOfAUnitIntoACallAndKeepsTheOrder) {
  Calls calls;
  const SubmitReport report = calls.Submit({"a", "b", "c", "a", "d", "", "e"}, 2);
  EXPECT_THAT(calls.made, ElementsAre("batch 1 2", "batch 3 4", "batch 5", "alone 6", "batch 7"));
  EXPECT_EQ(report.appended, 7);
  EXPECT_THAT(report.refusals, IsEmpty());

  Calls twice;
  twice.Submit({"a", "a", "b"}, 100);
  EXPECT_THAT(twice.made, ElementsAre("batch 1", "batch 2 3"));
}

TEST(SubmitInBatches, SendsAloneWhatABatchShedAndTellsRefusalsByLine) {
  Calls calls;
  calls.shed = {2};
  calls.refused = 3;
  const SubmitReport report = calls.Submit({"a", "b", "c"}, 10);
  EXPECT_THAT(calls.made, ElementsAre("batch 1 2 3", "alone 2"));
  EXPECT_EQ(report.appended, 2);
  ASSERT_EQ(report.refusals.size(), 1U);
  EXPECT_EQ(report.refusals[0].line, 3);
  EXPECT_EQ(report.refusals[0].error, "");
}

}  // namespace
}  // namespace imdi::cli
