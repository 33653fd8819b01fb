#pragma once

// Where two messages of one type differ: computed numbers within a tolerance, all else exactly.

#include <optional>
#include <string>

#include "google/protobuf/message.h"

namespace imdi::figures {

// Largest relative difference between two computed numbers that pass for equal.
inline constexpr double kNumberTolerance = 1e-12;

// The first difference in the order of field numbers, in words: "estimate.lower: 0.5, and 0.6 now".
// Tags (fields named etag) are not compared: they cover the bits of numbers, and all that they
// cover is compared itself.
std::optional<std::string> FirstDifference(const google::protobuf::Message& stored,
                                           const google::protobuf::Message& again);

}  // namespace imdi::figures
