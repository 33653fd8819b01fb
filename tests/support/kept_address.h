#pragma once

// A loopback address, kept from others as long as this lives. Nobody listens there, unless a server
// is told to: it may, and when it goes the address is still kept for the one that comes after it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace imdi::testing_support {

class KeptAddress {
 public:
  KeptAddress() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Bound and never listening: then another socket may share the port if both reuse addresses,
    // and no port that the system hands out is this one.
    const int yes = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (socket_ < 0 || ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        ::bind(socket_, generic, size) != 0 || ::getsockname(socket_, generic, &size) != 0) {
      std::abort();
    }
    text_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~KeptAddress() { ::close(socket_); }
  KeptAddress(const KeptAddress&) = delete;
  KeptAddress& operator=(const KeptAddress&) = delete;

  const std::string& text() const { return text_; }

 private:
  int socket_ = -1;
  std::string text_;
};

}  // namespace imdi::testing_support
