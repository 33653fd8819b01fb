#pragma once

// The sentences of an edition's report against its figures, and the changes that its indicators
// declare: domain rules (services/domain/claim.h) applied to figures of this and other editions.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/query/v1/claim.pb.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// Another edition's figures, wherever they are kept.
struct OtherEdition {
  std::string release;  // Resource name of the release read; empty = its live figures.
  // Null for a cell that it does not have. The figure is named by its cell.
  std::function<std::optional<query_pb::Figure>(std::string_view cell)> find;
};
// Empty where the survey has no edition of that year, or no figures of it are at hand.
using FindOtherEdition = std::function<std::optional<OtherEdition>(const std::string& edition)>;

// How `earlier` relates to `later` over all questions that an indicator reads (numerator and base,
// not frame variables), as the later questionnaire states it: the weakest relations, each once;
// SAME where nothing is stated and the concept ids are equal. Comparable: no break, no TOPIC_ONLY,
// no unknown among them.
struct Comparability {
  std::vector<model::SeriesRelationKind> relations;
  bool comparable = false;
  bool assumed = false;
};
Comparability Compare(const domain::Catalog& catalog, const domain::Catalog::EditionEntry& later,
                      const domain::Catalog::EditionEntry& earlier,
                      const domain::CompiledIndicator& indicator);

// Every claim of the edition, by name; figures in them are named by their cells, without labels.
std::vector<query_pb::ClaimResult> JudgeClaims(const EditionFigures& edition,
                                               const FindOtherEdition& others);
// Change figures of every comparison that an indicator of the edition declares, on every basis, by
// name
// ({cell}@{year}).
std::vector<query_pb::ChangeFigure> Changes(const EditionFigures& edition,
                                            const FindOtherEdition& others);

}  // namespace imdi::figures
