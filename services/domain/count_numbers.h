#pragma once

// How exact whole numbers lie among the int32 counts of a part: in limbs of 31 bits, low ones
// first, the last one with the sign. A small number costs little on the wire.

#include <cstddef>
#include <cstdint>

#include "services/domain/linear_estimate.h"

namespace imdi::domain {

inline constexpr size_t kSumLimbs = 2;     // Below 2^61 in size: 2^20 numbers up to 2^40.
inline constexpr size_t kSquareLimbs = 4;  // Below 2^124: their products.

// Places of the limbs of an atom (FigurePlan::Block::Numbers::kSums).
inline constexpr size_t kSumA = 0;
inline constexpr size_t kSumB = kSumA + kSumLimbs;
inline constexpr size_t kSumAA = kSumB + kSumLimbs;
inline constexpr size_t kSumBB = kSumAA + kSquareLimbs;
inline constexpr size_t kSumAB = kSumBB + kSquareLimbs;
inline constexpr size_t kSumOfSilent = kSumAB + kSquareLimbs;  // b, where the frame knows it.
inline constexpr size_t kSumsWidth = kSumOfSilent + kSumLimbs;

// Places of what is kept of a unit (Numbers::kUnits).
inline constexpr size_t kUnitPlace = 0;  // A UnitPlace.
inline constexpr size_t kUnitA = 1;
inline constexpr size_t kUnitB = kUnitA + kSumLimbs;
inline constexpr size_t kUnitNumbersWidth = kUnitB + kSumLimbs;

enum UnitPlace : int32_t {
  kNotOfBase,
  kInBaseOf,   // With its two numbers.
  kMayBelong,  // As in CellCounts::may_belong; b where the frame knows it, else both are 0.
};

inline void PutLimbs(Int128 value, size_t limbs, int32_t* out) {
  for (size_t i = 0; i + 1 < limbs; ++i, value >>= 31)
    out[i] = static_cast<int32_t>(value & 0x7FFF'FFFF);
  out[limbs - 1] = static_cast<int32_t>(value);
}

inline Int128 LimbsOf(const int32_t* in, size_t limbs) {
  Int128 value = in[limbs - 1];
  for (size_t i = limbs - 1; i-- > 0;) value = value * (Int128{1} << 31) + in[i];
  return value;
}

}  // namespace imdi::domain
