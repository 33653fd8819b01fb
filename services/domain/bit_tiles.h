#pragma once

// Bits of units in tiles of 64 × 64, which turn between "one word per unit" and "one word per row":
// units are written whole, rows are counted whole, and each is fast.

#include <cstddef>
#include <cstdint>

namespace imdi::domain {

inline constexpr size_t kTileSide = 64;

// Bit j of word i changes places with bit i of word j. Twice is nothing.
void TurnTile(uint64_t* words);

// Adds to `counts[atoms[e] * width + k]` the bits that `rows[k]` and `masks[e]` share, for every e
// and k. Integers only.
void CountShared(const uint64_t* rows, size_t width, const uint32_t* atoms, const uint64_t* masks,
                 size_t entries, int32_t* counts);

// The same without the processor's own instruction, for machines that have none.
void CountSharedPlainly(const uint64_t* rows, size_t width, const uint32_t* atoms,
                        const uint64_t* masks, size_t entries, int32_t* counts);

}  // namespace imdi::domain
