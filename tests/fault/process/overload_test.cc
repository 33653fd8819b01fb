// The real program over a slow disk is asked for many times what it can do. What it refuses, it
// refuses at once and says when to come back; what it acknowledges is in the log, once; it says all
// the while that it lives; and it serves everybody again when the load has gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clients/cli/connection.h"
#include "clients/cli/definition_documents.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "services/base/error.h"
#include "tests/fault/process/server_process.h"
#include "tests/fault/process/submitters.h"
#include "tests/fault/process/survey_2017.h"
#include "tests/support/campaign.h"
#include "tests/support/deadline_day.h"
#include "tests/support/open_loop.h"
#include "tests/support/open_submits.h"
#include "tests/support/temp_folder.h"

namespace imdi::process_fault {
namespace {

using testing_support::OpenAnswer;
using testing_support::OpenCall;
using testing_support::OpenLoop;
using testing_support::OpenSubmits;

constexpr absl::Duration kCallPatience = absl::Seconds(30);

class Overload : public testing::Test {
 protected:
  // A disk that takes some hundred submissions a second.
  void SetUp() override {
    server_ = std::make_unique<ServerProcess>(ServerProcess::Options{
        .data = folder_ / "data",
        .log_file = folder_ / "server.log",
        .environment = {"LD_PRELOAD=" + ProgramPath("libimdi_slow_disk.so"),
                        "IMDI_SLOW_DISK_PATHS=/ingestion/", "IMDI_SLOW_DISK_SYNC_US=5000",
                        "IMDI_SLOW_DISK_BYTES_PER_SECOND=400000"}});
    ASSERT_TRUE(server_->WaitReady(kCallPatience));
    connection_ = std::make_unique<cli::Connection>(server_->public_address(),
                                                    server_->internal_address(), kCallPatience);
    records_before_ = ApplySurvey(*connection_);
    ASSERT_FALSE(HasFailure());
  }
  std::vector<ingestion_pb::SubmitRequest> Units() const {
    return testing_support::OneOfEachUnit(cli::LoadDefinitions({Surveys("")}), "KU2017",
                                          FirstSubmissions());
  }
  // Every receipt stands in the log, and nothing else does.
  std::string CompareReceipts(const std::map<std::string, ingestion_pb::Receipt>& receipts) const {
    std::map<std::string, Note> notes;
    for (const auto& [id, receipt] : receipts)
      notes[id] = {.fate = Note::Fate::kAccepted, .receipt = receipt, .request = {}};
    return CompareWithLog(*connection_, server_->internal_address(), notes, records_before_);
  }
  // Whether the listener says that it serves.
  static bool SaysItServes(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    transport::SetTimeout(context, kCallPatience);
    grpc::ByteBuffer response;
    const grpc::Status status =
        grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
            channel.get(),
            grpc::internal::RpcMethod("/grpc.health.v1.Health/Check",
                                      grpc::internal::RpcMethod::NORMAL_RPC),
            &context, grpc::ByteBuffer(nullptr, 0), &response);
    grpc::Slice slice;
    return status.ok() && response.DumpToSingleSlice(&slice).ok() &&
           std::string(reinterpret_cast<const char*>(slice.begin()), slice.size()) == "\x08\x01";
  }

  testing_support::TempFolder folder_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<cli::Connection> connection_;
  int64_t records_before_ = 0;
};

TEST_F(Overload, IsShedWithADelayLosesNothingAndEndsWithTheLoad) {
  const uint64_t seed = testing_support::CampaignSeed("overload");
  OpenSubmits submits(Units());
  std::mutex mutex;
  int64_t shed = 0;
  int64_t without_delay = 0;
  double last_shed_s = 0;
  OpenLoop loop;
  loop.address = server_->public_address();
  loop.callers = 12;
  loop.make = [&](size_t index) -> std::optional<OpenCall> {
    auto request = submits.Next(index);
    if (!request.has_value()) return std::nullopt;
    return OpenCall{.caller = index % 12,
                    .method = testing_support::kSubmitMethod,
                    .request = *std::move(request)};
  };
  loop.answered = [&](const OpenAnswer& answer) {
    submits.Answered(answer);
    if (answer.status.ok()) return;
    const std::lock_guard lock(mutex);
    ++shed;
    last_shed_s = std::max(last_shed_s, answer.began_s);
    if (base::InfoOf(answer.status).retry_delay <= absl::ZeroDuration()) ++without_delay;
  };

  // Health is asked for on both listeners all the while, and never refused.
  std::atomic<bool> over = false;
  std::atomic<int> asked = 0;
  std::atomic<int> refused = 0;
  std::thread health([&] {
    const auto open = transport::MakeChannel(server_->public_address());
    const auto internal = transport::MakeChannel(server_->internal_address());
    while (!over) {
      for (const auto& channel : {open, internal}) {
        ++asked;
        if (!SaysItServes(channel)) ++refused;
      }
    }
  });
  loop.times_s = testing_support::PoissonTimes(2'500, 4, seed);
  loop.Run();
  const int64_t acknowledged = static_cast<int64_t>(submits.Receipts().size());
  EXPECT_GT(shed, acknowledged) << "that was no overload";
  EXPECT_GT(acknowledged, 200) << "most of the time went into refusing";
  EXPECT_EQ(without_delay, 0);

  // The load has gone: from the fifth second on, if not before, nobody is refused.
  shed = 0;
  loop.times_s = testing_support::PoissonTimes(100, 6, seed + 1);
  loop.Run();
  over = true;
  health.join();
  EXPECT_LE(last_shed_s, 5.0) << shed << " were refused after the load had gone";
  EXPECT_EQ(refused, 0) << "of " << asked;
  EXPECT_GT(asked, 20);
  EXPECT_EQ(submits.faults(), 0) << submits.first_fault();
  EXPECT_EQ(CompareReceipts(submits.Receipts()), "");
  std::cout << acknowledged << " acknowledged under overload, " << asked
            << " times asked for health\n";
}

TEST_F(Overload, OnTheDayOfTheDeadlineEveryUnitIsAcknowledgedOnce) {
  testing_support::DeadlineDay day;
  day.address = server_->public_address();
  day.units = Units();
  ASSERT_EQ(day.units.size(), 441U);
  day.seconds = 0.2;  // Three hundred times as dense as it is promised for.
  day.seed = testing_support::CampaignSeed("deadline");
  const testing_support::DeadlineDayResult result = testing_support::Run(day);
  EXPECT_THAT(result.faults, testing::IsEmpty());
  EXPECT_EQ(result.receipts.size(), 441U);
  EXPECT_GE(result.calls, 4 * 441);
  EXPECT_EQ(result.without_delay, 0);
  EXPECT_EQ(CompareReceipts(result.receipts), "");
  std::cout << result.calls << " calls, " << result.shed << " of them shed, first receipts within "
            << result.slowest_s << " s and " << result.most_tries << " tries\n";
}

}  // namespace
}  // namespace imdi::process_fault
