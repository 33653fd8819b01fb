#include "services/transport/health.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "echo_listener.h"
#include "gtest/gtest.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

constexpr const char* kCheck = "/grpc.health.v1.Health/Check";
constexpr const char* kService = "imdi.test.v1.EchoService";

// HealthCheckRequest: field 1, the service. HealthCheckResponse: field 1, an enum.
std::string For(std::string_view service) {
  return service.empty()
             ? ""
             : base::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
}
const std::string kServing = "\x08\x01";
const std::string kNotServing = "\x08\x02";
const std::string kServiceUnknown = "\x08\x03";

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    listener_.Listen("127.0.0.1:0", {.health_names = {kService}, .reflection = false});
  }
  // The answer, or the code in words.
  std::string Check(std::string_view request) {
    std::string answer;
    const grpc::Status status = CallRaw(*listener_.channel, kCheck, request, &answer);
    return status.ok() ? answer : absl::StatusCodeToString(FromRpc(status).code());
  }
  ServerHost& host() { return *listener_.host; }

  EchoListener listener_;
};

// Who watches, as a load balancer does.
class Watch {
 public:
  Watch(EchoListener& listener, std::string_view request)
      : channel_(MakeChannel(listener.host->address())) {
    SetTimeout(context_, kPatience);
    reader_.reset(grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
        channel_.get(),
        grpc::internal::RpcMethod("/grpc.health.v1.Health/Watch",
                                  grpc::internal::RpcMethod::SERVER_STREAMING),
        &context_, Buffer(request)));
  }
  // The next thing heard; nothing at the end.
  std::optional<std::string> Next() {
    grpc::ByteBuffer heard;
    if (!reader_->Read(&heard)) return std::nullopt;
    return Text(heard);
  }
  absl::Status End() { return FromRpc(reader_->Finish()); }
  void Cancel() { context_.TryCancel(); }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader_;
};

TEST_F(HealthTest, AnswersForTheListenerAndForEachServiceByName) {
  EXPECT_EQ(Check(For("")), kNotServing) << "until told otherwise";
  host().SetServing(true);
  EXPECT_EQ(Check(For("")), kServing);
  EXPECT_EQ(Check(For(kService)), kServing);
  EXPECT_EQ(Check(For("imdi.test.v1.Nothing")), "NOT_FOUND");
  EXPECT_EQ(Check("\x0a"), "INVALID_ARGUMENT");
  EXPECT_EQ(Check("\x0a\x01\xff"), "INVALID_ARGUMENT") << "no UTF-8";
  EXPECT_EQ(Check("\x10\x01"), kServing) << "a field of a later contract";
  host().SetServing(false);
  EXPECT_EQ(Check(For(kService)), kNotServing);
}

TEST_F(HealthTest, WatchersHearEveryChangeAndWhatIsUnknown) {
  Watch watch(listener_, For(kService)), stranger(listener_, For("imdi.test.v1.Nothing"));
  EXPECT_EQ(watch.Next(), kNotServing);
  EXPECT_EQ(stranger.Next(), kServiceUnknown);
  host().SetServing(true);
  EXPECT_EQ(watch.Next(), kServing);
  host().SetServing(true);
  host().SetServing(false);
  EXPECT_EQ(watch.Next(), kNotServing) << "what stays the same is not said again";
  Watch undecodable(listener_, "\x0a");
  EXPECT_EQ(undecodable.Next(), std::nullopt);
  EXPECT_EQ(undecodable.End().code(), absl::StatusCode::kInvalidArgument);
  watch.Cancel();
  stranger.Cancel();
}

TEST_F(HealthTest, AStopTellsWatchersAndDoesNotWaitForThem) {
  host().SetServing(true);
  Watch one(listener_, For("")), other(listener_, For(kService));
  EXPECT_EQ(one.Next(), kServing);
  EXPECT_EQ(other.Next(), kServing);
  const base::SteadyTime begun = base::SteadyClock::now();
  host().Drain(kPatience);
  EXPECT_LT(base::SteadyClock::now() - begun, absl::ToChronoSeconds(kPatience) / 2);
  for (Watch* watch : {&one, &other}) {
    EXPECT_EQ(watch->Next(), kNotServing);
    EXPECT_EQ(watch->Next(), std::nullopt);
    const absl::Status end = watch->End();
    EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable) << end;
    EXPECT_EQ(base::ReasonOf(end), base::Reason::kShuttingDown);
  }
}

}  // namespace
}  // namespace imdi::transport
