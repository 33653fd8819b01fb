#pragma once

// The answers of one edition as bits: columns are units ordered by non-response stratum, rows are
// item × code, item × missing state, and distinct compiled expressions. Setting a unit recomputes
// its column; nothing is ever decremented. One thread owns it; what leaves it are immutable integer
// counts.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "services/domain/derivation.h"
#include "services/domain/edition_counts.h"
#include "services/domain/figure_plan.h"
#include "services/domain/unit_states.h"

namespace imdi::domain {

class AnswerMatrix {
 public:
  // All units begin as not contacted.
  explicit AnswerMatrix(std::shared_ptr<const FigurePlan> plan);
  ~AnswerMatrix();
  AnswerMatrix(AnswerMatrix&&) noexcept;
  AnswerMatrix& operator=(AnswerMatrix&&) noexcept;

  // Bytes that a matrix of a plan takes, predicted before it is made: units × rows / 8 and what
  // stands beside it. The bound on it is kMatrixBytesMax (services/base/limits.h).
  static size_t PredictBytes(const FigurePlan& plan);
  size_t bytes() const;

  // The unit stands like this from now on. `response` null = it has no current answers.
  void SetUnit(UnitIndex unit, const DerivedResponse* response, model::Disposition set_by_team);
  model::Disposition DispositionOf(UnitIndex unit) const;

  // Counts of all that was set. Parts whose rows did not change since the last call are shared with
  // what it returned. `earlier`: the states of the editions before, in the order of the plan's
  // PanelFrame::earlier; null or missing = nobody was invited to it.
  std::shared_ptr<const EditionCounts> Count(
      std::span<const std::shared_ptr<const UnitStates>> earlier = {});

  // What later editions compare with, unit by unit: every category of every followed block that is
  // asked (IsFollowed).
  std::shared_ptr<const UnitStates> States();

  const FigurePlan& plan() const;

 private:
  struct Rows;
  std::unique_ptr<Rows> rows_;
};

}  // namespace imdi::domain
