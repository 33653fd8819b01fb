#pragma once

// Joint counts of an edition and those before it: the earlier editions' states laid in the columns
// of this one's answer matrix, and integers counted out of both. Owned by the matrix.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "services/domain/edition_counts.h"
#include "services/domain/figure_plan.h"
#include "services/domain/unit_states.h"

namespace imdi::domain {

class PanelCounter {
 public:
  // `unit_at`: the edition's units by column. Every earlier edition begins as one that nobody was
  // invited to.
  PanelCounter(std::shared_ptr<const FigurePlan> plan, std::span<const UnitIndex> unit_at);

  // Bytes that one takes once every earlier edition is laid in.
  static size_t PredictBytes(const FigurePlan& plan);
  size_t bytes() const;

  // Earlier editions as they stand now, in the order of PanelFrame::earlier; null or missing =
  // nobody was invited. True where one differs from the last time: all panels must be counted.
  bool Lay(std::span<const std::shared_ptr<const UnitStates>> earlier);

  // The part of a panel (EditionCounts). `own`: the edition's states by column, not by unit.
  std::vector<int32_t> Count(size_t panel, const UnitStates& own) const;

 private:
  using Bits = UnitStates::Bits;
  // One edition's bits of a panel, by column.
  struct Laid {
    Bits in_base;
    Bits yes;
  };
  struct Earlier {
    std::shared_ptr<const UnitStates> states;
    Bits invited;
    Bits responded;
    std::vector<Laid> panels;  // As in the plan; empty bits where the panel is without the edition.
  };
  void LayOne(size_t number, std::shared_ptr<const UnitStates> states);

  std::shared_ptr<const FigurePlan> plan_;
  size_t own_words_ = 0;  // Of 64 columns of the edition's own units.
  size_t words_ = 0;      // With those behind them.
  // By column: that of PanelFrame. Columns of gone units begin a word of their own; kNoUnit before.
  std::vector<uint32_t> panel_column_;
  std::vector<Bits> own_group_;  // By panel: the edition's units in the cell's group.
  std::vector<Earlier> earlier_;
  // By word: the panel strata in it, with their columns.
  std::vector<uint32_t> first_;
  std::vector<uint32_t> strata_;
  std::vector<uint64_t> masks_;
};

}  // namespace imdi::domain
