#include "services/transport/stream.h"

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "echo_listener.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/transport/follow_loop.h"
#include "tests/support/eventually.h"

namespace imdi::transport {
namespace {

using base::Reason;

// What a test puts in and takes out of a source, while streams come and go.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  // A source made by it gives what is put, in order; waits while there is nothing.
  MakeSource Make() {
    return [feed = shared_from_this()](
               std::function<void()> wake) -> absl::StatusOr<std::unique_ptr<StreamSource>> {
      base::MutexLock lock(feed->mutex_);
      feed->wake_ = std::move(wake);
      feed->changed_.NotifyAll();
      return std::make_unique<Source>(feed);
    };
  }
  void Put(StreamStep step, bool wake = true) {
    {
      base::MutexLock lock(mutex_);
      steps_.push_back(std::move(step));
    }
    if (wake) Wake();
  }
  void Wake() {
    std::function<void()> wake;
    {
      base::MutexLock lock(mutex_);
      wake = wake_;
    }
    if (wake) wake();
  }
  // How often Next was asked so far.
  int asked() {
    base::MutexLock lock(mutex_);
    return asked_;
  }
  // False when patience ran out first.
  bool WaitForAsked(int times) {
    return WaitFor([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return asked_ >= times; });
  }
  bool WaitUntilMade() {
    return WaitFor([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wake_ != nullptr; });
  }
  bool WaitUntilGone() {
    return WaitFor([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return gone_ > 0; });
  }
  bool overlapped() const { return overlapped_; }

 private:
  struct Source final : StreamSource {
    explicit Source(std::shared_ptr<Feed> feed) : feed(std::move(feed)) {}
    ~Source() override {
      base::MutexLock lock(feed->mutex_);
      ++feed->gone_;
      feed->changed_.NotifyAll();
    }
    StreamStep Next() override {
      if (feed->inside_.fetch_add(1) != 0) feed->overlapped_ = true;
      StreamStep step = feed->Take();
      feed->inside_.fetch_sub(1);
      return step;
    }
    const std::shared_ptr<Feed> feed;
  };
  StreamStep Take() {
    base::MutexLock lock(mutex_);
    ++asked_;
    changed_.NotifyAll();
    if (steps_.empty()) return StreamWait{};
    StreamStep step = std::move(steps_.front());
    steps_.pop_front();
    return step;
  }
  template <typename Condition>
  bool WaitFor(const Condition& condition) ABSL_LOCKS_EXCLUDED(mutex_) {
    base::MutexLock lock(mutex_);
    const absl::Time until = absl::Now() + kPatience;
    while (!condition() && absl::Now() < until) changed_.WaitFor(mutex_, until - absl::Now());
    return condition();
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<StreamStep> steps_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int gone_ ABSL_GUARDED_BY(mutex_) = 0;
  std::atomic<int> inside_ = 0;
  std::atomic<bool> overlapped_ = false;
};

std::string Message(int64_t number, size_t payload = 0) {
  Node node;
  node.set_number(number);
  node.set_payload(std::string(payload, 'x'));
  return node.SerializeAsString();
}

// One stream as a client holds it.
struct Following {
  explicit Following(EchoService::Stub& stub) {
    SetTimeout(context, kPatience);
    reader = stub.Follow(&context, Node());
  }
  // The number of the next message; -1 at the end.
  int64_t Next() {
    Node node;
    return reader->Read(&node) ? node.number() : -1;
  }
  absl::Status End() {
    Node node;
    while (reader->Read(&node)) {
    }
    return FromRpc(reader->Finish());
  }
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<Node>> reader;
};

class Streaming : public ::testing::Test {
 protected:
  Streaming() {
    listener_.Listen();
    Use(feed_);
  }
  void Use(const std::shared_ptr<Feed>& feed) { listener_.echo.make_source = feed->Make(); }

