#pragma once

// The command line of imdictl: which commands there are, what they take, which methods each of them
// calls, and the documents that follow from it.

#include <memory>
#include <string>
#include <vector>

namespace imdi::cli {

struct CommandInfo {
  std::string words;                 // "releases build"
  std::string synopsis;              // "releases build EDITION [--audience TEXT]"
  std::string what;                  // What it does.
  std::vector<std::string> methods;  // "ReleaseService/BuildRelease"; none of a command without a
                                     // server.
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();

  // Reads the command line and does what it says; returns the exit code.
  int Run(int argc, char** argv);

  // In the order of the help.
  const std::vector<CommandInfo>& commands() const;
  // docs/imdictl.md.
  std::string Reference() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace imdi::cli
