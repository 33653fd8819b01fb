#pragma once

// Programs of the tests: run to their end, or read while they run.

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
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

// The same for any command; its first word is looked for where a shell looks. It runs in a process
// group of its own, which is killed where it has not ended after `limit`.
Ran RunCommand(const std::string& folder, const std::vector<std::string>& command,
               absl::Duration limit = absl::Minutes(3));

// A command that goes on, and what it has printed so far. Its errors go to this test's.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& command);
  // Kills what still runs.
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  // Reads until `text` was printed; false when it ended or `patience` is over before.
  bool WaitFor(const std::string& text, absl::Duration patience);
  const std::string& out() const { return out_; }
  // SIGTERM; its exit code, or 128 + the signal that ended it.
  int Terminate();

 private:
  int Reap();

  pid_t pid_ = -1;  // -1 once it was reaped.
  int output_ = -1;
  std::string out_;
};

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
