#include "services/domain/bit_tiles.h"

namespace imdi::domain {
#if defined(__x86_64__)
namespace {

// CountSharedPlainly with the processor's own instruction.
__attribute__((target("popcnt"))) void CountSharedByProcessor(const uint64_t* rows, size_t width,
                                                              const uint32_t* atoms,
                                                              const uint64_t* masks, size_t entries,
                                                              int32_t* counts) {
  for (size_t e = 0; e < entries; ++e) {
    const uint64_t mask = masks[e];
    int32_t* const out = counts + size_t{atoms[e]} * width;
    for (size_t k = 0; k < width; ++k) out[k] += __builtin_popcountll(rows[k] & mask);
  }
}
const bool kProcessorCounts = __builtin_cpu_supports("popcnt") != 0;

}  // namespace
#endif

void TurnTile(uint64_t* words) {
  // Hacker's Delight, 7-3: quarters change places, then quarters of quarters.
  uint64_t mask = 0x0000'0000'FFFF'FFFF;
  for (size_t step = 32; step != 0; step >>= 1, mask ^= mask << step) {
    for (size_t k = 0; k < kTileSide; k = ((k | step) + 1) & ~step) {
      const uint64_t change = ((words[k] >> step) ^ words[k | step]) & mask;
      words[k] ^= change << step;
      words[k | step] ^= change;
    }
  }
}

void CountSharedPlainly(const uint64_t* rows, size_t width, const uint32_t* atoms,
                        const uint64_t* masks, size_t entries, int32_t* counts) {
  for (size_t e = 0; e < entries; ++e) {
    const uint64_t mask = masks[e];
    int32_t* const out = counts + size_t{atoms[e]} * width;
    for (size_t k = 0; k < width; ++k) out[k] += __builtin_popcountll(rows[k] & mask);
  }
}

void CountShared(const uint64_t* rows, size_t width, const uint32_t* atoms, const uint64_t* masks,
                 size_t entries, int32_t* counts) {
#if defined(__x86_64__)
  if (kProcessorCounts) {
    CountSharedByProcessor(rows, width, atoms, masks, entries, counts);
    return;
  }
#endif
  CountSharedPlainly(rows, width, atoms, masks, entries, counts);
}

}  // namespace imdi::domain
