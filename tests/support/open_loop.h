#pragma once

// An open loop of unary calls: each begins when its time has come, whether or not those before it
// were answered, as callers do who know nothing of each other. How long one took counts from the
// time it should have begun, so that a server that stalls cannot hide what it cost.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace imdi::testing_support {

// One call, made when its time has come.
struct OpenCall {
  size_t caller = 0;   // 0 … callers - 1; each is a connection of its own.
  std::string method;  // "/package.Service/Method"
  std::string request;
};

struct OpenAnswer {
  size_t index = 0;  // Of the call.
  absl::Status status;
  std::string response;  // Empty where the loop does not keep them.
  size_t response_bytes = 0;
  double began_s = 0;  // When it should have begun, from the start of the loop.
  double took_s = 0;   // From then until it was answered.
};

struct OpenLoop {
  std::string address;
  size_t callers = 1;
  double deadline_s = 10;
  // False: answers are taken and counted, and not copied for whoever reads them.
  bool keep_responses = true;
  std::vector<double> times_s;  // When calls begin, ascending.
  // Called in order, on one thread. Nothing: this one is left out.
  std::function<std::optional<OpenCall>(size_t index)> make;
  // Called from many threads.
  std::function<void(const OpenAnswer&)> answered;

  // Returns when every call has been answered.
  void Run() const;
};

// `per_second` calls a second for `seconds`, at times that know nothing of each other (Poisson).
std::vector<double> PoissonTimes(double per_second, double seconds, uint64_t seed);

}  // namespace imdi::testing_support
