// A server that runs out of descriptors, through connections or for whatever reason.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/imdictl_fixture.h"

namespace imdi::e2e {
namespace {

using cli::kExitOk;
using testing::HasSubstr;

class Descriptors : public Imdictl {
 protected:
  // What the server has written into its log.
  std::string Log() const {
    std::ifstream log(folder_ / "server.log");
    return {std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
  }
  // False when patience ran out first.
  bool WaitForLine(const std::string& part) const {
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
    while (Log().find(part) == std::string::npos) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

TEST_F(Descriptors, ConnectionsDoNotUseUpTheDescriptorsOfTheServer) {
  server_->LimitDescriptors(300);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 600; ++i) {
    connections.push_back(std::make_unique<Connection>(server_->public_address()));
  }
  ASSERT_TRUE(WaitForLine("connections_refused"));
  connections.clear();
  EXPECT_EQ(Ctl({"backup", "afterwards"}).code, kExitOk) << "it serves, and opens files";
  const Connection again(server_->public_address());
  EXPECT_TRUE(WaitForLine("connections_accepted_again"));
}

TEST_F(Descriptors, AMomentWithoutDescriptorsIsSurvivedAndALongOneEndsTheServerForARestart) {
  // Far fewer than it has open: whatever it opens is refused.
  server_->LimitDescriptors(8);
  const auto waiting = std::make_unique<Connection>(server_->public_address());
  ASSERT_TRUE(WaitForLine("connections_refused"));
  server_->LimitDescriptors(1'000);
  EXPECT_EQ(Ctl({"verify"}).code, kExitOk) << "the same process serves again";
  EXPECT_THAT(Log(), testing::Not(HasSubstr("listener_dead")));

  server_->LimitDescriptors(8);
  EXPECT_EQ(server_->WaitExit(kPatience), 3);
  EXPECT_THAT(Log(), HasSubstr("listener_dead"));
  StartServer();
  EXPECT_EQ(Ctl({"verify"}).code, kExitOk);
}

}  // namespace
}  // namespace imdi::e2e
