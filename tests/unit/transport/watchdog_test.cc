// What the watchdog takes for a listener that serves.

#include "services/transport/watchdog.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "echo_listener.h"

namespace imdi::transport {
namespace {

// A port whose connections the kernel completes and nobody accepts, as of a listener that died.
class MuteListener {
 public:
  explicit MuteListener(bool listens) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    auto* generic = reinterpret_cast<sockaddr*>(&own);
    EXPECT_EQ(bind(socket_, generic, size), 0);
    if (listens) {
      EXPECT_EQ(listen(socket_, 16), 0);
    }
    EXPECT_EQ(getsockname(socket_, generic, &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  }
  ~MuteListener() { close(socket_); }
  MuteListener(const MuteListener&) = delete;
  MuteListener& operator=(const MuteListener&) = delete;
  const std::string& address() const { return address_; }

 private:
  const int socket_;
  std::string address_;
};

TEST(Watchdog, TakesAListenerThatGreetsForServed) {
  EchoListener echo;
  echo.Listen();
  EXPECT_TRUE(IsServed(echo.host->address()));
  EXPECT_TRUE(IsServed(echo.host->address())) << "and again";
}

TEST(Watchdog, SeesThroughAConnectionThatTheKernelMadeAlone) {
  EXPECT_FALSE(IsServed(MuteListener(true).address()));
}

TEST(Watchdog, GivesUpAnAddressThatFailsAgainAndAgain) {
  const MuteListener nobody(false);
  std::promise<std::string> given_up;
  const Watchdog watchdog(
      {nobody.address()}, [&](const std::string& address) { given_up.set_value(address); },
      absl::Milliseconds(1));
  std::future<std::string> address = given_up.get_future();
  ASSERT_EQ(address.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(address.get(), nobody.address());
}

}  // namespace
}  // namespace imdi::transport
