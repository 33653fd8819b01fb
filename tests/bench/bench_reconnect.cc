#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "services/base/metrics.h"
#include "services/transport/client.h"
#include "services/transport/follow_loop.h"
#include "services/transport/status_bridge.h"
#include "tests/bench/benches.h"

namespace imdi::bench {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
using Clock = std::chrono::steady_clock;

// When a thing first happened after it was asked for.
class FirstTime {
 public:
  void Expect() {
    const std::lock_guard lock(mutex_);
    at_.reset();
  }
  void Happened() {
    const std::lock_guard lock(mutex_);
    if (!at_.has_value()) at_ = Clock::now();
  }
  // Exits the program when it does not come.
  Clock::time_point Wait() {
    for (int i = 0; i < 30'000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        if (at_.has_value()) return *at_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::cerr << "imdi-bench: a channel did not come back within 30 s\n";
    std::exit(1);
  }

 private:
  std::mutex mutex_;
  std::optional<Clock::time_point> at_;
};

double Milliseconds(Clock::time_point from, Clock::time_point to) {
  return std::max(0.0, std::chrono::duration<double, std::milli>(to - from).count());
}

}  // namespace

void BenchReconnect(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nReconnecting: from the ready line of a server that was killed, same addresses\n");
  const std::string folder = setting.folder + "/reconnect";
  auto side =
      std::make_unique<Side>(setting.program, std::vector<std::string>{"--role", "system", folder});
  const std::string open = side->addresses().at(0);
  const std::string internal = side->addresses().at(1);
  Apply(internal, survey.documents.documents);

  // A caller that asks again and again, as one does who waits for the service.
  const auto stub = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal));
  std::atomic<bool> stop = false;
  FirstTime answered;
  std::thread caller([&] {
    while (!stop) {
      grpc::ClientContext context;
      transport::SetTimeout(context, absl::Seconds(1));
      ingestion_pb::GetHeadResponse response;
      if (stub->GetHead(&context, ingestion_pb::GetHeadRequest(), &response).ok())
        answered.Happened();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  // A follower of the log, as aggregation is one.
  const auto log = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal));
  FirstTime followed;
  base::Metrics metrics;
  transport::FollowLoop follower("bench", metrics, [&](grpc::ClientContext& context) {
    const auto reader = log->FollowLog(&context, ingestion_pb::FollowLogRequest());
    ingestion_pb::FollowLogResponse chunk;
    while (reader->Read(&chunk)) followed.Happened();
    return transport::FromRpc(reader->Finish());
  });

  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    for (const std::string away : {"0.2 s", "3 s"}) {
      answered.Wait();
      followed.Wait();
      side->Kill();
      std::this_thread::sleep_for(std::chrono::milliseconds(away == "3 s" ? 3'000 : 200));
      answered.Expect();
      followed.Expect();
      side = std::make_unique<Side>(
          setting.program, std::vector<std::string>{"--role", "system", folder, open, internal});
      const Clock::time_point ready = Clock::now();
      rounds.Add("call, " + away, Milliseconds(ready, answered.Wait()));
      rounds.Add("follower, " + away, Milliseconds(ready, followed.Wait()));
    }
  }
  stop = true;
  caller.join();
  follower.Stop();
  for (const std::string away : {"0.2 s", "3 s"}) {
    for (const auto& [what, name] : {std::pair{"first answer to a caller, server away ", "call, "},
                                     {"first chunk to a follower, server away ", "follower, "}}) {
      report.Value(what + away, rounds.Of(name + away), "ms");
      report.AtMost(what + away + ", worst", rounds.WorstOf(name + away), 1'000, "ms");
    }
  }
}

}  // namespace imdi::bench
