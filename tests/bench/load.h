#pragma once

// A closed loop of unary calls: so many in flight, the next begins when one is answered.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"

namespace imdi::bench {

struct LoadResult {
  double seconds = 0;
  std::vector<double> latencies_us;  // Sorted, one for each answered call.
  int64_t failed = 0;
  std::string first_failure;

  double PerSecond() const {
    return seconds > 0 ? static_cast<double>(latencies_us.size()) / seconds : 0;
  }
  // `quantile` 0–1; 0 without calls.
  double Quantile(double quantile) const;
};

// Calls `method` ("/package.Service/Method") with the bytes of requests[0..], each once,
// `in_flight` at a time: the k-th loop sends requests k, k + in_flight, k + 2 · in_flight …, each
// when the one before it is answered. `check` sees each answer's bytes and says whether it is what
// was asked for.
LoadResult RunLoad(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                   const std::vector<std::string>& requests, int in_flight,
                   const std::function<bool(const std::string&)>& check);

}  // namespace imdi::bench
