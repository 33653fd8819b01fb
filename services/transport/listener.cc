#include "services/transport/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

absl::Status Refused(const std::string& address) {
  return base::Error(base::Reason::kListenRefused,
                     base::StrCat("cannot listen on ", address, " (", std::strerror(errno),
                                  "); is another process using the port?"));
}

// The kernel gives the lowest number that is free, so what it gives says how many are taken.
bool UsesUpTheReserve(int descriptor) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const auto most = static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, INT32_MAX));
  return descriptor >= most - std::min<int64_t>(base::kDescriptorsReserved, most / 4);
}

void CloseWithReset(int descriptor) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none));
  close(descriptor);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, std::min(colon, address.size()));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  errno = EINVAL;
  if (colon == std::string::npos ||
      getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
    return Refused(address);
  const int one = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1, unanswered_ms = base::kKeepaliveTimeoutMs;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  // What is set here holds for every connection that is accepted.
  const bool listening =
      one >= 0 && setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
      setsockopt(one, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms) == 0 &&
      bind(one, found->ai_addr, found->ai_addrlen) == 0 && listen(one, SOMAXCONN) == 0 &&
      getsockname(one, reinterpret_cast<sockaddr*>(&bound), &size) == 0;
  freeaddrinfo(found);
  const int wake = listening ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
  if (wake < 0) {
    absl::Status refused = Refused(address);
    if (one >= 0) close(one);
    return refused;
  }
  const in_port_t port = bound.ss_family == AF_INET6
                             ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                             : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port;
  return std::unique_ptr<Listener>(
      new Listener(one, wake, base::StrCat(address.substr(0, colon), ":", ntohs(port))));
}

Listener::Listener(int socket, int wake, std::string address)
    : socket_(socket), wake_(wake), address_(std::move(address)) {}

Listener::~Listener() {
  Stop();
  close(wake_);
}

void Listener::Start(std::function<void(int)> take) {
  thread_ = std::thread([this, take = std::move(take)] { Run(take); });
}

void Listener::Stop() {
  const uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof one));
  if (thread_.joinable()) thread_.join();
  if (socket_ >= 0) close(std::exchange(socket_, -1));
}

bool Listener::Wait(int patience_ms, bool for_connections) const {
  std::array<pollfd, 2> watched = {pollfd{.fd = wake_, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = socket_, .events = POLLIN, .revents = 0}};
  static_cast<void>(poll(watched.data(), for_connections ? 2 : 1, patience_ms));
  return watched[0].revents == 0;
}

void Listener::Run(const std::function<void(int)>& take) {
  bool refusing = false;  // Said once in the log, not for every connection.
  while (Wait(-1, true)) {
    const int descriptor = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const bool gone = descriptor < 0 && (errno == EAGAIN || errno == EINTR ||
                                         errno == ECONNABORTED || errno == EPROTO);
    if (gone) continue;
    const bool refused = descriptor < 0 || UsesUpTheReserve(descriptor);
    if (refused != std::exchange(refusing, refused)) {
      if (refused) {
        base::LogEvent(base::Level::kWarning, "connections_refused",
                       {{"address", address_},
                        {"cause", descriptor < 0 ? std::strerror(errno) : "descriptors"}});
      } else {
        base::LogEvent(base::Level::kInfo, "connections_accepted_again", {{"address", address_}});
      }
    }
    if (!refused) {
      take(descriptor);
    } else if (descriptor >= 0) {
      CloseWithReset(descriptor);
    } else if (!Wait(base::kAcceptRetryMs, false)) {
      return;
    }
  }
}

}  // namespace imdi::transport
