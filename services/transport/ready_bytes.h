#pragma once

// An answer whose bytes lie ready: a shared part that is never copied when it is large, and a small
// one behind it. Protobuf fields may come in any order, so what differs from call to call (a
// position) goes into the tail.

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace imdi::transport {

struct ReadyBytes {
  std::shared_ptr<const std::string> shared;  // May be null.
  std::string tail;

  size_t size() const { return (shared == nullptr ? 0 : shared->size()) + tail.size(); }
  std::string ToString() const { return shared == nullptr ? tail : *shared + tail; }
};

}  // namespace imdi::transport
