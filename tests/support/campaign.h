#pragma once

// How long a fault campaign runs, and from which seed. IMDI_CAMPAIGN_ROUNDS sets the length of all
// campaigns of a program (a soak sets it high), IMDI_SEED repeats a run.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

namespace imdi::testing_support {

inline int64_t NumberFromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::atoll(text);
}

// 1 or more.
inline int64_t CampaignRounds(int64_t rounds_by_default) {
  const int64_t rounds = NumberFromEnvironment("IMDI_CAMPAIGN_ROUNDS", rounds_by_default);
  return rounds < 1 ? 1 : rounds;
}

// Prints the seed, so that a failure can be repeated.
inline uint64_t CampaignSeed(std::string_view campaign) {
  const auto seed = static_cast<uint64_t>(NumberFromEnvironment(
      "IMDI_SEED", static_cast<int64_t>(std::random_device{}() % 1'000'000'000)));
  std::cout << campaign << ": IMDI_SEED=" << seed << std::endl;
  return seed;
}

}  // namespace imdi::testing_support
