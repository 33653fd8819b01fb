#include "tests/support/deadline_day.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>
#include <thread>

#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "imdi/survey/ingestion/v1/submission_service.grpc.pb.h"
#include "services/base/error.h"
#include "services/base/mutex.h"
#include "services/base/text.h"
#include "services/transport/client.h"
#include "services/transport/status_bridge.h"

namespace imdi::testing_support {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace model = survey::model::v1;

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience(60);
// Between two tries at least, whatever the answer says: nobody spins.
constexpr absl::Duration kPauseMin = absl::Milliseconds(50);

class Day {
 public:
  explicit Day(const DeadlineDay& day) : day_(day) {}

  DeadlineDayResult Run() {
    std::mt19937_64 random(day_.seed);
    std::uniform_real_distribution<double> any(0, 1);
    const Steady::time_point start = Steady::now();
    std::vector<std::thread> units;
    for (const ingestion_pb::SubmitRequest& request : day_.units) {
      const Steady::time_point at =
          start + absl::ToChronoNanoseconds(absl::Seconds(day_.seconds * std::sqrt(any(random))));
      units.emplace_back([this, &request, at] { Submit(request, at); });
    }
    for (std::thread& unit : units) unit.join();
    base::MutexLock lock(mutex_);
    return result_;
  }

 private:
  void Submit(const ingestion_pb::SubmitRequest& request, Steady::time_point at) {
    grpc::ChannelArguments arguments = transport::ClientArguments();
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = ingestion_pb::SubmissionService::NewStub(
        grpc::CreateCustomChannel(day_.address, grpc::InsecureChannelCredentials(), arguments));
    std::this_thread::sleep_until(at);
    const Steady::time_point first = Steady::now();
    bool acknowledged = false;
    int64_t tries = 0;
    for (int sent = 0; sent <= day_.retries && Steady::now() < at + kPatience;) {
      grpc::ClientContext context;
      transport::SetTimeout(context, absl::Seconds(20));
      context.set_wait_for_ready(true);  // What counts is what the server says.
      ingestion_pb::SubmitResponse response;
      const absl::Status status = transport::FromRpc(stub->Submit(&context, request, &response));
      const absl::Duration delay = base::InfoOf(status).retry_delay;
      ++tries;
      {
        base::MutexLock lock(mutex_);
        ++result_.calls;
        if (status.ok() && response.outcome() == ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) {
          const auto [known, first_receipt] =
              result_.receipts.emplace(request.request_id(), response.receipt());
          if (!first_receipt &&
              known->second.SerializeAsString() != response.receipt().SerializeAsString()) {
            Fault(base::StrCat("two receipts of ", request.request_id(), ": ",
                               known->second.ShortDebugString(), " and ",
                               response.receipt().ShortDebugString()));
          }
          if (!acknowledged) {
            result_.most_tries = std::max(result_.most_tries, tries);
            result_.slowest_s = std::max(
                result_.slowest_s, std::chrono::duration<double>(Steady::now() - first).count());
          }
          acknowledged = true;
        } else if (base::IsRetryable(status)) {
          ++result_.shed;
          if (delay <= absl::ZeroDuration()) ++result_.without_delay;
        } else {
          Fault(base::StrCat(request.submission().unit(), ": ",
                             status.ok() ? response.ShortDebugString() : status.ToString()));
        }
      }
      if (!base::IsRetryable(status)) ++sent;
      absl::SleepFor(std::max(delay, kPauseMin));
    }
  }

  void Fault(std::string what) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (result_.faults.size() < 10) result_.faults.push_back(std::move(what));
  }

  const DeadlineDay& day_;
  base::Mutex mutex_;
  DeadlineDayResult result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

DeadlineDayResult Run(const DeadlineDay& day) { return Day(day).Run(); }

std::vector<ingestion_pb::SubmitRequest> OneOfEachUnit(
    const cli::DefinitionDocuments& documents, const std::string& edition,
    const std::vector<ingestion_pb::SubmitRequest>& answers) {
  std::map<std::string, const ingestion_pb::SubmitRequest*> own;
  for (const ingestion_pb::SubmitRequest& answer : answers)
    own[answer.submission().unit()] = &answer;
  std::vector<ingestion_pb::SubmitRequest> out;
  for (const cli::DefinitionDocument& document : documents.documents) {
    if (!document.definition.has_frame()) continue;
    const model::Frame& frame = document.definition.frame();
    if (frame.name() != base::StrCat("editions/", edition, "/frame")) continue;
    std::map<model::UnitType, const ingestion_pb::SubmitRequest*> of_kind;
    for (const model::Unit& unit : frame.units()) {
      if (const auto found = own.find(unit.code()); found != own.end())
        of_kind.emplace(unit.type(), found->second);
    }
    for (const model::Unit& unit : frame.units()) {
      const auto found = own.find(unit.code());
      const auto kind = of_kind.find(unit.type());
      if (unit.out_of_scope() || (found == own.end() && kind == of_kind.end())) continue;
      ingestion_pb::SubmitRequest& request =
          out.emplace_back(found != own.end() ? *found->second : *kind->second);
      request.mutable_submission()->set_unit(unit.code());
      request.set_expected_revision(0);
      request.set_request_id(base::StrCat("deadline-", edition, "-", unit.code()));
    }
  }
  return out;
}

}  // namespace imdi::testing_support
