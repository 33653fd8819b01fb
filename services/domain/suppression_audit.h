#pragma once

// What a reader can find out about cells that a table of counts leaves out: their smallest and
// largest possible value, given all margins and the cells that are printed. Exact, in integers.
// This is the whole table's matter and cannot come from counts that add up. Choosing what to leave
// out is not done here.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace imdi::domain {

struct TableCell {
  size_t row = 0;
  size_t column = 0;
};
struct CellRange {
  int64_t least = 0;
  int64_t most = 0;
};

// `counts` >= 0, rows x columns by row, with its row and column sums printed; `suppressed` cells
// are not, each named once. Ranges in the order of `suppressed`.
std::vector<CellRange> AuditSuppressedCells(std::span<const int64_t> counts, size_t rows,
                                            size_t columns, std::span<const TableCell> suppressed);

}  // namespace imdi::domain
