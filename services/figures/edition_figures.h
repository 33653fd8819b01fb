#pragma once

// The figures of one edition at one position of the log, computed from its integer counts and its
// definitions alone: what aggregation freezes into a release and query computes on first read of
// the live view. Immutable and thread-safe.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "imdi/survey/store/v1/release.pb.h"
#include "services/domain/edition_counts.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/layout_weights.h"

namespace imdi::figures {

namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

// Version of the rules: formulas, intervals, bounds, states, verdicts. Raised whenever a number can
// move; the golden test of a whole release fails until it is.
inline constexpr int32_t kRuleVersion = 3;

// Units of values: shares, and numbers of means, totals, ratios and quantiles.
inline constexpr std::string_view kFractionUnit = "fraction";
inline constexpr std::string_view kNumberUnit = "number";

class EditionFigures {
 public:
  // `edition` must exist in the catalog, and `counts` must be of its plan there (domain::PlanOf).
  EditionFigures(std::shared_ptr<const domain::Catalog> catalog, std::string edition,
                 std::shared_ptr<const domain::EditionCounts> counts);

  const domain::Catalog& catalog() const { return *catalog_; }
  const domain::Catalog::EditionEntry& entry() const { return *entry_; }
  const domain::EditionCounts& counts() const { return *counts_; }
  const domain::FigurePlan& plan() const { return counts_->plan(); }

  // The weights of the edition's layouts; solved when they are first asked for.
  const LayoutWeights& weights() const { return *weights_; }

  // How many, in the plan's order.
  size_t size() const { return plan().cell_count(); }
  // As a release stores it: named by its cell, with etag and evidence, without position and labels.
  store_pb::ReleaseFigure Make(size_t cell) const;
  std::optional<store_pb::ReleaseFigure> Find(std::string_view cell_name) const;

  // What all of them share, with number, audience, log_id, position, read_releases and the method
  // note's release left to the caller; figure_count set.
  store_pb::ReleaseHeader Header() const;

 private:
  // What every figure of an indicator shares.
  struct IndicatorFacts {
    int64_t revision = 0;             // 0 = no document.
    std::string weight_set;           // Empty for OUTCOME_RATE, and without a survey.
    int64_t weight_set_revision = 0;  // 0 = built in.
  };
  std::shared_ptr<const domain::Catalog> catalog_;
  std::string edition_;
  const domain::Catalog::EditionEntry* entry_;
  std::shared_ptr<const domain::EditionCounts> counts_;
  std::unique_ptr<const LayoutWeights> weights_;
  std::vector<IndicatorFacts> indicators_;  // As in the plan.
};

// First half of SHA-256 over value, state, counts, sums, estimate, rule version, definition
// revisions and a weight set that has a document, in hexadecimal.
std::string EtagOf(const query_pb::Figure& figure);
// The state as readers see it, with SDMX status, sign and words. kValue has none: unspecified.
query_pb::NoValue NoValueOf(domain::CellState state);
query_pb::NoValue SeriesBreak();
// A state for comparisons whose other side is not there: NOT_YET.
query_pb::NoValue NotYet();

}  // namespace imdi::figures
