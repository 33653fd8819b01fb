#pragma once

// The numbers that units bring to means, totals, ratios and quantiles: for each distinct source a
// list by column of the answer matrix, and exact sums of them by atom. Integers throughout. Owned
// by the matrix.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "services/domain/bit_tiles.h"
#include "services/domain/derivation.h"
#include "services/domain/figure_plan.h"
#include "services/domain/linear_estimate.h"
#include "services/domain/matrix_rows.h"

namespace imdi::domain {

class NumberColumns {
 public:
  // `unit_at`: the edition's units by column. Numbers of the frame stand for ever; those of answers
  // begin as 0.
  NumberColumns(const FigurePlan& plan, const MatrixRows& rows, std::vector<UnitIndex> unit_at);

  static size_t PredictBytes(const FigurePlan& plan, const MatrixRows& rows);
  size_t bytes() const;

  // The unit's numbers from now on; `response` null = it brings none. Calls `known(row)` for each
  // row of the source of a number that it gave.
  template <typename Known>
  void Set(uint32_t column, const DerivedResponse* response, Known known) {
    for (size_t s = 0; s < sources_->size(); ++s) {
      const MatrixRows::NumberSource& source = (*sources_)[s];
      if (source.measure->source == CompiledIndicator::Measure::Source::kFrame) continue;
      int64_t number = 0;
      if (response != nullptr && NumberIn(source, *response, &number)) known(source.known);
      int64_t& place = numbers_[s][column];
      if (place == number) continue;
      place = number;
      changed_[s] = 1;
    }
  }
  // Whether a number differs from what was counted last.
  bool Changed(const MatrixRows::Number& number) const {
    return number.source != MatrixRows::kOneEach && changed_[number.source] != 0;
  }
  void Counted() { changed_.assign(changed_.size(), 0); }

  // Of the 64 columns of a word; 0 behind the last column.
  const int64_t* At(uint32_t source, size_t word) const {
    return numbers_[source].data() + word * kTileSide;
  }
  const std::vector<UnitIndex>& unit_at() const { return unit_at_; }

 private:
  // False where the answers have no such number.
  static bool NumberIn(const MatrixRows::NumberSource& source, const DerivedResponse& response,
                       int64_t* number);

  const std::vector<MatrixRows::NumberSource>* sources_;  // Of the rows.
  std::vector<std::vector<int64_t>> numbers_;             // By source and column.
  std::vector<uint8_t> changed_;                          // By source.
  std::vector<UnitIndex> unit_at_;
};

// The numbers of one block while it is counted.
class BlockNumbers {
 public:
  // `out`: where they lie in the block's part, all 0.
  BlockNumbers(const FigurePlan& plan, uint32_t block, const MatrixRows& rows,
               const NumberColumns& columns, int32_t* out);

  // The columns of a word, as bits: in the base, those that may belong to it
  // (CellCounts::may_belong), and where `when` of each number is true.
  struct Word {
    uint64_t in_base = 0;
    uint64_t may_belong = 0;
    uint64_t when_a = 0;
    uint64_t when_b = 0;
  };
  // Takes the numbers of a word. Then AddAtoms is called for each breakdown of the block.
  void Begin(size_t word, const Word& bits);
  // `place`: of the breakdown among the block's.
  void AddAtoms(size_t place, const uint32_t* atoms, const uint64_t* masks, size_t entries);
  // Writes the sums, where sums are kept.
  void Finish() const;

 private:
  struct Sums {
    int64_t a = 0;
    int64_t b = 0;
    int64_t of_silent = 0;
    Int128 aa = 0;
    Int128 bb = 0;
    Int128 ab = 0;
  };

  const FigurePlan::Block& block_;
  const MatrixRows::Block& how_;
  const NumberColumns& columns_;
  int32_t* out_;
  bool silent_known_ = false;  // The denominator follows from the frame.
  std::vector<size_t> first_;  // By breakdown of the block: its first atom.
  std::vector<Sums> sums_;     // By atom; none where numbers are kept by unit.
  Word bits_;
  std::array<int64_t, kTileSide> a_ = {};
  std::array<int64_t, kTileSide> b_ = {};
};

}  // namespace imdi::domain