  const std::shared_ptr<Feed> feed_ = std::make_shared<Feed>();
  EchoListener listener_;
};

TEST_F(Streaming, DeliversInOrderAndEndsAsTheSourceSays) {
  for (int i = 1; i <= 100; ++i) feed_->Put(Message(i), /*wake=*/false);
  feed_->Put(absl::OkStatus(), /*wake=*/false);
  Following following(*listener_.stub);
  for (int i = 1; i <= 100; ++i) ASSERT_EQ(following.Next(), i);
  EXPECT_EQ(following.Next(), -1);
  EXPECT_TRUE(following.End().ok());
  EXPECT_TRUE(feed_->WaitUntilGone()) << "the source is let go of";
  EXPECT_FALSE(feed_->overlapped());
}

TEST_F(Streaming, EndsWithTheReasonOfTheSource) {
  feed_->Put(Message(1), /*wake=*/false);
  const absl::Status error =
      base::WithMetadata(base::Error(Reason::kLogDiverged, "start over"), "position", "7");
  feed_->Put(error, /*wake=*/false);
  Following following(*listener_.stub);
  EXPECT_EQ(following.Next(), 1);
  EXPECT_EQ(following.End(), error);
}

TEST_F(Streaming, EndsWithTheReasonWhyThereIsNoSource) {
  const absl::Status error = base::Error(Reason::kTooManyFollowers, "16 are connected");
  listener_.echo.make_source = [&](const std::function<void()>&) { return error; };
  EXPECT_EQ(Following(*listener_.stub).End(), error);
}

TEST_F(Streaming, HoldsOneChunkForASlowReader) {
  // A client whose window is smaller than a chunk and does not grow: a chunk is written only as it
  // is read.
  grpc::ChannelArguments arguments = ClientArguments();
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65'536);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = EchoService::NewStub(grpc::CreateCustomChannel(
      listener_.host->address(), grpc::InsecureChannelCredentials(), arguments));
  constexpr int kChunks = 8;
  for (int i = 1; i <= kChunks; ++i)
    feed_->Put(Message(i, base::kFollowChunkBytesMax), /*wake=*/false);
  feed_->Put(absl::OkStatus(), /*wake=*/false);
  Following following(*stub);
  ASSERT_TRUE(feed_->WaitForAsked(1));
  for (int read = 0; read < kChunks; ++read) {
    // Everything is tried that might make it ask: wakes, and other calls on the same connection and
    // threads.
    for (int i = 0; i < 50; ++i) {
      feed_->Wake();
      ASSERT_TRUE(Call(*stub, &EchoService::Stub::Read).ok());
    }
    EXPECT_LE(feed_->asked(), read + 2) << "after " << read << " of " << kChunks << " were read";
    ASSERT_EQ(following.Next(), read + 1);
  }
  EXPECT_TRUE(following.End().ok());
  EXPECT_EQ(feed_->asked(), kChunks + 1);
  EXPECT_FALSE(feed_->overlapped());
}

TEST_F(Streaming, LosesNoWake) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  Following following(*listener_.stub);
  ASSERT_TRUE(feed_->WaitUntilMade());
  constexpr int kMessages = 3'000;
  std::thread writer([&] {
    for (int i = 1; i <= kMessages; ++i) {
      feed_->Put(Message(i));
      if (random() % 8 == 0) std::this_thread::yield();
    }
    feed_->Put(absl::OkStatus());
  });
  std::thread waker([&] {
    for (int i = 0; i < 5'000; ++i) feed_->Wake();
  });
  for (int i = 1; i <= kMessages; ++i) ASSERT_EQ(following.Next(), i);
  EXPECT_TRUE(following.End().ok());
  writer.join();
  waker.join();
  EXPECT_FALSE(feed_->overlapped()) << "one thread at a time asks the source";
}

