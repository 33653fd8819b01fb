#pragma once

// The change of a cell between two editions that are counted together: its estimate among all
// units, its test, the panel of those who answered twice, and what all of it comes from. And the
// adjustment of tests that are published together.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/change.h"
#include "services/domain/claim.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

inline constexpr double kTestLevel = 0.95;

struct CountedChange {
  std::vector<query_pb::ChangeStratum> strata;        // Joined until thin in neither edition.
  std::vector<query_pb::CollapsedStratum> collapsed;  // How they were joined.
  // Sums over them: what both editions' figures say.
  domain::CountedShare earlier;
  domain::CountedShare later;
};

// A cell ({indicator}.{basis}[.answer=…][.{attribute}={group}]) against the same one in the edition
// of a year; empty where the two are not counted together.
std::optional<CountedChange> CountChange(const EditionFigures& edition, std::string_view cell,
                                         int32_t year);

// What follows from the strata alone, here and wherever they were stored. The change is known where
// nobody may belong to either base without having said so; then it is that of the shares counted,
// and not tested.
domain::Change EstimateOf(std::span<const query_pb::ChangeStratum> strata);
query_pb::ChangeEstimate ChangeEstimateOf(std::span<const query_pb::ChangeStratum> strata,
                                          bool known);
query_pb::PanelCounts PanelOf(std::span<const query_pb::ChangeStratum> strata);

// Benjamini–Hochberg over the changes of one table: those since one year in one group are a family,
// and every change with a p value gets its q. `changes` are all of an edition.
void AdjustWithinTables(std::span<query_pb::ChangeFigure> changes);
// The same over any p values: adjusted ones in their order, and the family of those that count.
std::vector<std::optional<double>> Adjust(std::span<const std::optional<double>> p,
                                          std::string_view id, query_pb::TestFamily* family);

}  // namespace imdi::figures
