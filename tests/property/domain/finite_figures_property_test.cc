// Figures of random editions, of every kind and under every way of weighting, and what explains
// them: no number in them is NaN or infinite, and an estimate lies in its interval and its bounds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "services/domain/answer_matrix.h"
#include "services/figures/edition_figures.h"
#include "services/figures/explain.h"
#include "tests/property/domain/some_survey.h"
#include "tests/support/campaign.h"
#include "tests/support/finite.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain::property {
namespace {

namespace query_pb = survey::query::v1;
using testing_support::NotFinite;

// Knows the edition and nothing more: the plan has the rest.
std::shared_ptr<const Catalog> CatalogOfT() {
  model::Definition definition;
  *definition.mutable_edition() = testing_support::SmallEdition("T");
  const auto applied = Catalog::Empty()->Apply(definition, 1, {});
  EXPECT_TRUE(applied.ok()) << applied.status();
  return *applied;
}

TEST(FiniteFigures, OfRandomEditionsAndTheirExplanationsHoldNoNumberThatIsNone) {
  const uint64_t seed = testing_support::CampaignSeed("finite figures");
  const auto catalog = CatalogOfT();
  std::map<query_pb::EstimateStatus, int> statuses;
  for (int64_t round = 0; round < testing_support::CampaignRounds(12); ++round) {
    SCOPED_TRACE("IMDI_SEED=" + std::to_string(seed) + " round " + std::to_string(round));
    Random random(seed + static_cast<uint64_t>(round) * 7'919);
    World world = SomeWorld(random);
    if (testing::Test::HasFailure()) return;
    AnswerMatrix matrix(world.plan);
    const int silent = random.Below(4);  // From all that answer to few.
    for (UnitIndex unit = 0; unit < world.plan->frame().size(); ++unit) {
      if (silent > 0 && !random.OneIn(silent * silent)) continue;
      ChangeOne(random, world, unit);
      world.SetIn(matrix, unit);
    }
    const figures::EditionFigures edition(catalog, "T", matrix.Count());
    const auto header = edition.Header();
    EXPECT_THAT(NotFinite(header), testing::IsEmpty());
    for (size_t cell = 0; cell < edition.size(); ++cell) {
      const auto figure = edition.Make(cell);
      const std::string& name = figure.figure().name();
      ASSERT_THAT(NotFinite(figure), testing::IsEmpty()) << figure.DebugString();
      const query_pb::Estimate& estimate = figure.figure().estimate();
      ++statuses[estimate.status()];
      EXPECT_EQ(estimate.has_value(), figure.figure().has_estimate() &&
                                          estimate.status() != query_pb::ESTIMATE_STATUS_EMPTY)
          << name;
      if (estimate.has_value()) {
        EXPECT_LE(estimate.lower(), estimate.value()) << name;
        EXPECT_LE(estimate.value(), estimate.upper()) << name;
      }
      if (estimate.has_value() && !estimate.unbounded()) {
        EXPECT_LE(estimate.bound_lower(), estimate.value()) << name;
        EXPECT_LE(estimate.value(), estimate.bound_upper()) << name;
      }
      if (cell % 3 != 0) continue;
      ASSERT_THAT(NotFinite(figures::Explain(figure, header)), testing::IsEmpty())
          << figure.DebugString();
    }
    if (testing::Test::HasFailure()) return;
  }
  for (const auto& [status, count] : statuses)
    std::cout << query_pb::EstimateStatus_Name(status) << ' ' << count << '\n';
  EXPECT_GT(statuses[query_pb::ESTIMATE_STATUS_OK], 0);
  EXPECT_GT(statuses[query_pb::ESTIMATE_STATUS_EMPTY], 0);
}

}  // namespace
}  // namespace imdi::domain::property
