#pragma once

// The sentences of an edition's report against its figures: domain rules (services/domain/claim.h)
// applied to figures of this and other editions.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "services/domain/tipping.h"
#include "services/figures/change_figures.h"
#include "services/figures/comparability.h"
#include "services/figures/edition_figures.h"

namespace imdi::figures {

// The difference of two categories, and whether it is known because everybody answered, the
// question included.
struct PairEvidence {
  query_pb::PairDifference pair;
  bool tested = false;  // False: its p says nothing.
  bool known = false;
};

// What sentences are judged by, wherever the figures come from. Figures are named by their cells.
struct ClaimSources {
  const domain::Catalog& catalog;
  const domain::Catalog::EditionEntry& edition;
  // Null for an indicator that the edition does not have.
  std::function<std::shared_ptr<const domain::CompiledIndicator>(std::string_view id)>
      find_indicator;
  // Empty for a cell that the edition does not have.
  std::function<std::optional<query_pb::Figure>(std::string_view cell)> find;
  // Two categories of one distribution and basis; empty where their joint count was not kept.
  std::function<std::optional<PairEvidence>(std::string_view a, std::string_view b)> find_pair;
  // A declared change by its name, {cell}@{year}; empty where there is none.
  std::function<std::optional<query_pb::ChangeFigure>(std::string_view name)> find_change;
  // What a cell's tipping numbers are counted by; empty for a cell that the edition does not have.
  std::function<std::optional<domain::TippingGround>(std::string_view cell)> find_ground;
};

// The tests of all sentences that claim an increase, by claim name, adjusted among each other.
using IncreaseTests = std::map<std::string, query_pb::ClaimTest, std::less<>>;
IncreaseTests TestIncreases(std::span<const model::Claim* const> claims,
                            const ClaimSources& sources);

// One sentence. Its figures are named by their cells, without labels; etag and revision are set.
// `tests`: those of its edition.
query_pb::ClaimResult JudgeClaim(const model::Claim& claim, int64_t revision,
                                 const ClaimSources& sources, const IncreaseTests& tests);

// Every claim of the edition, by name. `changes`: those of the edition.
std::vector<query_pb::ClaimResult> JudgeClaims(const EditionFigures& edition,
                                               const EditionChanges& changes);
// The same, unless `wanted`, which is asked before each sentence, gives an error.
absl::StatusOr<std::vector<query_pb::ClaimResult>> JudgeClaims(
    const EditionFigures& edition, const EditionChanges& changes,
    const std::function<absl::Status()>& wanted);

// Over sentence and its revision, figures' etags, verdict, range, remarks, what changes are
// computed from and where it was read, their tests and that of the sentence, all numbers of pairs,
// and the tipping number, in hexadecimal. To be set anew by whoever adds a remark.
std::string EtagOf(const query_pb::ClaimResult& result);

}  // namespace imdi::figures
