// The proxy itself, between bare sockets: what is said to happen to bytes happens to them.

#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "tests/support/eventually.h"

namespace imdi::testing_support {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
// Long enough for what is not to come to have come.
constexpr int kQuietMs = 100;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }

  void Say(std::string_view text) const {
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = send(descriptor_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (count <= 0) return;
      at += static_cast<size_t>(count);
    }
  }
  // So many bytes, fewer where the connection ends or patience does.
  std::string Hear(size_t bytes) const {
    std::string out;
    while (out.size() < bytes && Readable(static_cast<int>(kPatience.count()) * 1'000)) {
      std::array<char, 64 * 1024> buffer{};
      const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      out.append(buffer.data(), static_cast<size_t>(count));
    }
    return out;
  }
  bool Readable(int patience_ms) const {
    pollfd one{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&one, 1, patience_ms) > 0;
  }
  enum class End { kNone, kEnd, kReset };
  End WaitForEnd() const {
    if (!Readable(static_cast<int>(kPatience.count()) * 1'000)) return End::kNone;
    char byte = 0;
    const ssize_t count = recv(descriptor_, &byte, 1, 0);
    if (count == 0) return End::kEnd;
    // Not connected: connect itself heard of the reset.
    const bool reset = count < 0 && (errno == ECONNRESET || errno == ENOTCONN);
    return reset ? End::kReset : End::kNone;
  }
  void Finish() const { shutdown(descriptor_, SHUT_WR); }

 private:
  int descriptor_;
};

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket_.get(), 16), 0);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = base::StrCat("127.0.0.1:", ntohs(address.sin_port));
  }
  const std::string& address() const { return address_; }
  bool Waits(int patience_ms) const { return socket_.Readable(patience_ms); }
  Socket Accept() const {
    EXPECT_TRUE(socket_.Readable(20'000));
    return Socket(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  Socket socket_;
  std::string address_;
};

Socket Dial(const std::string& address) {
  Socket out(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto port = base::ParseInt64(address.substr(address.rfind(':') + 1));
  const sockaddr_in to = Loopback(static_cast<uint16_t>(*port));
  // Who is accepted and reset at once may hear of the reset from connect itself.
  EXPECT_TRUE(connect(out.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
              errno == ECONNRESET)
      << errno;
  return out;
}

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

std::string Pattern(size_t size) {
  std::string out(size, ' ');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i * i % 26);
  return out;
}

class Proxied : public testing::Test {
 protected:
  // A connection through the proxy, both ends of it.
  std::pair<Socket, Socket> Connect() {
    Socket client = Dial(proxy.address());
    return {std::move(client), listener.Accept()};
  }
  static Faults Both(const Way& way) { return {.up = way, .down = way}; }

  Listener listener;
  FaultProxy proxy{listener.address()};
};

TEST_F(Proxied, WithoutAFaultEverythingArrivesBothWaysAndTheEndToo) {
  const auto [client, server] = Connect();
  const std::string text = Pattern(3'000'000);
  std::thread speaker([&client = client, &text] { client.Say(text); });
  EXPECT_EQ(server.Hear(text.size()), text);
  speaker.join();
  server.Say("back");
  EXPECT_EQ(client.Hear(4), "back");
  client.Finish();
  EXPECT_EQ(server.WaitForEnd(), Socket::End::kEnd);
  server.Say("last");
  EXPECT_EQ(client.Hear(4), "last") << "one way ended, the other goes on";
  server.Finish();
  EXPECT_EQ(client.WaitForEnd(), Socket::End::kEnd);
  EXPECT_TRUE(Eventually([&] { return proxy.seen().open == 0; }));
  EXPECT_EQ(proxy.seen().bytes_up, 3'000'000);
  EXPECT_EQ(proxy.seen().bytes_down, 8);
  EXPECT_EQ(proxy.seen().resets, 0);
}

TEST_F(Proxied, ACutResetsBothEndsAndNewConnectionsWork) {
  const auto [client, server] = Connect();
  client.Say("x");
  EXPECT_EQ(server.Hear(1), "x");
  proxy.Cut();
  EXPECT_EQ(client.WaitForEnd(), Socket::End::kReset);
  EXPECT_EQ(server.WaitForEnd(), Socket::End::kReset);
  const auto [again, there] = Connect();
  again.Say("y");
  EXPECT_EQ(there.Hear(1), "y");
}

TEST_F(Proxied, WhatIsHeldArrivesOnceItIsMended) {
  const auto [client, server] = Connect();
  client.Say("1");
  EXPECT_EQ(server.Hear(1), "1");
  proxy.Set({.up = {.flow = Way::Flow::kHold}});
  server.Say("other way");
  EXPECT_EQ(client.Hear(9), "other way") << "only one way is held";
  client.Say("23");
  EXPECT_FALSE(server.Readable(kQuietMs));
  proxy.Mend();
  EXPECT_EQ(server.Hear(2), "23");
}

TEST_F(Proxied, WhatIsDroppedNeverArrivesAndWhoSpeaksAfterwardsIsReset) {
  const auto [client, server] = Connect();
  client.Say("1");
  EXPECT_EQ(server.Hear(1), "1");
  proxy.Set(Both({.flow = Way::Flow::kDrop}));
  client.Say(std::string(1'000'000, 'x'));  // Taken, however much it is.
  EXPECT_FALSE(server.Readable(kQuietMs));
  proxy.Mend();
  EXPECT_FALSE(server.Readable(kQuietMs)) << "silence until somebody speaks";
  server.Say("?");
  EXPECT_EQ(server.WaitForEnd(), Socket::End::kReset);
  EXPECT_EQ(client.WaitForEnd(), Socket::End::kReset);
}

TEST_F(Proxied, TheEndOfADroppedConnectionIsNotHeardEither) {
  auto [client, server] = Connect();
  client.Say("1");
  EXPECT_EQ(server.Hear(1), "1");
  proxy.Set(Both({.flow = Way::Flow::kDrop}));
  client.Say("into nothing");
  { const Socket gone = std::move(client); }
  EXPECT_FALSE(server.Readable(kQuietMs)) << "a half-open peer";
  proxy.Mend();
  EXPECT_FALSE(server.Readable(kQuietMs));
}

TEST_F(Proxied, ADelayIsThatOfEachWay) {
  const auto [client, server] = Connect();
  constexpr auto kDelay = std::chrono::milliseconds(60);
  proxy.Set(Both({.delay = absl::FromChrono(kDelay)}));
  const base::SteadyTime begin = base::SteadyClock::now();
  client.Say("there");
  EXPECT_EQ(server.Hear(5), "there");
  EXPECT_GE(base::SteadyClock::now() - begin, kDelay);
  server.Say("back");
  EXPECT_EQ(client.Hear(4), "back");
  EXPECT_GE(base::SteadyClock::now() - begin, 2 * kDelay);
}

TEST_F(Proxied, OneByteAtATimeArrivesWhole) {
  const auto [client, server] = Connect();
  proxy.Set(Both({.piece_bytes = 1}));
  const std::string text = Pattern(20'000);
  client.Say(text);
  EXPECT_EQ(server.Hear(text.size()), text);
  // The last is counted after it was sent.
  EXPECT_TRUE(Eventually([&] { return proxy.seen().pieces == 20'000; })) << proxy.seen().pieces;
}

TEST_F(Proxied, RandomResetsEndConnectionsAndNothingArrivesTwice) {
  proxy.Set({.up = {.piece_bytes = 100}, .resets = 0.02});
  const std::string text = Pattern(100'000);
  int reset = 0;
  for (int i = 0; i < 5; ++i) {
    const auto [client, server] = Connect();
    std::thread speaker([&client = client, &text] { client.Say(text); });
    const std::string heard = server.Hear(text.size());
    speaker.join();
    EXPECT_EQ(heard, text.substr(0, heard.size()));
    reset += heard.size() < text.size();
  }
  EXPECT_EQ(reset, 5) << "1 000 pieces, one reset in 50";
  EXPECT_TRUE(Eventually([&] { return proxy.seen().resets == 5; }));
}

TEST_F(Proxied, NewConnectionsAreRefusedOrIgnored) {
  proxy.Set({.dial = Faults::Dial::kRefuse});
  const Socket refused = Dial(proxy.address());
  EXPECT_EQ(refused.WaitForEnd(), Socket::End::kReset);
  proxy.Set({.dial = Faults::Dial::kIgnore});
  {
    const Socket ignored = Dial(proxy.address());
    ignored.Say("hello?");
    EXPECT_FALSE(ignored.Readable(kQuietMs));
    EXPECT_TRUE(Eventually([&] { return proxy.seen().open == 1; }));
  }
  EXPECT_FALSE(listener.Waits(0)) << "the server heard of neither";
  EXPECT_TRUE(Eventually([&] { return proxy.seen().open == 0; }));
}

TEST(FaultProxy, ATargetThatIsNotThereResetsAndANewOneIsFound) {
  std::string gone;
  {
    const Listener listener;
    gone = listener.address();
  }
  FaultProxy proxy(gone);
  EXPECT_EQ(Dial(proxy.address()).WaitForEnd(), Socket::End::kReset);
  const Listener listener;
  proxy.SetTarget(listener.address());
  const Socket client = Dial(proxy.address());
  client.Say("x");
  EXPECT_EQ(listener.Accept().Hear(1), "x");
}

TEST(FaultProxy, LeavesNoDescriptorBehind) {
  const int before = OpenDescriptors();
  {
    const Listener listener;
    FaultProxy proxy(listener.address());
    std::vector<Socket> sockets;
    for (int i = 0; i < 10; ++i) {
      sockets.push_back(Dial(proxy.address()));
      sockets.push_back(listener.Accept());
    }
    EXPECT_TRUE(Eventually([&] { return proxy.seen().open == 10; }));
    proxy.Set({.up = {.flow = Way::Flow::kDrop}});
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace imdi::testing_support
