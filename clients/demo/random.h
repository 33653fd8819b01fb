#pragma once

// A random sequence that is the same on every compiler, machine and standard library.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace imdi::demo {

// splitmix64. Every use names its purpose and so gets a sequence of its own: a new question moves
// no other answer.
class Random {
 public:
  explicit Random(std::string_view purpose);

  uint64_t Next();
  // A number in [0, bound); bound is at least 1.
  size_t Below(size_t bound);

  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (size_t left = values.size(); left > 1; --left)
      std::swap(values[left - 1], values[Below(left)]);
  }

 private:
  uint64_t state_;
};

}  // namespace imdi::demo
