#include "clients/demo/random.h"

namespace imdi::demo {
namespace {

constexpr uint64_t kSeed = 0x494D44492D4B5531;  // "IMDI-KU1"

uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
  return hash;
}

}  // namespace

Random::Random(std::string_view purpose) : state_(kSeed ^ Fnv1a(purpose)) {}

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

size_t Random::Below(size_t bound) { return static_cast<size_t>(Next() % bound); }

}  // namespace imdi::demo
