// Connections and the descriptors of the process.

#include "services/transport/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "echo_listener.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/transport/watchdog.h"

namespace imdi::transport {
namespace {

constexpr rlim_t kFewDescriptors = 200;

// The process may open few files while this lives; Fill opens all but so many of them.
class FewDescriptors {
 public:
  FewDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit few{.rlim_cur = kFewDescriptors, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~FewDescriptors() {
    Free();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  void Fill(int but) {
    int taken = 0;
    while ((taken = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) taken_.push_back(taken);
    EXPECT_EQ(errno, EMFILE);
    for (; but > 0 && !taken_.empty(); --but) {
      close(taken_.back());
      taken_.pop_back();
    }
  }
  void Free() {
    for (const int one : taken_) close(one);
    taken_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

// A socket made before there are none left.
class Dialler {
 public:
  Dialler() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Dialler() { close(socket_); }
  Dialler(const Dialler&) = delete;
  Dialler& operator=(const Dialler&) = delete;
  bool Dial(const std::string& address) const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(
        base::ParseInt64(address.substr(address.rfind(':') + 1)).value_or(0)));
    // Who is accepted and reset at once may hear of the reset from connect itself.
    return connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
           errno == ECONNRESET;
  }
  // Bytes of the server's greeting; 0 = closed, -1 = reset.
  ssize_t Hear() const {
    pollfd one{.fd = socket_, .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&one, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))), 1);
    char bytes[64];
    return recv(socket_, bytes, sizeof bytes, 0);
  }

 private:
  const int socket_;
};

class Listening : public testing::Test {
 protected:
  Listening() {
    base::SetLogSink([this](std::string_view line) {
      base::MutexLock lock(mutex_);
      lines_ += line;
      changed_.NotifyAll();
    });
    echo_.Listen();
    // Everything that the first call opens is open.
    EXPECT_TRUE(Call(*echo_.stub, &EchoService::Stub::Read).ok());
  }
  ~Listening() override { base::SetLogSink(nullptr); }
  bool WaitForLine(const std::string& part) {
    base::MutexLock lock(mutex_);
    const auto until = base::SteadyClock::now() + absl::ToChronoNanoseconds(kPatience);
    while (lines_.find(part) == std::string::npos && changed_.WaitUntil(mutex_, until)) continue;
    return lines_.find(part) != std::string::npos;
  }
  absl::Status CallAnew() {
    grpc::ChannelArguments own = ClientArguments();
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(echo_.host->address(), grpc::InsecureChannelCredentials(), own);
    return Call(*EchoService::NewStub(channel), &EchoService::Stub::Read).status();
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::string lines_ ABSL_GUARDED_BY(mutex_);
  EchoListener echo_;
};

TEST_F(Listening, AConnectionThatWouldUseUpTheReserveIsResetAndTheListenerLives) {
  FewDescriptors few;
  few.Fill(kFewDescriptors / 8);  // Half the reserve is gone already.
  const Dialler refused;
  ASSERT_TRUE(refused.Dial(echo_.host->address()));
  EXPECT_LT(refused.Hear(), 0);
  EXPECT_TRUE(WaitForLine("connections_refused"));
  EXPECT_TRUE(Call(*echo_.stub, &EchoService::Stub::Read).ok()) << "who is connected is served";
  EXPECT_TRUE(IsServed(echo_.host->address())) << "the watchdog does not take it for dead";
  few.Free();
  EXPECT_TRUE(CallAnew().ok());
  EXPECT_TRUE(WaitForLine("connections_accepted_again"));
}

TEST_F(Listening, AMomentWithoutAnyDescriptorKeepsConnectionsWaitingAndThenServesThem) {
  FewDescriptors few;
  const Dialler early;
  few.Fill(0);
  ASSERT_TRUE(early.Dial(echo_.host->address()));
  ASSERT_TRUE(WaitForLine("connections_refused"));
  few.Free();
  EXPECT_GT(early.Hear(), 0) << "it waited and was greeted";
  EXPECT_TRUE(CallAnew().ok());
}

TEST_F(Listening, TakesItsPortForItselfAndGivesItBack) {
  const std::string address = echo_.host->address();
  EXPECT_EQ(base::ReasonOf(Listener::Open(address).status()), base::Reason::kListenRefused);
  echo_.host->Drain(absl::ZeroDuration());
  const auto again = Listener::Open(address);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->address(), address);
  EXPECT_EQ(base::ReasonOf(Listener::Open("nonsense").status()), base::Reason::kListenRefused);
}

}  // namespace
}  // namespace imdi::transport
