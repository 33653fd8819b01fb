#include "services/domain/suppression_audit.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace imdi::domain {
namespace {

// What is raised in one suppressed cell must be lowered in others of its row and column, and so
// around. Rows and columns are the nodes of a network: a cell can be raised without end (from its
// row to its column) and lowered to 0 (back). How far one cell can move is the largest flow around
// it, by shortest augmenting paths (Edmonds and Karp 1972): bounded by nodes x cells of them.
class Network {
 public:
  Network(std::span<const int64_t> counts, size_t rows, size_t columns,
          std::span<const TableCell> suppressed)
      : rows_(rows), arcs_(rows + columns) {
    for (const TableCell& cell : suppressed)
      cells_.push_back({cell, counts[cell.row * columns + cell.column]});
    for (size_t i = 0; i < cells_.size(); ++i) {
      arcs_[cells_[i].at.row].push_back(i);
      arcs_[rows_ + cells_[i].at.column].push_back(i);
    }
  }

  // The largest flow from one node to another that leaves cell `without` alone, at most `most`.
  int64_t LargestFlow(size_t from, size_t to, size_t without, int64_t most) {
    std::vector<int64_t> value;
    for (const Cell& cell : cells_) value.push_back(cell.count);
    int64_t flow = 0;
    while (flow < most) {
      // The cell through which each node was reached, by breadth.
      std::vector<size_t> through(arcs_.size(), kNone);
      std::vector<size_t> queue = {from};
      for (size_t next = 0; next < queue.size() && through[to] == kNone; ++next) {
        const size_t node = queue[next];
        for (const size_t i : arcs_[node]) {
          const size_t other = Other(i, node);
          if (i == without || other == from || through[other] != kNone) continue;
          if (node >= rows_ && value[i] == 0) continue;  // Cannot be lowered.
          through[other] = i;
          queue.push_back(other);
        }
      }
      if (through[to] == kNone) break;
      int64_t part = most - flow;
      for (size_t node = to; node != from; node = Other(through[node], node)) {
        if (node < rows_) part = std::min(part, value[through[node]]);
      }
      for (size_t node = to; node != from; node = Other(through[node], node))
        value[through[node]] += node < rows_ ? -part : part;
      flow += part;
    }
    return flow;
  }

  CellRange RangeOf(size_t i) {
    const Cell& cell = cells_[i];
    const size_t column = rows_ + cell.at.column;
    // Raised, it takes from its column and its row gives back; lowered, the other way around.
    const int64_t up = LargestFlow(column, cell.at.row, i, std::numeric_limits<int64_t>::max());
    const int64_t down = LargestFlow(cell.at.row, column, i, cell.count);
    return {cell.count - down, cell.count + up};
  }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  struct Cell {
    TableCell at;
    int64_t count;
  };
  size_t Other(size_t cell, size_t node) const {
    return node < rows_ ? rows_ + cells_[cell].at.column : cells_[cell].at.row;
  }

  size_t rows_;
  std::vector<Cell> cells_;
  std::vector<std::vector<size_t>> arcs_;  // Cells of a row, then of a column.
};

}  // namespace

std::vector<CellRange> AuditSuppressedCells(std::span<const int64_t> counts, size_t rows,
                                            size_t columns, std::span<const TableCell> suppressed) {
  Network network(counts, rows, columns, suppressed);
  std::vector<CellRange> out;
  for (size_t i = 0; i < suppressed.size(); ++i) out.push_back(network.RangeOf(i));
  return out;
}

}  // namespace imdi::domain
