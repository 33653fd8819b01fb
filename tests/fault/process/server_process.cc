#include "tests/fault/process/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "absl/time/clock.h"

namespace imdi::process_fault {
namespace {

std::vector<char*> ArgumentsOf(const std::vector<std::string>& command) {
  std::vector<char*> out;
  for (const std::string& word : command) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

int CodeOf(int state) { return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state); }

int Reap(pid_t pid) {
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) std::abort();
  }
  return CodeOf(state);
}

// What stands behind " KEY=" in the ready line.
std::string AddressIn(const std::string& line, const std::string& key) {
  const size_t at = line.find(" " + key + "=");
  if (at == std::string::npos) return "";
  const size_t from = at + key.size() + 2;
  return line.substr(from, line.find(' ', from) - from);
}

// In the child, between fork and exec: system calls only.
bool MountDisk(const char* path, const char* options) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", path, "tmpfs", 0, options) == 0;
}

}  // namespace

std::string ProgramPath(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* folder = std::getenv("IMDI_BIN");
  return std::string(folder == nullptr ? "build/release/bin" : folder) + "/" + name;
}

int RunProgram(const std::vector<std::string>& command) {
  const std::vector<char*> arguments = ArgumentsOf(command);
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  return Reap(pid);
}

ServerProcess::ServerProcess(const Options& options) {
  std::vector<std::string> command = {ProgramPath(options.program)};
  if (options.arguments.empty()) {
    command.insert(command.end(), {"--data", options.data});
  } else {
    command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  }
  const auto listen = [&command](const char* option, const std::string& address) {
    if (!address.empty()) command.insert(command.end(), {option, address});
  };
  if (options.has_public) listen("--listen", options.listen);
  listen("--internal_listen", options.internal_listen);
  listen("--health_listen", options.health_listen);
  if (!options.environment.empty()) {
    command.insert(command.begin(), options.environment.begin(), options.environment.end());
    command.insert(command.begin(), "/usr/bin/env");
  }
  const std::vector<char*> arguments = ArgumentsOf(command);
  const std::string disk_options = "size=" + std::to_string(options.disk_mib) + "m,mode=0700";
  std::filesystem::create_directories(options.data);

  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
  const int log = ::open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) std::abort();
  pid_ = ::fork();
  if (pid_ < 0) std::abort();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe[1], STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    if (options.disk_mib > 0 && !MountDisk(options.data.c_str(), disk_options.c_str())) {
      ::_exit(kNoDisk);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  ::close(log);
  output_ = pipe[0];
}

ServerProcess::~ServerProcess() {
  Kill();
  ::close(output_);
}

bool ServerProcess::ReadOutput(absl::Time until, bool stop_at_line) {
  while (true) {
    if (stop_at_line && read_.find('\n') != std::string::npos) return true;
    const absl::Duration left = std::max(until - absl::Now(), absl::ZeroDuration());
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    const auto patience = static_cast<int>(
        std::min<int64_t>(absl::ToInt64Milliseconds(left + absl::Microseconds(999)), 60'000));
    const int polled = ::poll(&ready, 1, patience);
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0) {
      if (absl::Now() >= until) return true;
      continue;
    }
    std::array<char, 512> bytes{};
    const ssize_t count = ::read(output_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    read_.append(bytes.data(), static_cast<size_t>(count));
  }
}

bool ServerProcess::WaitReady(absl::Duration patience) {
  if (internal_address_.empty() && ReadOutput(absl::Now() + patience, true)) {
    const size_t end = read_.find('\n');
    if (end == std::string::npos || !read_.starts_with("ready ")) return false;
    const std::string line = read_.substr(0, end);
    public_address_ = AddressIn(line, "public");
    internal_address_ = AddressIn(line, "internal");
    health_address_ = AddressIn(line, "health");
  }
  return !internal_address_.empty();
}

void ServerProcess::LimitDescriptors(int most) {
  rlimit limit{};
  if (::prlimit(pid_, RLIMIT_NOFILE, nullptr, &limit) != 0) std::abort();
  limit.rlim_cur = static_cast<rlim_t>(most);  // The other one could not be raised again.
  if (::prlimit(pid_, RLIMIT_NOFILE, &limit, nullptr) != 0) std::abort();
}

void ServerProcess::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  exit_code_ = Reap(pid_);
  pid_ = -1;
}

void ServerProcess::Terminate() {
  if (pid_ >= 0) ::kill(pid_, SIGTERM);
}

std::optional<int> ServerProcess::WaitExit(absl::Duration patience) {
  if (pid_ < 0) return exit_code_;
  // Its end closes the pipe.
  if (ReadOutput(absl::Now() + patience, false)) return std::nullopt;
  exit_code_ = Reap(pid_);
  pid_ = -1;
  return exit_code_;
}

std::string ServerProcess::PathInside(const std::string& path) const {
  return "/proc/" + std::to_string(pid_) + "/root" + path;
}

}  // namespace imdi::process_fault
