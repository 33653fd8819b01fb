#include "services/transport/calls.h"

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "echo_listener.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "tests/support/eventually.h"

namespace imdi::transport {
namespace {

using base::Reason;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Calling : public ::testing::Test {
 protected:
  Calling() {
    base::SetLogSink([this](std::string_view line) {
      base::MutexLock lock(mutex_);
      lines_.emplace_back(line);
    });
    listener_.Listen();
  }
  ~Calling() override { base::SetLogSink(nullptr); }

  Echo& echo() { return listener_.echo; }
  absl::StatusOr<Node> Read(const Node& request = {}) {
    return Call(*listener_.stub, &EchoService::Stub::Read, request);
  }
  absl::StatusOr<Node> Write(const Node& request = {}) {
    return Call(*listener_.stub, &EchoService::Stub::Write, request);
  }
  absl::Status ReadRaw(std::string_view bytes) {
    return FromRpc(CallRaw(*listener_.channel, kRead, bytes));
  }
  double Exceptions() {
    return listener_.metrics
        .CounterOf("imdi_transport_exceptions_total",
                   "Exceptions that reached the edge; must stay 0.")
        .Value();
  }
  std::vector<std::string> Lines() {
    base::MutexLock lock(mutex_);
    return lines_;
  }

  base::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  EchoListener listener_;
};

Node TextNode(std::string_view text) {
  Node node;
  node.set_text(std::string(text));
  return node;
}

std::string Varint(size_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}
// Bytes of a Node with `depth` children, each inside the other.
std::string Nested(int depth) {
  std::string backwards;
  for (int i = 0; i < depth; ++i) {
    const std::string length = Varint(backwards.size());
    backwards.append(length.rbegin(), length.rend()).push_back('\x22');
  }
  return {backwards.rbegin(), backwards.rend()};
}

TEST_F(Calling, AnswersOverTcp) {
  Node request = TextNode("Måla våre");
  request.mutable_child()->set_number(-7);
  request.set_payload(std::string("\0\xff", 2));
  const auto answer = Read(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->SerializeAsString(), request.SerializeAsString());
  EXPECT_TRUE(Write(request).ok());
  EXPECT_EQ(ReadRaw(""), absl::OkStatus()) << "an empty message is a message";
  std::string bytes;
  EXPECT_TRUE(CallRaw(*listener_.channel, kRead, request.SerializeAsString(), &bytes).ok());
  EXPECT_EQ(bytes, request.SerializeAsString());
}

TEST_F(Calling, TellsTheUseCaseWhoCalls) {
  base::CallContext seen;
  echo().read = [&](const base::CallContext& call, const Node& request) {
    seen = call;
    return request;
  };
  grpc::ClientContext context;
  const std::string trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  context.AddMetadata("traceparent", trace_parent);
  ASSERT_TRUE(CallRaw(*listener_.channel, kRead, "", nullptr, &context).ok());
  EXPECT_EQ(seen.actor, "tester");
  EXPECT_FALSE(seen.authenticated);
  EXPECT_TRUE(seen.internal);
  EXPECT_EQ(seen.method, "EchoService/Read");
  EXPECT_EQ(seen.trace_parent, trace_parent);
}

TEST_F(Calling, LeavesOutWhatIsNoTraceParent) {
  std::string seen = "not called";
  echo().read = [&](const base::CallContext& call, const Node& request) {
    seen = call.trace_parent;
    return request;
  };
  for (const std::string& text :
       {std::string(1000, 'f'), std::string("no trace at all"), std::string()}) {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", text);
    ASSERT_TRUE(CallRaw(*listener_.channel, kRead, "", nullptr, &context).ok());
    EXPECT_EQ(seen, "");
  }
}

TEST_F(Calling, RefusesUndecodableBytes) {
  std::atomic<int> reached = 0;
  echo().read = [&](const base::CallContext&, const Node& request) {
    ++reached;
    return request;
  };
  for (const std::string_view bytes :
       {std::string_view("\x0a"),
        std::string_view("\x0a\x05"
                         "ab"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        std::string_view("\x00\x01", 2), std::string_view("\x10"), std::string_view("\x0f"),
        std::string_view("{\"text\":\"x\"}"), std::string_view("\x22\xff\xff\xff\xff\x0f")}) {
    const absl::Status status = ReadRaw(bytes);
    EXPECT_EQ(base::ReasonOf(status), Reason::kUndecodableRequest)
        << base::Quoted(bytes) << " " << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(Read().ok());
}

TEST_F(Calling, RefusesTextThatIsNotUtf8) {
  for (const std::string_view bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"}) {
    const absl::Status status = ReadRaw(base::StrCat("\x0a", Varint(bad.size()), bad));
    EXPECT_EQ(base::ReasonOf(status), Reason::kInvalidUtf8) << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(ReadRaw("\x1a\x01\xff").ok()) << "bytes may be anything";
}

TEST_F(Calling, RefusesWhatNestsTooDeep) {
  EXPECT_TRUE(ReadRaw(Nested(90)).ok());
  for (const int depth : {120, 1'000, 200'000}) {
    const std::string bytes = Nested(depth);
    ASSERT_LT(bytes.size(), base::kMessageBytesMax);
    const absl::Status status = ReadRaw(bytes);
    EXPECT_EQ(base::ReasonOf(status), Reason::kNestingTooDeep) << depth << " " << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  // Groups of a field that the contract does not know.
  const absl::Status status = ReadRaw(std::string(1000, '\x2b') + std::string(1000, '\x2c'));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

TEST_F(Calling, AnswersEveryRandomRequest) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = Nested(5) + TextNode("å").SerializeAsString();
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good;
    for (unsigned i = 0; i < 1 + random() % 4; ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const absl::Status status = ReadRaw(bytes);
    ASSERT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument)
        << status << base::Hex(bytes);
    ASSERT_TRUE(status.ok() || base::ReasonOf(status) != Reason::kUnspecified)
        << status << base::Hex(bytes);
  }
}

TEST_F(Calling, RequiresADeadlineOfMutationsOnly) {
  grpc::ClientContext without, also_without;
  Node response;
  const absl::Status refused = FromRpc(listener_.stub->Write(&without, {}, &response));
  EXPECT_EQ(base::ReasonOf(refused), Reason::kDeadlineRequired) << refused;
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(listener_.stub->Read(&also_without, {}, &response).ok());
  EXPECT_TRUE(Write().ok());
}

TEST_F(Calling, CapsTheDeadline) {
  base::SteadyTime deadline;
  echo().write = echo().read = [&](const base::CallContext& call, const Node& request) {
    deadline = call.deadline;
    return request;
  };
  Node response;
  const auto call = [&](auto method, std::optional<absl::Duration> timeout) {
    grpc::ClientContext context;
    if (timeout.has_value()) SetTimeout(context, *timeout);
    EXPECT_TRUE(((*listener_.stub).*method)(&context, Node(), &response).ok());
    return absl::FromChrono(deadline - base::SteadyClock::now());
  };
  const Method read = &EchoService::Stub::Read, write = &EchoService::Stub::Write;
  EXPECT_LE(call(read, absl::Hours(5)), absl::Milliseconds(base::kReadDeadlineMaxMs));
  EXPECT_LE(call(read, std::nullopt), absl::Milliseconds(base::kReadDeadlineMaxMs));
  EXPECT_LE(call(write, absl::Hours(5)), absl::Milliseconds(base::kMutationDeadlineMaxMs));
  EXPECT_GE(call(write, absl::Hours(5)), absl::Milliseconds(base::kMutationDeadlineMaxMs / 2));
  EXPECT_LE(call(write, absl::Seconds(20)), absl::Seconds(21)) << "a shorter one stays";
  EXPECT_LE(call(read, absl::Seconds(20)), absl::Seconds(21));
}

TEST_F(Calling, SeesThatTheCallerHasGone) {
  std::promise<void> inside;
  std::promise<bool> gone;
  echo().read = [&](const base::CallContext& call, const Node& request) {
    inside.set_value();
    const absl::Time until = absl::Now() + kPatience;
    while (!call.Cancelled() && absl::Now() < until) std::this_thread::yield();
    gone.set_value(call.Cancelled());
    return request;
  };
  grpc::ClientContext context;
  SetTimeout(context, kPatience);
  Node request, response;
  std::promise<void> done;
  listener_.stub->async()->Read(&context, &request, &response,
                                [&](const grpc::Status&) { done.set_value(); });
  inside.get_future().wait();
  context.TryCancel();
  EXPECT_TRUE(gone.get_future().get());
  done.get_future().wait();
}

TEST(Queued, ACallWhoseCallerHasGoneIsNeverBegun) {
  EchoListener listener(/*threads=*/1);
  std::atomic<int> begun = 0;
  listener.echo.read = [&](const base::CallContext&, const Node& request) {
    ++begun;
    return request;
  };
  listener.Listen();
  std::promise<void> inside, open;
  ASSERT_TRUE(listener.executor.TrySubmit([&] {
    inside.set_value();
    open.get_future().wait();
  }));
  inside.get_future().wait();
  constexpr int kCalls = 20;
  std::array<grpc::ClientContext, kCalls> contexts;
  std::array<Node, kCalls> responses;
  std::array<std::promise<void>, kCalls> done;
  const Node request;
  for (size_t i = 0; i < kCalls; ++i) {
    SetTimeout(contexts[i], kPatience);
    listener.stub->async()->Read(&contexts[i], &request, &responses[i],
                                 [&, i](const grpc::Status&) { done[i].set_value(); });
  }
  const auto wait_for = [](const auto& condition) {
    const auto until = base::SteadyClock::now() + absl::ToChronoNanoseconds(kPatience);
    while (!condition() && base::SteadyClock::now() < until) std::this_thread::yield();
    return condition();
  };
  ASSERT_TRUE(wait_for([&] { return listener.executor.QueueSize() == kCalls; }));
  for (size_t i = 1; i < kCalls; ++i) contexts[i].TryCancel();
  for (size_t i = 1; i < kCalls; ++i) done[i].get_future().wait();
  // A call behind the cancels on the same connection: what came before it has arrived.
  listener.echo.read_where = Where::kInline;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Call(*listener.stub, &EchoService::Stub::Read).ok());
  begun = 0;
  open.set_value();
  done[0].get_future().wait();
  ASSERT_TRUE(wait_for([&] { return listener.executor.QueueSize() == 0; }));
  EXPECT_GE(begun, 1);
  // gRPC tells of a cancellation on a thread of its own, so one or two may not be known yet.
  EXPECT_LE(begun, 3) << "hardly more than the call that somebody waits for";
  EXPECT_THAT(listener.metrics.Text(), HasSubstr("reason=\"CANCELLED\""));
}

TEST(Overload, IsAnsweredAtOnceWithARetryDelay) {
  EchoListener listener(/*threads=*/1, /*queue_max=*/1);
  listener.Listen();
  std::promise<void> inside, open;
  ASSERT_TRUE(listener.executor.TrySubmit([&] {
    inside.set_value();
    open.get_future().wait();
  }));
  inside.get_future().wait();
  ASSERT_TRUE(listener.executor.TrySubmit([] {}, base::Work::kRead));  // The queue is full now.
  const absl::Status status = Call(*listener.stub, &EchoService::Stub::Read).status();
  EXPECT_EQ(base::ReasonOf(status), Reason::kOverloaded) << status;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(base::InfoOf(status).retry_delay, absl::Milliseconds(base::kShedRetryDelayMs));
  EXPECT_EQ(listener.executor.admission().Read(base::Work::kRead).taken, 0)
      << "who was shed holds no place";
  EXPECT_GE(listener.executor.admission().Read(base::Work::kRead).refused, 1u);
  listener.echo.read_where = Where::kInline;
  EXPECT_TRUE(Call(*listener.stub, &EchoService::Stub::Read).ok())
      << "what needs no thread is answered";
  listener.echo.read_where = Where::kExecutor;
  open.set_value();
  absl::Status later = status;
  for (const absl::Time until = absl::Now() + kPatience;
       base::IsRetryable(later) && absl::Now() < until;) {
    later = Call(*listener.stub, &EchoService::Stub::Read).status();
  }
  EXPECT_TRUE(later.ok()) << later;
}

TEST(Overload, ControlThatLastsLeavesOneThreadToTheOthers) {
  std::promise<void> open, written;
  const std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> inside = 0;
  EchoListener listener(/*threads=*/2);
  listener.echo.read_lasts = true;
  listener.echo.read = [&](const base::CallContext&, const Node& request) {
    ++inside;
    opened.wait();
    return request;
  };
  listener.Listen();
  std::vector<std::thread> callers;
  for (int i = 0; i < 2; ++i) {
    callers.emplace_back([&] { EXPECT_TRUE(Call(*listener.stub, &EchoService::Stub::Read).ok()); });
  }
  EXPECT_TRUE(testing_support::Eventually(
      [&] { return inside == 1 && listener.executor.QueueSize() == 1; }));
  EXPECT_EQ(listener.executor.admission().Read(base::Work::kControl).taken, 2);
  EXPECT_TRUE(listener.executor.TrySubmit([&] { written.set_value(); }, base::Work::kWrite));
  EXPECT_EQ(written.get_future().wait_for(absl::ToChronoSeconds(kPatience)),
            std::future_status::ready);
  open.set_value();
  for (std::thread& caller : callers) caller.join();
}

TEST(Overload, ShedsWhatTheAdmissionHasNoRoomForBeforeItIsRead) {
  EchoListener listener;
  listener.Listen();
  base::Admission& admission = listener.executor.admission();
  std::vector<base::Admission::Place> places;
  for (int i = 0; i < 2 * base::kReadsAdmittedMax; ++i) {
    const auto now = std::chrono::steady_clock::now();
    auto place = admission.Enter(base::Work::kRead, std::to_string(i), 1, now);
    ASSERT_TRUE(place.has_value()) << i;
    places.push_back(*std::move(place));
  }
  grpc::ClientContext context;
  const grpc::Status shed = CallRaw(*listener.channel, kRead, "ÿ no message", nullptr, &context);
  const absl::Status status = FromRpc(shed);
  EXPECT_EQ(base::ReasonOf(status), Reason::kOverloaded) << status;
  const auto pushback = context.GetServerTrailingMetadata().find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, context.GetServerTrailingMetadata().end()) << "gRPC's own retries obey this";
  EXPECT_EQ(std::string(pushback->second.data(), pushback->second.size()),
            std::to_string(absl::ToInt64Milliseconds(base::InfoOf(status).retry_delay)));
  listener.echo.read_where = Where::kInline;
  EXPECT_TRUE(Call(*listener.stub, &EchoService::Stub::Read).ok()) << "as cheap as refusing";
  listener.echo.read_where = Where::kExecutor;
  for (const auto& place : places) admission.Leave(place, std::chrono::steady_clock::now());
  EXPECT_TRUE(Call(*listener.stub, &EchoService::Stub::Read).ok());
  EXPECT_EQ(admission.Read(base::Work::kRead).taken, 0) << "every call gave its place back";
}

TEST(Overload, ALargeAnswerKeepsThePlaceOfItsCallUntilItWasSent) {
  EchoListener listener;
  listener.Listen();
  base::Admission& admission = listener.executor.admission();
  listener.echo.read = [](const base::CallContext&, const Node&) {
    Node answer;
    answer.set_payload(std::string(300'000, 'x'));
    return answer;
  };
  const absl::StatusOr<Node> answer = Call(*listener.stub, &EchoService::Stub::Read);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->payload(), std::string(300'000, 'x'));
  EXPECT_TRUE(
      testing_support::Eventually([&] { return admission.Read(base::Work::kRead).taken == 0; }));
  EXPECT_EQ(admission.Read(base::Work::kRead).entered, 1u) << "one place, not two";
}

TEST(Overload, BoundsTheCallsInFlight) {
  EchoListener listener;
  listener.Listen();
  // The in-process channel has no bound of its own on the calls of a connection.
  const auto stub = EchoService::NewStub(listener.host->InProcessChannel());
  std::vector<std::unique_ptr<Pending>> calls;
  for (int i = 0; i < base::kCallsInFlightMax; ++i)
    calls.push_back(std::make_unique<Pending>(*stub));
  ASSERT_TRUE(listener.echo.WaitForHeld(base::kCallsInFlightMax));
  const absl::Status status = Call(*stub, &EchoService::Stub::Read).status();
  EXPECT_EQ(base::ReasonOf(status), Reason::kOverloaded) << status;
  EXPECT_GT(base::InfoOf(status).retry_delay, absl::ZeroDuration());
  EXPECT_EQ(listener.echo.Release(), static_cast<size_t>(base::kCallsInFlightMax));
  for (const auto& call : calls) EXPECT_TRUE(call->Wait().ok());
  EXPECT_TRUE(Call(*stub, &EchoService::Stub::Read).ok())
      << "every call gave its place back, the refused one too";
}

TEST_F(Calling, TurnsAnExceptionIntoAnIncidentAndCountsIt) {
  for (const Where where : {Where::kExecutor, Where::kInline}) {
    echo().read_where = where;
    const double before = Exceptions();
    echo().read = [](const base::CallContext&, const Node&) -> absl::StatusOr<Node> {
      throw std::runtime_error("Kari from 0301");
    };
    const absl::Status status = Read().status();
    EXPECT_EQ(base::ReasonOf(status), Reason::kInternal) << status;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Kari")));
    EXPECT_EQ(Exceptions(), before + 1);
    echo().read = [](const base::CallContext&, const Node&) -> absl::StatusOr<Node> { throw 42; };
    EXPECT_EQ(base::ReasonOf(Read().status()), Reason::kInternal) << "whatever is thrown";
    EXPECT_EQ(Exceptions(), before + 2);
  }
  echo().read = [](const base::CallContext&, const Node& request) { return request; };
  EXPECT_TRUE(Read().ok());
}

TEST(Done, AnswersOnceEvenWhenTheHandlerThrowsAfterwards) {
  struct Throwing final : RawEchoService {
    explicit Throwing(Calls& calls) : calls(calls) {}
    grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext* rpc, const grpc::ByteBuffer* in,
                                   grpc::ByteBuffer* out) override {
      return calls.RunAsync<Node, Node>(
          {.name = "EchoService/Hold"}, rpc, in, out,
          [](const base::CallContext&, const Node& request, auto done) {
            done(request);
            done(base::Error(Reason::kInternal, "twice"));
            throw std::runtime_error("after the answer");
          });
    }
    Calls& calls;
  };
  base::Metrics metrics;
  base::BoundedExecutor executor("calls", 1, 8);
  Calls calls({.actor = "tester"}, executor, metrics);
  Throwing service(calls);
  const auto host = ServerHost::Listen("127.0.0.1:0", {&service}).value();
  const auto stub = EchoService::NewStub(MakeChannel(host->address()));
  const auto answer = Call(*stub, &EchoService::Stub::Hold, TextNode("first"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->text(), "first");
  EXPECT_TRUE(Call(*stub, &EchoService::Stub::Hold).ok());
  executor.Drain();  // What comes behind the answer is over.
}

TEST_F(Calling, RefusesMessagesOverTheBound) {
  Node request;
  request.set_payload(std::string(base::kMessageBytesMax - 10, 'x'));
  request.set_payload(std::string(
      base::kMessageBytesMax - (request.ByteSizeLong() - request.payload().size()), 'x'));
  ASSERT_EQ(request.ByteSizeLong(), base::kMessageBytesMax);
  EXPECT_TRUE(Read(request).ok()) << "exactly as large as allowed";
  request.mutable_payload()->push_back('x');
  const absl::Status status = Read(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(Read().ok()) << "the connection lives on";
}

TEST_F(Calling, KnowsOnlyItsMethods) {
  for (const char* method :
       {"/imdi.test.v1.EchoService/Nothing", "/imdi.test.v1.EchoService/read",
        "/other.Service/Read", "/", "/imdi.test.v1.EchoService/../EchoService/Read"}) {
    EXPECT_EQ(CallRaw(*listener_.channel, method, "").error_code(), grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
}

TEST_F(Calling, CountsEveryCallByMethodAndReason) {
  EXPECT_TRUE(Read().ok());
  EXPECT_TRUE(Read().ok());
  EXPECT_FALSE(ReadRaw("\x0a").ok());
  echo().read = [](const base::CallContext&, const Node&) {
    return base::Error(Reason::kEditionClosed, "closed");
  };
  EXPECT_FALSE(Read().ok());
  // A call is counted before it is answered.
  const std::string text = listener_.metrics.Text();
  EXPECT_THAT(text,
              HasSubstr("imdi_transport_calls_total{method=\"EchoService/Read\",reason=\"OK\"} 2"));
  EXPECT_THAT(text, HasSubstr("imdi_transport_calls_total{method=\"EchoService/"
                              "Read\",reason=\"UNDECODABLE_REQUEST\"} 1"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "imdi_transport_calls_total{method=\"EchoService/Read\",reason=\"EDITION_CLOSED\"} 1"));
  EXPECT_THAT(text, HasSubstr("imdi_transport_call_seconds_count{method=\"EchoService/Read\"} 4"));
}

TEST_F(Calling, LogsMutationsAndFailuresAndNothingOfTheirContent) {
  EXPECT_TRUE(Read(TextNode("Kari")).ok());
  EXPECT_THAT(Lines(), IsEmpty()) << "reads that succeed are only counted";
  EXPECT_TRUE(Write(TextNode("Kari")).ok());
  ASSERT_THAT(Lines(), SizeIs(1));
  EXPECT_THAT(Lines()[0],
              AllOf(HasSubstr("\"event\":\"call\""), HasSubstr("\"method\":\"EchoService/Write\""),
                    HasSubstr("\"actor\":\"tester\""), HasSubstr("\"reason\":\"OK\"")));
  echo().read = [](const base::CallContext&, const Node&) {
    return base::Error(Reason::kStaleRevision, "Kari");
  };
  EXPECT_FALSE(Read(TextNode("Kari")).ok());
  ASSERT_THAT(Lines(), SizeIs(2));
  EXPECT_THAT(Lines()[1], AllOf(HasSubstr("\"level\":\"warning\""),
                                HasSubstr("\"reason\":\"STALE_REVISION\"")));
  EXPECT_THAT(Lines(), Not(Contains(HasSubstr("Kari"))));
}

}  // namespace
}  // namespace imdi::transport
