#pragma once

// A program run to its end, with what it printed.

#include <string>
#include <vector>

#include "tests/support/kept_address.h"

namespace imdi::e2e {

struct Ran {
  int code = 0;  // Exit code, or 128 + the signal that ended it.
  std::string out;
  std::string err;
};

// $IMDI_BIN/NAME with these arguments. Its outputs pass through files in `folder`.
Ran RunProgram(const std::string& folder, const std::string& name,
               const std::vector<std::string>& arguments);

// Where nobody listens.
using DeadAddress = testing_support::KeptAddress;

// An open TCP connection that says nothing, to "127.0.0.1:port"; none where it was refused.
class Connection {
 public:
  explicit Connection(const std::string& address);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  int socket_ = -1;
};

}  // namespace imdi::e2e
