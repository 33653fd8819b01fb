#pragma once

// One side of a measurement: a server in a process of its own, started from this program, that
// tells what it used.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace imdi::bench {

struct Usage {
  int64_t cpu_us = 0;   // User and system time of the process so far.
  int64_t rss_kib = 0;  // Resident memory now.
  int64_t batches = 0;  // Synced batches of the committer, where there is one.
  int64_t records = 0;  // Records in them.
};

// What surrounds a server beside its arguments.
struct Surroundings {
  std::vector<std::string> environment;  // "NAME=value", added to what there is.
  int cpu = -1;                          // It runs on this one alone; -1: on all.
};

class Side {
 public:
  // Starts `program --role …`; exits the whole program with a message when it does not get ready.
  Side(const std::string& program, std::vector<std::string> arguments,
       const Surroundings& surroundings = {});
  ~Side() { Stop(); }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  // Words of the ready line behind "ready": addresses.
  const std::vector<std::string>& addresses() const { return addresses_; }
  double start_seconds() const { return start_seconds_; }
  Usage Read() const;
  // Ends the process: by closing its input (it drains), or with SIGKILL.
  void Stop();
  void Kill();

 private:
  std::string ReadLine() const;
  void Reap();

  pid_t pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::vector<std::string> addresses_;
  double start_seconds_ = 0;
};

// The child's half of the conversation: prints the ready line, answers "stats" lines, returns when
// its input ends.
void ServeParent(const std::string& ready, const std::function<Usage()>& usage);
// CPU and memory of this process.
Usage OwnUsage();
// The calling thread, and those it starts from now on, run on that processor alone; -1: on all.
// False when the machine does not have it.
bool RunOn(int cpu);

}  // namespace imdi::bench