TEST_F(Streaming, MayBeWokenBeforeDuringAndAfter) {
  std::function<void()> kept;
  listener_.echo.make_source = [&, make = feed_->Make()](std::function<void()> wake) {
    kept = wake;
    for (int i = 0; i < 100; ++i) wake();  // The stream has no source yet.
    return make(wake);
  };
  feed_->Put(Message(1), /*wake=*/false);
  feed_->Put(absl::OkStatus(), /*wake=*/false);
  Following following(*listener_.stub);
  EXPECT_EQ(following.Next(), 1);
  EXPECT_TRUE(following.End().ok());
  for (int i = 0; i < 1'000; ++i) kept();
  ASSERT_TRUE(feed_->WaitUntilGone());
  for (int i = 0; i < 1'000; ++i) kept();
  EXPECT_EQ(feed_->asked(), 2) << "an ended stream asks no more";
}

TEST(Wake, BeforeThereIsASourceAsksNobody) {
  const auto feed = std::make_shared<Feed>();
  EchoListener listener(/*threads=*/1);
  listener.echo.make_source = [&, make = feed->Make()](std::function<void()> wake) {
    wake();
    // What that wake had begun, if anything, is over when the one thread comes to this.
    std::promise<void> reached;
    EXPECT_TRUE(listener.executor.TrySubmit([&] { reached.set_value(); }));
    reached.get_future().wait();
    return make(wake);
  };
  listener.Listen();
  feed->Put(Message(1), /*wake=*/false);
  feed->Put(absl::OkStatus(), /*wake=*/false);
  Following following(*listener.stub);
  EXPECT_EQ(following.Next(), 1);
  EXPECT_TRUE(following.End().ok());
  EXPECT_EQ(feed->asked(), 2);
}

TEST(Wake, IsHarmlessWhenTheListenerIsGone) {
  std::function<void()> kept;
  {
    const auto feed = std::make_shared<Feed>();
    EchoListener listener;
    listener.echo.make_source = [&, make = feed->Make()](std::function<void()> wake) {
      kept = wake;
      return make(std::move(wake));
    };
    listener.Listen();
    feed->Put(absl::OkStatus(), /*wake=*/false);
    grpc::ClientContext context;
    SetTimeout(context, kPatience);
    EXPECT_TRUE(listener.stub->Follow(&context, Node())->Finish().ok());
  }
  kept();
}

TEST_F(Streaming, LetsGoOfTheSourceWhenTheReaderGoes) {
  Following following(*listener_.stub);
  ASSERT_TRUE(feed_->WaitForAsked(1));
  following.context.TryCancel();
  EXPECT_TRUE(feed_->WaitUntilGone());
  feed_->Put(Message(1));
  EXPECT_EQ(following.End().code(), absl::StatusCode::kCancelled);
}

TEST_F(Streaming, LetsGoOfTheSourceWhenASlowReaderGoes) {
  for (int i = 0; i < 4; ++i) feed_->Put(Message(i, base::kFollowChunkBytesMax), /*wake=*/false);
  {
    Following following(*listener_.stub);
    ASSERT_TRUE(feed_->WaitForAsked(1));
    following.context.TryCancel();
    EXPECT_FALSE(following.End().ok());
  }
  EXPECT_TRUE(feed_->WaitUntilGone());
}

TEST_F(Streaming, EndsAllStreamsAtShutdownAndRefusesLaterOnes) {
  Following waiting(*listener_.stub);
  ASSERT_TRUE(feed_->WaitForAsked(1));
  const auto busy_feed = std::make_shared<Feed>();
  for (int i = 0; i < 8; ++i)
    busy_feed->Put(Message(i, base::kFollowChunkBytesMax), /*wake=*/false);
  Use(busy_feed);
  Following slow(*listener_.stub);
  ASSERT_TRUE(busy_feed->WaitForAsked(1));
  listener_.calls.streams().EndAll();
  for (Following* following : {&waiting, &slow}) {
    const absl::Status end = following->End();
    EXPECT_EQ(base::ReasonOf(end), Reason::kShuttingDown) << end;
    EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable);
    EXPECT_GT(base::InfoOf(end).retry_delay, absl::ZeroDuration());
  }
  EXPECT_TRUE(feed_->WaitUntilGone());
  EXPECT_TRUE(busy_feed->WaitUntilGone());
  EXPECT_EQ(base::ReasonOf(Following(*listener_.stub).End()), Reason::kShuttingDown);
  EXPECT_TRUE(Call(*listener_.stub, &EchoService::Stub::Read).ok())
      << "calls go on until the drain";
}

TEST_F(Streaming, EndsWithAnIncidentWhenTheSourceThrows) {
  struct Throwing final : StreamSource {
    StreamStep Next() override { throw std::runtime_error("Kari"); }
  };
  const auto exceptions = [&] {
    return listener_.metrics
        .CounterOf("imdi_transport_exceptions_total",
                   "Exceptions that reached the edge; must stay 0.")
        .Value();
  };
  listener_.echo.make_source = [](const std::function<void()>&) {
    return std::make_unique<Throwing>();
  };
  absl::Status end = Following(*listener_.stub).End();
  EXPECT_EQ(base::ReasonOf(end), Reason::kInternal) << end;
  EXPECT_EQ(exceptions(), 1);
  listener_.echo.make_source =
      [](const std::function<void()>&) -> absl::StatusOr<std::unique_ptr<StreamSource>> {
    throw 42;
  };
  end = Following(*listener_.stub).End();
  EXPECT_EQ(base::ReasonOf(end), Reason::kInternal) << end;
  EXPECT_EQ(exceptions(), 2);
}

TEST(Stream, IsShedWhenTheExecutorIsFull) {
  EchoListener listener(/*threads=*/1, /*queue_max=*/1);
  const auto feed = std::make_shared<Feed>();
  listener.echo.make_source = feed->Make();
  listener.Listen();
  std::promise<void> inside, open;
  ASSERT_TRUE(listener.executor.TrySubmit([&, opened = open.get_future().share()] {
    inside.set_value();
    opened.wait();
  }));
  inside.get_future().wait();
  ASSERT_TRUE(listener.executor.TrySubmit([] {}));
  grpc::ClientContext context;
  SetTimeout(context, kPatience);
  const absl::Status end = FromRpc(listener.stub->Follow(&context, Node())->Finish());
  EXPECT_EQ(base::ReasonOf(end), Reason::kOverloaded) << end;
  EXPECT_GT(base::InfoOf(end).retry_delay, absl::ZeroDuration());
  EXPECT_EQ(feed->asked(), 0);
  open.set_value();
}

TEST(FailStream, OnlyFails) {
  struct Failing final : RawEchoService {
    grpc::ServerWriteReactor<grpc::ByteBuffer>* Follow(grpc::CallbackServerContext*,
                                                       const grpc::ByteBuffer*) override {
      return FailStream(base::Error(Reason::kUndecodableRequest, "no"));
    }
  } service;
  const auto host = ServerHost::Listen("127.0.0.1:0", {&service}).value();
  const auto stub = EchoService::NewStub(MakeChannel(host->address()));
  grpc::ClientContext context;
  SetTimeout(context, kPatience);
  EXPECT_EQ(base::ReasonOf(FromRpc(stub->Follow(&context, Node())->Finish())),
            Reason::kUndecodableRequest);
}

TEST(FollowLoop, ResumesAfterEachEndUntilStopped) {
  base::Mutex mutex;
  base::CondVar changed;
  int runs = 0;
  base::Metrics metrics;
  FollowLoop loop("test", metrics, [&](grpc::ClientContext&) -> absl::Status {
    base::MutexLock lock(mutex);
    ++runs;
    changed.NotifyAll();
    return runs % 3 == 0 ? base::Error(Reason::kStoreUnavailable, "gone") : absl::OkStatus();
  });
  {
    base::MutexLock lock(mutex);
    for (const absl::Time until = absl::Now() + kPatience; runs < 10 && absl::Now() < until;) {
      changed.WaitFor(mutex, until - absl::Now());
    }
    EXPECT_GE(runs, 10);
  }
  loop.Stop();
  const int at_stop = runs;
  loop.Stop();
  EXPECT_EQ(runs, at_stop);
}

TEST(FollowLoop, ComesBackSoonAfterItHadBeenHeardHoweverOftenItFailedBefore) {
  base::Mutex mutex;
  std::vector<std::string> lines;
  base::SetLogSink([&](std::string_view line) {
    base::MutexLock lock(mutex);
    lines.emplace_back(line);
  });
  std::promise<void> set;
  FollowLoop* self = nullptr;
  const std::shared_future<void> known = set.get_future().share();
  int runs = 0;
  std::promise<void> back;
  base::Metrics metrics;
  FollowLoop loop("test", metrics, [&](grpc::ClientContext&) -> absl::Status {
    known.wait();
    ++runs;
    if (runs == 6) self->Heard();  // By now the wait is the longest.
    if (runs == 7) back.set_value();
    return base::Error(Reason::kStoreUnavailable, "gone");
  });
  self = &loop;
  set.set_value();
  back.get_future().wait();
  loop.Stop();
  base::SetLogSink(nullptr);
  base::MutexLock lock(mutex);
  ASSERT_GE(lines.size(), 6u);
  const auto wait = [](int ms) { return base::StrCat("\"retry_ms\":", ms, "}"); };
  EXPECT_THAT(lines[4], ::testing::HasSubstr(wait(base::kReconnectBackoffMaxMs)));
  EXPECT_THAT(lines[5], ::testing::HasSubstr(wait(base::kReconnectBackoffMinMs)));
}

TEST_F(Streaming, AFollowerShowsWhetherItHearsAnything) {
  base::Metrics metrics;
  base::Gauge& connected = metrics.GaugeOf("imdi_follower_connected", "", {{"follower", "test"}});
  base::Gauge& age = metrics.GaugeOf("imdi_follower_news_age_seconds", "", {{"follower", "test"}});
  std::promise<void> inside, heard, go;
  std::future<void> may_hear = heard.get_future(), may_end = go.get_future();
  std::promise<void> told;
  FollowLoop* self = nullptr;
  int runs = 0;
  FollowLoop loop("test", metrics, [&](grpc::ClientContext&) -> absl::Status {
    if (runs++ > 0) return absl::OkStatus();
    inside.set_value();
    may_hear.wait();
    self->Heard();
    told.set_value();
    may_end.wait();
    return base::Error(Reason::kStoreUnavailable, "gone");
  });
  self = &loop;
  inside.get_future().wait();
  metrics.Text();
  EXPECT_EQ(connected.Value(), 0) << "a stream that is open and silent proves nothing";
  const double at_first = age.Value();
  heard.set_value();
  told.get_future().wait();
  metrics.Text();
  EXPECT_EQ(connected.Value(), 1);
  EXPECT_LT(age.Value(), kPatience / absl::Seconds(1));
  EXPECT_GE(at_first, 0);
  go.set_value();
  // A run that ends after the stop is no interruption, so that it is stopped only then.
  const base::Counter& interruptions =
      metrics.CounterOf("imdi_follower_interruptions_total", "", {{"follower", "test"}});
  EXPECT_TRUE(testing_support::Eventually([&] { return interruptions.Value() == 1; }));
  loop.Stop();
  metrics.Text();
  EXPECT_EQ(connected.Value(), 0);
  EXPECT_EQ(interruptions.Value(), 1);
}

TEST_F(Streaming, StopCutsTheRunInProgress) {
  std::promise<void> inside;
  absl::Status end;
  base::Metrics metrics;
  FollowLoop loop("test", metrics, [&](grpc::ClientContext& context) {
    const auto reader = listener_.stub->Follow(&context, Node());
    inside.set_value();
    Node node;
    while (reader->Read(&node)) {
    }
    end = FromRpc(reader->Finish());
    return end;
  });
  inside.get_future().wait();
  loop.Stop();
  EXPECT_EQ(end.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace imdi::transport
