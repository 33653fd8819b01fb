#pragma once

// How each unit of an edition stands to what later editions compare it by. Bits that are taken out
// of an answer matrix and stay when it is unloaded. Immutable.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imdi::domain {

struct UnitStates {
  // Bit u % 64 of word u / 64 belongs to unit u of the frame.
  using Bits = std::vector<uint64_t>;
  struct Row {
    std::string cell;  // {indicator}.{basis}[.answer={code}]
    Bits in_base;
    Bits yes;  // Of those.
  };
  Bits invited;    // Not out of scope.
  Bits responded;  // Complete or partial.
  std::vector<Row> rows;

  const Row* Find(std::string_view cell) const {
    for (const Row& row : rows) {
      if (row.cell == cell) return &row;
    }
    return nullptr;
  }
};

}  // namespace imdi::domain
