#pragma once

// A real server as a child of the test: started on free ports, killed, drained, started again on
// the same folder, and where others must find it again on the same ports.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace imdi::process_fault {

// $IMDI_BIN/NAME; a path is itself.
std::string ProgramPath(const std::string& name);
// Runs a program to its end; its exit code, or 128 + the signal that ended it.
int RunProgram(const std::vector<std::string>& command);

class ServerProcess {
 public:
  struct Options {
    std::string data;                         // Folder of all data.
    std::string log_file;                     // Its standard error is added to this file.
    std::vector<std::string> arguments = {};  // Instead of --data, when not empty.
    std::string program = "imdi-allinone";
    bool has_public = true;  // It listens for outsiders.
    // Any free ones, or those of a process that went. Empty: where its configuration says.
    std::string listen = "127.0.0.1:0";
    std::string internal_listen = "127.0.0.1:0";
    std::string health_listen = "127.0.0.1:0";
    // Puts a file system of this size over `data`, which only the child sees and which goes with
    // it. 0: none.
    int disk_mib = 0;
    std::vector<std::string> environment = {};  // "NAME=value", added to what there is.
  };
  // When the test dies, so does the child.
  explicit ServerProcess(const Options& options);
  // Kills what still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // True once it has said where it listens; false when it ended instead, or `patience` is over.
  bool WaitReady(absl::Duration patience);
  const std::string& public_address() const { return public_address_; }
  const std::string& internal_address() const { return internal_address_; }
  const std::string& health_address() const { return health_address_; }

  // -1 once it is gone.
  pid_t pid() const { return pid_; }
  // At most so many open files from now on.
  void LimitDescriptors(int most);

  // SIGKILL; returns when the process is gone.
  void Kill();
  void Terminate();
  // Its exit code, or 128 + the signal that ended it; none when `patience` is over.
  std::optional<int> WaitExit(absl::Duration patience);

  // A path of the child's file system as this process reaches it.
  std::string PathInside(const std::string& path) const;

  // It could not get a file system of its own, which takes rights that not every machine gives.
  static constexpr int kNoDisk = 125;

 private:
  // Reads standard output until a whole line came, the end, or `patience` is over. False at the
  // end.
  bool ReadOutput(absl::Time until, bool stop_at_line);

  pid_t pid_ = -1;  // -1 once it was reaped.
  int output_ = -1;
  std::string read_;
  std::string public_address_;
  std::string internal_address_;
  std::string health_address_;
  int exit_code_ = 0;
};

}  // namespace imdi::process_fault
