#include "tests/bench/measure.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "imdi/survey/ingestion/v1/log_service.grpc.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "services/base/text.h"
#include "services/transport/client.h"

namespace imdi::bench {

namespace ingestion_pb = survey::ingestion::v1;

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Report::Put(const std::string& name, double value, const std::string& unit,
                 const std::string& bound, bool met) {
  std::printf("  %-58s %12.3f %-10s %-16s %s\n", name.c_str(), value, unit.c_str(), bound.c_str(),
              bound.empty() ? "" : (met ? "met" : "NOT MET"));
  std::fflush(stdout);
  json_.push_back(
      {{"name", name}, {"value", value}, {"unit", unit}, {"bound", bound}, {"met", met}});
  all_met_ = all_met_ && met;
}

void Report::WriteJson(const std::string& path) const {
  std::ofstream(path) << json_.dump(2) << "\n";
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

Round Measure(const Side& side, const std::shared_ptr<grpc::Channel>& channel,
              const std::string& method, const std::vector<std::string>& requests, int in_flight,
              const std::function<bool(const std::string&)>& check) {
  const Usage before = side.Read();
  Round round;
  round.load = RunLoad(channel, method, requests, in_flight, check);
  const Usage after = side.Read();
  if (round.load.failed > 0) {
    std::cerr << "imdi-bench: " << round.load.failed
              << " calls failed: " << round.load.first_failure << "\n";
    std::exit(1);
  }
  round.cpu_us_a_call =
      static_cast<double>(after.cpu_us - before.cpu_us) / static_cast<double>(requests.size());
  const int64_t batches = after.batches - before.batches;
  round.records_a_batch = batches == 0 ? 0
                                       : static_cast<double>(after.records - before.records) /
                                             static_cast<double>(batches);
  return round;
}

int64_t HeadOf(const std::string& internal) {
  const auto stub = ingestion_pb::LogService::NewStub(transport::MakeChannel(internal));
  grpc::ClientContext context;
  transport::SetTimeout(context, absl::Seconds(30));
  ingestion_pb::GetHeadResponse response;
  if (!stub->GetHead(&context, ingestion_pb::GetHeadRequest(), &response).ok()) std::exit(1);
  return response.head().position();
}

bool Accepted(const std::string& bytes) {
  ingestion_pb::SubmitResponse response;
  const bool accepted = response.ParseFromString(bytes) &&
                        response.outcome() == ingestion_pb::SUBMIT_OUTCOME_ACCEPTED &&
                        response.receipt().position() > 0;
  if (!accepted) std::cerr << "imdi-bench: not accepted: " << response.ShortDebugString() << "\n";
  return accepted;
}

}  // namespace imdi::bench
