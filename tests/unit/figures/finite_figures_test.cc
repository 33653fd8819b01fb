// Whatever was answered, nothing that leaves is NaN or infinite: figures, changes and what explains
// them, trends and sentences of editions that are thin, just begun, nearly all answered, all alike.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/figures/change_figures.h"
#include "services/figures/claim_results.h"
#include "services/figures/edition_figures.h"
#include "services/figures/explain.h"
#include "services/figures/figure_estimate.h"
#include "services/figures/trends.h"
#include "tests/support/campaign.h"
#include "tests/support/finite.h"
#include "tests/support/ku_survey.h"

namespace imdi::figures {
namespace {

using testing_support::AnswerHabits;
using testing_support::NotFinite;

// The editions of KU up to 2017, counted together: the earlier ones answered in one way, the last
// in another.
class SomeYears {
 public:
  SomeYears(const AnswerHabits& before, const AnswerHabits& now, uint64_t seed) {
    catalog_ = testing_support::KuCatalog();
    for (const char* id : {"KU2014", "KU2015", "KU2016", "KU2017"})
      catalog_ = *catalog_->WithState(id, model::EDITION_STATE_OPEN, "", 1);
    std::map<std::string, std::shared_ptr<const domain::UnitStates>> states;
    for (const char* id : {"KU2014", "KU2015", "KU2016"}) {
      domain::AnswerMatrix matrix =
          testing_support::RandomMatrix(domain::PlanOf(*catalog_, id), ++seed, before);
      states[id] = matrix.States();
      earlier_[id] = std::make_shared<const EditionFigures>(catalog_, id, matrix.Count());
    }
    domain::AnswerMatrix matrix =
        testing_support::RandomMatrix(domain::PlanOf(*catalog_, "KU2017"), ++seed, now);
    std::vector<std::shared_ptr<const domain::UnitStates>> together;
    for (const domain::PanelFrame::Earlier& one : matrix.plan().panel_frame().earlier)
      together.push_back(states.at(one.edition.id));
    last_ = std::make_shared<const EditionFigures>(catalog_, "KU2017", matrix.Count(together));
  }

  const EditionFigures& last() const { return *last_; }
  std::optional<OtherEdition> Find(const std::string& edition) const {
    return OtherEdition{.release = "",
                        .find = [held = earlier_.at(edition)](std::string_view cell) {
                          const auto found = held->Find(cell);
                          return found.has_value() ? std::optional(found->figure()) : std::nullopt;
                        }};
  }

