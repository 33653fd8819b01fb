// Reads that are answered with bytes that lie ready.

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "echo_listener.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/transport/calls.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_proxy.h"

namespace imdi::transport {
namespace {

using base::Reason;
using ReadyCall = Calls::ReadyCall<Node>;

class ReadyEcho final : public RawEchoService {
 public:
  explicit ReadyEcho(Calls& calls) : calls_(calls), read_(calls, "EchoService/Read") {}

  std::function<void(const std::shared_ptr<ReadyCall>&)> handler;
  std::map<std::string, std::string> kept;  // Answers by the bytes of requests.

  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* rpc, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    const auto find = [this](std::string_view raw) -> std::optional<ReadyBytes> {
      const auto found = kept.find(std::string(raw));
      if (found == kept.end()) return std::nullopt;
      return ReadyBytes{.shared = nullptr, .tail = found->second};
    };
    return calls_.RunReady<Node>(read_, rpc, in, out, find,
                                 [this](const auto& call) { handler(call); });
  }

 private:
  Calls& calls_;
  const Calls::ReadyMethod read_;
};

class Ready : public ::testing::Test {
 protected:
  Ready() {
    base::SetLogSink([](std::string_view) {});
    host = ServerHost::Listen("127.0.0.1:0", {&echo}).value();
    channel = MakeChannel(host->address());
  }
  ~Ready() override {
    host->Drain(absl::ZeroDuration());
    executor.Drain();
    base::SetLogSink(nullptr);
  }
  int64_t PlacesTaken() { return executor.admission().Read(base::Work::kRead).taken; }
  absl::StatusOr<std::string> Ask(std::string_view request = "") {
    std::string answer;
    const grpc::Status status = CallRaw(*channel, kRead, request, &answer);
    if (!status.ok()) return FromRpc(status);
    return answer;
  }

