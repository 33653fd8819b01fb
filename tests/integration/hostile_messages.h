#pragma once

// What somebody who means harm, or a broken client, may send instead of a valid message of any
// type.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace imdi::testing_support {

enum class Verdict : uint8_t {
  kAny,          // Any answer that is allowed at all: some variants are valid by chance.
  kInvalidUtf8,  // The bytes cannot be read: INVALID_ARGUMENT with `place`.
  kTooDeep,      // The same, for nesting.
  kOversized,    // RESOURCE_EXHAUSTED.
};

struct Hostile {
  std::string what;   // For people: "submission.answers[0].item = a NUL".
  std::string place;  // Field path where one field is wrong; empty otherwise.
  Verdict verdict = Verdict::kAny;
  // The bytes to send, made out of a valid message of the type.
  std::function<std::string(const google::protobuf::Message& valid)> bytes;
};

// Variants for the type and shape of `valid`. The same seed gives the same ones.
std::vector<Hostile> HostileVariants(const google::protobuf::Message& valid, uint32_t seed);

}  // namespace imdi::testing_support
