#include "services/transport/watchdog.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "absl/time/clock.h"

namespace imdi::transport {

bool CanConnect(const std::string& address) {
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
  const bool connected =
      descriptor >= 0 && connect(descriptor, found->ai_addr, found->ai_addrlen) == 0;
  if (descriptor >= 0) close(descriptor);
  freeaddrinfo(found);
  return connected;
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
    const absl::Time next = absl::Now() + interval_;
    for (absl::Time now = absl::Now(); !stopping_ && now < next; now = absl::Now())
      changed_.WaitFor(mutex_, next - now);
    if (stopping_) return;
    for (const std::string& address : addresses_) {
      int& in_a_row = failures[address];
      in_a_row = CanConnect(address) ? 0 : in_a_row + 1;
      if (in_a_row >= base::kWatchdogFailuresMax) {
        given_up_(address);
        return;
      }
    }
  }
}

}  // namespace imdi::transport