  base::Metrics metrics;
  base::BoundedExecutor executor{"calls", 1, 1};
  Calls calls{{.actor = "tester", .internal = true}, executor, metrics};
  ReadyEcho echo{calls};
  std::unique_ptr<ServerHost> host;
  std::shared_ptr<grpc::Channel> channel;
};

std::string Letters(size_t size, char first) {
  std::string out(size, ' ');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(first + i % 23);
  return out;
}

TEST_F(Ready, BytesOfEverySizeArriveAsTheyAre) {
  for (const size_t shared : {0U, 1U, 8'191U, 8'192U, 8'193U, 100'000U}) {
    for (const size_t tail : {0U, 1U, 11U, 9'000U, 200'000U}) {
      const auto body = std::make_shared<const std::string>(Letters(shared, 'A'));
      const std::string end = Letters(tail, 'a');
      echo.handler = [&](const std::shared_ptr<ReadyCall>& call) {
        call->Answer(ReadyBytes{.shared = body, .tail = end});
      };
      const auto answer = Ask();
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_TRUE(*answer == *body + end) << shared << " and " << tail;
      echo.handler = [&](const std::shared_ptr<ReadyCall>& call) {
        call->Answer(ReadyBytes{.shared = nullptr, .tail = end});
      };
      EXPECT_TRUE(Ask().value_or("error") == end) << tail;
    }
  }
}

TEST_F(Ready, TheSharedPartLivesAsLongAsItIsSent) {
  const auto body = std::make_shared<const std::string>(Letters(500'000, 'A'));
  const std::string expected = *body;
  std::weak_ptr<const std::string> watch;
  echo.handler = [&](const std::shared_ptr<ReadyCall>& call) {
    auto own = std::make_shared<const std::string>(expected);
    watch = own;
    call->Answer(ReadyBytes{.shared = std::move(own), .tail = {}});
  };
  EXPECT_TRUE(Ask().value_or("error") == expected);
  for (const absl::Time until = absl::Now() + kPatience; !watch.expired() && absl::Now() < until;) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(watch.expired()) << "and not longer";
}

TEST_F(Ready, ALargeAnswerHoldsAPlaceUntilItsCallerTakesIt) {
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(ReadyBytes{.shared = nullptr, .tail = Letters(500'000, 'A')});
  };
  testing_support::FaultProxy proxy(host->address());
  testing_support::Faults silent;
  silent.down.flow = testing_support::Way::Flow::kHold;
  // Takes little before it has read it, else the system's buffers take two answers for it.
  grpc::ChannelArguments arguments = ClientArguments();
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65'536);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto through =
      grpc::CreateCustomChannel(proxy.address(), grpc::InsecureChannelCredentials(), arguments);
  ASSERT_TRUE(through->WaitForConnected(DeadlineIn(kPatience)));
  const auto ask = [&](grpc::ClientContext& context) {
    return std::async(std::launch::async, [&] {
      std::string answer;
      const grpc::Status status = CallRaw(*through, kRead, "", &answer, &context);
      return status.ok() ? answer.size() : 0;
    });
  };
  grpc::ClientContext patient, impatient;
  proxy.Set(silent);
  auto taken = ask(patient);
  auto left = ask(impatient);
  const base::Counter& answered =
      metrics.CounterOf("imdi_transport_calls_total", "Finished calls.",
                        {{"method", "EchoService/Read"}, {"reason", "OK"}});
  EXPECT_TRUE(testing_support::Eventually([&] { return answered.Value() == 2; }));
  EXPECT_EQ(PlacesTaken(), 2) << "although they are answered";
  impatient.TryCancel();
  EXPECT_EQ(left.get(), 0u);
  EXPECT_TRUE(testing_support::Eventually([&] { return PlacesTaken() == 1; })) << PlacesTaken();
  proxy.Mend();
  EXPECT_EQ(taken.get(), 500'000u);
  EXPECT_TRUE(testing_support::Eventually([&] { return PlacesTaken() == 0; })) << PlacesTaken();
}

TEST_F(Ready, ALargeAnswerIsShedWhereNoPlaceIsFreeAndASmallOneNeedsNone) {
  size_t size = kCopiedBytesMax;
  echo.handler = [&](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(ReadyBytes{.shared = nullptr, .tail = Letters(size, 'A')});
  };
  std::vector<base::Admission::Place> places;
  const base::SteadyTime now = base::SteadyClock::now();
  for (auto place = executor.admission().Enter(base::Work::kRead, "caller 0", 0, now);
       place.has_value();) {
    places.push_back(*std::move(place));
    place = executor.admission().Enter(base::Work::kRead, base::StrCat("caller ", places.size()), 0,
                                       now);
  }
  EXPECT_EQ(Ask()->size(), size);
  size = kCopiedBytesMax + 1;
  const absl::Status shed = Ask().status();
  EXPECT_EQ(base::ReasonOf(shed), Reason::kOverloaded) << shed;
  EXPECT_GT(base::InfoOf(shed).retry_delay, absl::ZeroDuration());
  for (const base::Admission::Place& place : places)
    executor.admission().Leave(place, now, base::Admission::Outcome::kNotServed);
  EXPECT_EQ(Ask()->size(), size);
}

TEST_F(Ready, ReadsWhatWasAskedAndRefusesWhatCannotBeRead) {
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(ReadyBytes{.shared = nullptr, .tail = call->request().text()});
  };
  Node request;
  request.set_text("Måla våre");
  EXPECT_EQ(*Ask(request.SerializeAsString()), "Måla våre");
  EXPECT_EQ(*Ask(""), "") << "an empty message is a message";
  EXPECT_EQ(base::ReasonOf(Ask("\x0a").status()), Reason::kUndecodableRequest);
  EXPECT_EQ(base::ReasonOf(Ask("\x0a\x01\xff").status()), Reason::kInvalidUtf8);
}

TEST_F(Ready, KnownBytesAreAnsweredUnread) {
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(ReadyBytes{.shared = nullptr, .tail = std::string(call->raw())});
  };
  echo.kept["\x0a\x01x"] = "known";
  echo.kept["\xff"] = "not even a message";
  EXPECT_EQ(*Ask("\x0a\x01x"), "known");
  EXPECT_EQ(*Ask("\xff"), "not even a message");
  EXPECT_EQ(*Ask("\x0a\x01y"), "\x0a\x01y") << "the bytes as they came";
}

TEST_F(Ready, GoesOnOnTheExecutorAndIsShedWhereThatIsFull) {
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->OnExecutor([call] { call->Answer(ReadyBytes{.shared = nullptr, .tail = "later"}); });
  };
  EXPECT_EQ(*Ask(), "later");
  std::promise<void> inside, open;
  ASSERT_TRUE(executor.TrySubmit([&, opened = open.get_future().share()] {
    inside.set_value();
    opened.wait();
  }));
  inside.get_future().wait();
  ASSERT_TRUE(executor.TrySubmit([] {}, base::Work::kRead));  // The queue is full now.
  const absl::Status shed = Ask().status();
  EXPECT_EQ(base::ReasonOf(shed), Reason::kOverloaded);
  EXPECT_GT(base::InfoOf(shed).retry_delay, absl::ZeroDuration());
  open.set_value();
}

TEST_F(Ready, OnlyTheFirstAnswerCounts) {
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(ReadyBytes{.shared = nullptr, .tail = "first"});
    call->Answer(base::Error(Reason::kUnknownResource, "second"));
    throw std::runtime_error("after the answer");
  };
  EXPECT_EQ(*Ask(), "first");
}

TEST_F(Ready, AnExceptionIsAnIncidentWhereverItIsThrown) {
  echo.handler = [](const std::shared_ptr<ReadyCall>&) { throw std::runtime_error("Kari"); };
  EXPECT_EQ(base::ReasonOf(Ask().status()), Reason::kInternal);
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) { call->OnExecutor([] { throw 42; }); };
  EXPECT_EQ(base::ReasonOf(Ask().status()), Reason::kInternal);
  EXPECT_EQ(metrics
                .CounterOf("imdi_transport_exceptions_total",
                           "Exceptions that reached the edge; must stay 0.")
                .Value(),
            2);
}

TEST_F(Ready, HasADeadlineThatIsCappedAndIsCounted) {
  base::SteadyTime deadline;
  echo.handler = [&](const std::shared_ptr<ReadyCall>& call) {
    deadline = call->deadline();
    EXPECT_TRUE(call->internal());
    call->Answer(ReadyBytes{});
  };
  ASSERT_TRUE(Ask().ok());
  EXPECT_LE(deadline,
            base::SteadyClock::now() + std::chrono::milliseconds(base::kReadDeadlineMaxMs));
  const auto calls_of = [&](const char* reason) {
    return metrics
        .CounterOf("imdi_transport_calls_total", "Finished calls.",
                   {{"method", "EchoService/Read"}, {"reason", reason}})
        .Value();
  };
  EXPECT_EQ(calls_of("OK"), 1);
  echo.handler = [](const std::shared_ptr<ReadyCall>& call) {
    call->Answer(base::Error(Reason::kUnknownResource, "no"));
  };
  EXPECT_EQ(base::ReasonOf(Ask().status()), Reason::kUnknownResource);
  EXPECT_EQ(calls_of("UNKNOWN_RESOURCE"), 1);
  EXPECT_EQ(calls_of("OK"), 1);
}

}  // namespace
}  // namespace imdi::transport
