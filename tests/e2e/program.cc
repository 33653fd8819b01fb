#include "tests/e2e/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/time/clock.h"
#include "services/base/clock.h"
#include "tests/fault/process/server_process.h"

namespace imdi::e2e {
namespace {

int OpenOrAbort(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) std::abort();
  return file;
}

std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A child with these outputs; when the test dies, so does it. `group`: in a process group of its
// own, which its children are in too.
pid_t Start(std::vector<std::string> command, int out, int err, bool group = false) {
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (group) ::setpgid(0, 0);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  return pid;
}

// Kills a child that leads a group, and all of it, unless it ends before the limit; what it started
// must not outlive it either way. It is not reaped.
bool EndsInTime(pid_t leader, absl::Duration limit) {
  pollfd ended{
      .fd = static_cast<int>(::syscall(SYS_pidfd_open, leader, 0)), .events = POLLIN, .revents = 0};
  if (ended.fd < 0) std::abort();
  const base::SteadyTime until = base::SteadyClock::now() + absl::ToChronoNanoseconds(limit);
  int ready = 0;
  do {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - base::SteadyClock::now()).count();
    ready = ::poll(&ended, 1, static_cast<int>(std::max<int64_t>(left, 0)));
  } while (ready < 0 && errno == EINTR);
  ::close(ended.fd);
  ::kill(-leader, SIGKILL);
  return ready == 1;
}

// Waits for the end of a child.
int CodeOf(pid_t pid) {
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) std::abort();
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

}  // namespace

Ran RunProgram(const std::string& folder, const std::string& name,
               const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {process_fault::ProgramPath(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunCommand(folder, command);
}

Ran RunCommand(const std::string& folder, const std::vector<std::string>& command,
               absl::Duration limit) {
  const std::string out_path = folder + "/stdout";
  const std::string err_path = folder + "/stderr";
  const int out = OpenOrAbort(out_path);
  const int err = OpenOrAbort(err_path);
  const pid_t pid = Start(command, out, err, true);
  ::close(out);
  ::close(err);
  const bool in_time = EndsInTime(pid, limit);
  Ran ran{.code = CodeOf(pid), .out = ContentOf(out_path), .err = ContentOf(err_path)};
  if (!in_time) ran.err += "\nkilled: it had not ended after " + absl::FormatDuration(limit) + "\n";
  return ran;
}

RunningProgram::RunningProgram(const std::vector<std::string>& command) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) std::abort();
  pid_ = Start(command, pipe[1], STDERR_FILENO);
  ::close(pipe[1]);
  output_ = pipe[0];
}

RunningProgram::~RunningProgram() {
  if (pid_ >= 0) {
    ::kill(pid_, SIGKILL);
    Reap();
  }
  ::close(output_);
}

bool RunningProgram::WaitFor(const std::string& text, absl::Duration patience) {
  const absl::Time until = absl::Now() + patience;
  while (out_.find(text) == std::string::npos) {
    const absl::Duration left = until - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) <= 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t count = ::read(output_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    out_.append(bytes.data(), static_cast<size_t>(count));
  }
  return true;
}

int RunningProgram::Terminate() {
  ::kill(pid_, SIGTERM);
  return Reap();
}

int RunningProgram::Reap() {
  const pid_t pid = pid_;
  pid_ = -1;
  return CodeOf(pid);
}

Connection::Connection(const std::string& address)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (socket_ < 0) std::abort();
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  // Completed by the kernel, whether or not the process accepts it.
  static_cast<void>(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to));
}

Connection::~Connection() { ::close(socket_); }

}  // namespace imdi::e2e
