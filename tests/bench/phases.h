#pragma once

// More than can be done, in phases: calls offered to one server in an open loop, and what became of
// them.

#include <cstdint>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/measure.h"
#include "tests/support/open_submits.h"

namespace imdi::bench {

inline constexpr size_t kCallers = 20;  // Each is a connection.

// Calls of one kind within a phase.
struct Offer {
  double per_second = 0;
  size_t first_caller = 0;
  size_t callers = kCallers;
  bool reads = false;  // ListOfOneBreakdown; else submissions.
};

// What became of them.
struct Got {
  double seconds = 0;
  int64_t offered = 0;
  std::vector<double> answered_ms;  // Sorted.
  std::vector<double> shed_ms;      // Sorted.
  int64_t without_delay = 0;        // Shed without a retry delay.
  int64_t faults = 0;               // Neither answered nor shed.
  std::string first_fault;
  double last_shed_s = 0;
  // Processor time of this process while the phase ran, all its offers together, of the time that
  // passed: near 1 the callers are what is short, and the line says nothing of the server.
  double own_share = 0;

  double PerSecond() const { return static_cast<double>(answered_ms.size()) / seconds; }
  double ShedPerSecond() const { return static_cast<double>(shed_ms.size()) / seconds; }
};
// 0 of none.
double At(const std::vector<double>& sorted, double quantile);

inline constexpr const char* kListMethod = "/imdi.survey.query.v1.QueryService/ListFigures";
// The figures of one breakdown, out of all live ones: to find them costs the server several times
// what it costs a caller to take them.
std::string ListOfOneBreakdown();

class Phases {
 public:
  // `open` takes submissions, `internal` reads.
  Phases(std::string open, std::string internal, testing_support::OpenSubmits& submits)
      : open_(std::move(open)), internal_(std::move(internal)), submits_(submits) {}

  // All of them at once, each through connections of its own; `warm_up` seconds are not counted.
  std::vector<Got> Run(const std::vector<Offer>& offers, double warm_up = 3, double counted = 8);

 private:
  void RunLoop(const std::vector<Offer>& offers,
               const std::vector<std::pair<double, size_t>>& arrivals, bool reads, size_t callers,
               double warm_up, std::vector<Got>& out);

  const std::string open_;
  const std::string internal_;
  testing_support::OpenSubmits& submits_;
  uint64_t seed_ = 0;
  std::mutex mutex_;
};

// The most that a server's memory came to, while it lives.
class MemoryWatch {
 public:
  explicit MemoryWatch(const Side& side) : side_(side), thread_([this] { Run(); }) {}
  ~MemoryWatch() { Stop(); }
  double Stop();  // MiB.

 private:
  void Run();
  const Side& side_;
  std::promise<void> stop_;
  std::future<void> stopped_ = stop_.get_future();
  int64_t most_kib_ = 0;
  std::thread thread_;
};

// The table of a part. `rss_mib` 0: not looked at.
void Head();
void Row(const std::string& name, const Got& got, double rss_mib);

// The most a second that is done while at most one in a hundred is shed.
double Capacity(Phases& phases, bool reads);

// 0.8 to ten times capacity and back, a row each, held against what is promised of overload.
void StepUp(Phases& phases, const Side& side, bool reads, double capacity, Report& report);

// A server's arguments and surroundings for these phases: a processor of its own, and for
// ingestion's files a disk so slow that ten times what it can take can be offered.
Surroundings SlowDisk(const Setting& setting);

// KU2017 under ten names, open, so that one of so many units is always free.
void Prepare(const Survey& survey, const std::string& internal);
std::vector<survey::ingestion::v1::SubmitRequest> ManyUnits(const Survey& survey);

}  // namespace imdi::bench
