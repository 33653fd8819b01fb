#pragma once

// What changed between two editions, as indicators declare their comparisons.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "services/figures/change_tests.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// Another edition's figures, wherever they are kept.
struct OtherEdition {
  std::string release;  // Resource name of the release read; empty = its live figures.
  // Empty for a cell that it does not have. The figure is named by its cell.
  std::function<std::optional<query_pb::Figure>(std::string_view cell)> find;
};
// Empty where no figures of the edition (its id) are at hand.
using FindOtherEdition = std::function<std::optional<OtherEdition>(const std::string& edition)>;

// What a change is computed from.
struct ChangeSources {
  const domain::Catalog& catalog;
  const domain::Catalog::EditionEntry& edition;  // The later one.
  const domain::CompiledIndicator& indicator;    // In the later edition.
  // Empty for a cell that the later edition does not have.
  const std::function<std::optional<query_pb::Figure>(std::string_view cell)>& find;
  // Empty where the editions are not counted together.
  const std::function<std::optional<CountedChange>(std::string_view cell, int32_t year)>& count;
  const FindOtherEdition& others;
};

// A change with the counts it is computed from; none where it has no estimate.
struct MadeChange {
  query_pb::ChangeFigure figure;
  store_pb::ChangeEvidence evidence;
};

// The change of {indicator}.{basis}[.answer={code}] since a year, in the group that the indicator's
// comparison with that year names. It and its later point are named by the cell ({cell}@{year});
// the earlier point by its whole resource name, since it lies in another edition. Over a break the
// state is SERIES_BREAK; where the other edition is not there, NOT_YET. It is tested where the
// counts of both editions together are those of the two figures. Not adjusted.
MadeChange ChangeSince(const ChangeSources& sources, const model::Comparison& comparison,
                       std::string_view cell_of_total);

// Every change of an edition.
struct EditionChanges {
  std::vector<query_pb::ChangeFigure> figures;     // By name, adjusted within their tables.
  std::vector<store_pb::ChangeEvidence> evidence;  // Of those with an estimate, by name.

  const query_pb::ChangeFigure* Find(std::string_view name) const;
};
// Of every comparison that an indicator of the edition declares, on every basis and for every
// category.
EditionChanges Changes(const EditionFigures& edition, const FindOtherEdition& others);
// The same, unless `wanted`, which is asked before each change, gives an error.
absl::StatusOr<EditionChanges> Changes(const EditionFigures& edition,
                                       const FindOtherEdition& others,
                                       const std::function<absl::Status()>& wanted);

// What a share could be whatever those would have answered who have not said; itself where nothing
// is estimated.
std::pair<double, double> BoundsOf(const query_pb::Figure& figure);

// {indicator}.{basis}[.answer={code}] in a group {attribute}={group} (empty = the total): the parts
// behind the basis are sorted.
std::string CellInGroup(std::string_view cell_of_total, std::string_view group);

}  // namespace imdi::figures
