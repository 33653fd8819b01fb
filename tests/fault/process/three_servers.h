#pragma once

// A system in three processes, each of which can be away for a while: they keep their addresses, so
// that those who follow them find them again.

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "clients/cli/connection.h"
#include "tests/fault/process/server_process.h"
#include "tests/support/kept_address.h"

namespace imdi::process_fault {

enum class Part : uint8_t { kIngestion, kAggregation, kQuery };
inline constexpr std::array kParts = {Part::kIngestion, Part::kAggregation, Part::kQuery};
// imdi-ingestion …
std::string ProgramOf(Part part);

class ThreeServers {
 public:
  // All data and logs lie below `folder`.
  explicit ThreeServers(std::string folder) : folder_(std::move(folder)) {}

  // From now on a process is started with this file and nothing else; it must name the addresses
  // below.
  void Configure(Part part, std::string file) { config_[Index(part)] = std::move(file); }
  // Starts a process, on the addresses of the one before it, and does not wait for it. Its program
  // lies in `programs`; empty = where those of the build are.
  void Begin(Part part, const std::string& programs = "");
  // True once everything that was begun is ready.
  bool WaitReady(absl::Duration patience);
  ServerProcess& of(Part part) { return *process(part); }
  bool runs(Part part) const { return processes_[Index(part)] != nullptr; }
  // SIGKILL.
  void Kill(Part part) { process(part).reset(); }
  // SIGTERM; its exit code once it is gone, or none when `patience` is over.
  std::optional<int> Stop(Part part, absl::Duration patience);

  const std::string& public_address() const { return public_address_.text(); }
  const std::string& internal_address(Part part) const { return internal_[Index(part)].text(); }
  const std::string& health_address(Part part) const { return health_[Index(part)].text(); }
  std::string LogFile(Part part) const;
  // To all three.
  cli::Connection Connect(absl::Duration call_timeout) const;

 private:
  static size_t Index(Part part) { return static_cast<size_t>(part); }
  std::unique_ptr<ServerProcess>& process(Part part) { return processes_[Index(part)]; }

  const std::string folder_;
  testing_support::KeptAddress public_address_;
  std::array<testing_support::KeptAddress, 3> internal_;
  std::array<testing_support::KeptAddress, 3> health_;
  std::array<std::string, 3> config_;
  std::array<std::unique_ptr<ServerProcess>, 3> processes_;
};

// Body and status of GET http://ADDRESS/PATH; status 0 where nobody answers.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer HttpGet(const std::string& address, const std::string& path);

}  // namespace imdi::process_fault
