#include "services/transport/watchdog.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <utility>

#include "services/base/clock.h"

namespace imdi::transport {

namespace {

// For dialling and for hearing, each.
bool SetPatience(int descriptor) {
  const timeval patience{.tv_sec = base::kWatchdogGreetingMs / 1'000,
                         .tv_usec = (base::kWatchdogGreetingMs % 1'000) * 1'000};
  return setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
         setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0;
}

// The frame by which a server of HTTP/2 greets: 9 bytes, of which the fourth is its type, SETTINGS.
bool IsGreeted(int descriptor) {
  constexpr size_t kFrameHeaderBytes = 9;
  constexpr uint8_t kSettings = 4;
  std::array<uint8_t, kFrameHeaderBytes> header{};
  const ssize_t got = recv(descriptor, header.data(), header.size(), MSG_WAITALL);
  // A listener that has no descriptor to spare says so by a reset: it is alive.
  if (got < 0 && errno == ECONNRESET) return true;
  return got == static_cast<ssize_t>(header.size()) && header[3] == kSettings;
}

}  // namespace

bool IsServed(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
    return false;
  const int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Connecting alone proves nothing: the kernel does it for a listener that accepts no more.
  const bool served = descriptor >= 0 && SetPatience(descriptor) &&
                      (connect(descriptor, found->ai_addr, found->ai_addrlen) == 0
                           ? IsGreeted(descriptor)
                           : errno == ECONNRESET);  // Accepted, and reset before connect returned.
  if (descriptor >= 0) close(descriptor);
  freeaddrinfo(found);
  return served;
}

Watchdog::Watchdog(std::vector<std::string> addresses,
                   std::function<void(const std::string&)> given_up, absl::Duration interval)
    : addresses_(std::move(addresses)),
      given_up_(std::move(given_up)),
      interval_(interval),
      thread_([this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

void Watchdog::Run() {
  std::map<std::string, int> failures;
  base::MutexLock lock(mutex_);
  while (true) {
    const auto next = base::SteadyClock::now() + absl::ToChronoNanoseconds(interval_);
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) continue;
    if (stopping_) return;
    for (const std::string& address : addresses_) {
      int& in_a_row = failures[address];
      in_a_row = IsServed(address) ? 0 : in_a_row + 1;
      if (in_a_row >= base::kWatchdogFailuresMax) {
        given_up_(address);
        return;
      }
    }
  }
}

}  // namespace imdi::transport
