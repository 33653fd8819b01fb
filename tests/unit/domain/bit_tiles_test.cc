// Tiles of bits turn exactly, and bits are counted alike with and without the processor's help.

#include "services/domain/bit_tiles.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <random>
#include <vector>

#include "tests/support/campaign.h"

namespace imdi::domain {
namespace {

TEST(BitTiles, ATurnedTileHasEveryBitInItsPlaceAndTurnsBack) {
  std::mt19937_64 random(testing_support::CampaignSeed("bit tiles"));
  std::array<uint64_t, kTileSide> tile;
  for (int round = 0; round < 50; ++round) {
    for (uint64_t& word : tile) word = random() & (round % 2 == 0 ? ~uint64_t{0} : random());
    std::array<uint64_t, kTileSide> turned = tile;
    TurnTile(turned.data());
    for (size_t i = 0; i < kTileSide; ++i) {
      for (size_t j = 0; j < kTileSide; ++j)
        ASSERT_EQ((turned[i] >> j) & 1, (tile[j] >> i) & 1) << i << " " << j;
    }
    TurnTile(turned.data());
    ASSERT_EQ(turned, tile);
  }
}

TEST(BitTiles, BitsAreCountedAlikeWithAndWithoutTheProcessorsHelp) {
  std::mt19937_64 random(testing_support::CampaignSeed("bit counts"));
  for (int round = 0; round < 200; ++round) {
    const size_t width = 1 + random() % 20;
    const size_t entries = random() % 65;
    std::vector<uint64_t> rows(width);
    for (uint64_t& row : rows) row = random();
    std::vector<uint32_t> atoms(entries);
    std::vector<uint64_t> masks(entries);
    for (size_t e = 0; e < entries; ++e) {
      atoms[e] = static_cast<uint32_t>(random() % 30);
      masks[e] = random() & random();
    }
    std::vector<int32_t> wanted(30 * width, 7);
    std::vector<int32_t> counted = wanted;
    std::vector<int32_t> plainly = wanted;
    for (size_t e = 0; e < entries; ++e) {
      for (size_t k = 0; k < width; ++k)
        wanted[atoms[e] * width + k] += std::popcount(rows[k] & masks[e]);
    }
    CountShared(rows.data(), width, atoms.data(), masks.data(), entries, counted.data());
    CountSharedPlainly(rows.data(), width, atoms.data(), masks.data(), entries, plainly.data());
    ASSERT_EQ(counted, wanted);
    ASSERT_EQ(plainly, wanted);
  }
}

}  // namespace
}  // namespace imdi::domain
