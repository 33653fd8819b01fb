#pragma once

// Chance for property tests: the same seed, the same numbers on every machine.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace imdi::testing_support {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  // 0 to below `bound`.
  int Below(int bound) { return static_cast<int>(engine_() % static_cast<uint64_t>(bound)); }
  // 0 to `most`.
  int UpTo(int most) { return Below(most + 1); }
  // `low` to `high`.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  bool OneIn(int n) { return Below(n) == 0; }
  bool Chance(double p) { return static_cast<double>(engine_() >> 11) * 0x1p-53 < p; }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[static_cast<size_t>(Below(static_cast<int>(values.size())))];
  }
  std::string OneOf(const std::vector<std::string>& texts) { return Of(texts); }
  // For the distributions of the standard library.
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace imdi::testing_support
