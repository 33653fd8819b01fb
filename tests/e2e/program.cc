#include "tests/e2e/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

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

}  // namespace

Ran RunProgram(const std::string& folder, const std::string& name,
               const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {process_fault::ProgramPath(name)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> words;
  for (std::string& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  const std::string out_path = folder + "/stdout";
  const std::string err_path = folder + "/stderr";
  const int out = OpenOrAbort(out_path);
  const int err = OpenOrAbort(err_path);
  const pid_t pid = ::fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(out);
  ::close(err);
  int state = 0;
  while (::waitpid(pid, &state, 0) < 0) {
    if (errno != EINTR) std::abort();
  }
  return {.code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state),
          .out = ContentOf(out_path),
          .err = ContentOf(err_path)};
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