 private:
  std::shared_ptr<const domain::Catalog> catalog_;
  std::map<std::string, std::shared_ptr<const EditionFigures>> earlier_;
  std::shared_ptr<const EditionFigures> last_;
};

struct Seen {
  size_t estimated = 0, tested = 0, trends = 0, tipping = 0, pairs = 0;
};

void ExpectNumbers(const EditionFigures& edition) {
  EXPECT_THAT(NotFinite(edition.Header()), testing::IsEmpty());
  for (size_t cell = 0; cell < edition.size(); ++cell) {
    const store_pb::ReleaseFigure figure = edition.Make(cell);
    ASSERT_THAT(NotFinite(figure), testing::IsEmpty()) << figure.figure().name();
  }
}

void ExpectNumbersOfYears(const SomeYears& years, Seen* seen) {
  const EditionFigures& last = years.last();
  const store_pb::ReleaseHeader header = last.Header();
  const EditionChanges changes =
      Changes(last, [&](const std::string& edition) { return years.Find(edition); });
  for (const query_pb::ChangeFigure& change : changes.figures) {
    EXPECT_THAT(NotFinite(change), testing::IsEmpty()) << change.DebugString();
    seen->estimated += change.has_estimate();
    seen->tested += change.tested();
  }
  for (const store_pb::ChangeEvidence& evidence : changes.evidence) {
    const query_pb::ChangeFigure& change = *changes.Find(evidence.name());
    const query_pb::Explanation explanation =
        ExplainChange(change, evidence, *last.Find(change.later().figure()), header);
    EXPECT_THAT(NotFinite(explanation), testing::IsEmpty()) << evidence.name();
  }
  for (const query_pb::Trend& trend :
       Trends(last, [&](const std::string& edition) { return years.Find(edition); })) {
    EXPECT_THAT(NotFinite(trend), testing::IsEmpty()) << trend.DebugString();
    ++seen->trends;
  }
  for (const query_pb::ClaimResult& claim : JudgeClaims(last, changes)) {
    EXPECT_THAT(NotFinite(claim), testing::IsEmpty()) << claim.claim().name();
    seen->tipping += claim.has_tipping();
    seen->pairs += static_cast<size_t>(claim.pairs_size());
  }
}

TEST(FiniteFigures, AndChangesTrendsAndSentencesHoldNoNumberThatIsNone) {
  const uint64_t seed = testing_support::CampaignSeed("finite");
  const std::vector<AnswerHabits> habits = {
      {},
      {.responding = 8, .blank = 20, .first_code = 30},
      {.responding = 3, .blank = 0, .first_code = 60},
      {.responding = 99, .blank = 0, .first_code = 97},
      {.responding = 100, .blank = 0, .first_code = 100, .out_of_scope = 0},
      {.responding = 0},
      {.responding = 60, .blank = 70, .first_code = 0},
  };
  Seen seen;
  for (size_t i = 0; i < habits.size(); ++i) {
    for (const size_t step : {0, 1, 3}) {
      SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " habits " + std::to_string(i) + " and " +
                   std::to_string((i + step) % habits.size()));
      const SomeYears years(habits[i], habits[(i + step) % habits.size()], seed + 97 * i);
      if (step == 0) ExpectNumbers(years.last());
      ExpectNumbersOfYears(years, &seen);
      if (testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(seen.estimated, seen.tested);
  EXPECT_GT(seen.tested, 10u);
  EXPECT_GT(seen.trends, 10u);
  EXPECT_GT(seen.tipping, 10u);
  EXPECT_GT(seen.pairs, 10u);
}

TEST(FiniteFigures, AreToldFromOthersHoweverDeepTheNumberLies) {
  query_pb::Explanation explanation;
  explanation.add_steps()->set_result(1);
  explanation.add_steps()->set_result(std::nan(""));
  explanation.mutable_figure()->mutable_estimate()->set_lower(
      -std::numeric_limits<double>::infinity());
  EXPECT_THAT(NotFinite(explanation),
              testing::UnorderedElementsAre("figure.estimate.lower", "steps[1].result"));
  query_pb::Trend trend;
  trend.add_covariance(0);
  trend.add_covariance(std::numeric_limits<double>::infinity());
  EXPECT_THAT(NotFinite(trend), testing::ElementsAre("covariance[1]"));
}

TEST(FiniteFigures, HaveAProblemInThePlaceOfAnEstimateThatIsNoNumber) {
  using Set = void (query_pb::Estimate::*)(double);
  for (const Set set : {&query_pb::Estimate::set_value, &query_pb::Estimate::set_lower,
                        &query_pb::Estimate::set_upper, &query_pb::Estimate::set_standard_error,
                        &query_pb::Estimate::set_effective_n, &query_pb::Estimate::set_bound_lower,
                        &query_pb::Estimate::set_bound_upper}) {
    for (const double number : {0.5, std::nan(""), std::numeric_limits<double>::infinity()}) {
      FigureEstimate made;
      made.value = 0.5;
      (made.estimate.emplace().*set)(number);
      RefuseWhatIsNoNumber(made);
      EXPECT_EQ(made.value, 0.5) << "a fact of those who answered";
      EXPECT_EQ(made.estimate.has_value(), std::isfinite(number));
      EXPECT_EQ(made.problem.has_value(), !std::isfinite(number));
      if (made.problem.has_value()) {
        EXPECT_EQ(made.problem->reason(), "NOT_A_NUMBER");
      }
    }
  }
}

}  // namespace
}  // namespace imdi::figures
