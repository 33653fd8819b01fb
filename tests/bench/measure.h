#pragma once

// What every measurement shares: sides measured in rounds, medians, and a report that holds them
// against bounds.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"
#include "tests/bench/load.h"
#include "tests/bench/side.h"
#include "tests/bench/survey.h"

namespace imdi::bench {

inline constexpr int kInFlight = 64;
inline constexpr const char* kSubmitMethod = "/imdi.survey.ingestion.v1.SubmissionService/Submit";

struct Setting {
  std::string program;
  std::string root = ".";  // Of the repository.
  std::string folder;      // For data; emptied at the end.
  int rounds = 5;
  int submits = 3'000;
  int reads = 20'000;
};

// The middle of them; 0 of none.
double Median(std::vector<double> values);

// One line of the result, with the bound it is held against where there is one.
class Report {
 public:
  void Value(const std::string& name, double value, const std::string& unit) {
    Put(name, value, unit, "", true);
  }
  void AtLeast(const std::string& name, double value, double bound, const std::string& unit) {
    Put(name, value, unit, base::StrCat("at least ", bound), value >= bound);
  }
  void AtMost(const std::string& name, double value, double bound, const std::string& unit) {
    Put(name, value, unit, base::StrCat("at most ", bound), value <= bound);
  }
  bool all_met() const { return all_met_; }
  void WriteJson(const std::string& path) const;

 private:
  void Put(const std::string& name, double value, const std::string& unit, const std::string& bound,
           bool met);
  nlohmann::json json_ = nlohmann::json::array();
  bool all_met_ = true;
};

void WriteFile(const std::string& path, const std::string& bytes);

// What happened on one side in one round.
struct Round {
  LoadResult load;
  double cpu_us_a_call = 0;
  double records_a_batch = 0;
};

// Exits the program when a call fails.
Round Measure(const Side& side, const std::shared_ptr<grpc::Channel>& channel,
              const std::string& method, const std::vector<std::string>& requests, int in_flight,
              const std::function<bool(const std::string&)>& check);

// The values of all rounds under their names.
class Rounds {
 public:
  void Add(const std::string& name, double value) { values_[name].push_back(value); }
  double Of(const std::string& name) const { return Median(values_.at(name)); }
  double WorstOf(const std::string& name) const {
    return *std::ranges::max_element(values_.at(name));
  }

 private:
  std::map<std::string, std::vector<double>> values_;
};

// Position of the log's last record.
int64_t HeadOf(const std::string& internal);
// Whether the bytes are a SubmitResponse that accepted.
bool Accepted(const std::string& bytes);

}  // namespace imdi::bench
