#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "services/base/metrics.h"
#include "services/transport/client.h"
#include "services/transport/follow_loop.h"
#include "services/transport/status_bridge.h"
#include "tests/bench/benches.h"
#include "tests/bench/first_time.h"

namespace imdi::bench {

namespace ingestion_pb = survey::ingestion::v1;

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
  Asker caller([&stub] {
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(1));
    ingestion_pb::GetHeadResponse response;
    return stub->GetHead(&context, ingestion_pb::GetHeadRequest(), &response).ok();
  });
  // A follower of the log, as aggregation is one.
  const auto log = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal));
  FirstTime followed;
  base::Metrics metrics;
  transport::FollowLoop follower("bench", metrics, [&](grpc::ClientContext& context) {
    const auto reader = log->FollowLog(&context, ingestion_pb::FollowLogRequest());
    ingestion_pb::FollowLogResponse chunk;
    while (reader->Read(&chunk)) followed.Happened(followed.expected());
    return transport::FromRpc(reader->Finish());
  });

  Rounds rounds;
  for (int i = 0; i < setting.rounds; ++i) {
    for (const std::string away : {"0.2 s", "3 s"}) {
      caller.answered().Wait();
      followed.Wait();
      side->Kill();
      std::this_thread::sleep_for(std::chrono::milliseconds(away == "3 s" ? 3'000 : 200));
      caller.answered().Expect();
      followed.Expect();
      side = std::make_unique<Side>(
          setting.program, std::vector<std::string>{"--role", "system", folder, open, internal});
      const auto ready = SteadyClock::now();
      rounds.Add("call, " + away, MillisecondsSince(ready, caller.answered().Wait()));
      rounds.Add("follower, " + away, MillisecondsSince(ready, followed.Wait()));
    }
  }
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
