#pragma once

// Ingestion, aggregation and query as processes see each other, each with listeners and stores of
// its own, and a proxy on every way between two of them.

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "clients/cli/connection.h"
#include "services/base/clock.h"
#include "services/process/process_app.h"
#include "tests/support/fault_proxy.h"

namespace imdi::network_fault {

// Who calls whom.
enum class Link : uint8_t {
  kSubmit,   // Respondents → ingestion.
  kLog,      // Aggregation → ingestion: FollowLog, RecordRelease.
  kFigures,  // Query → aggregation: FollowFigures.
  kAsk,      // Readers → query.
};
inline constexpr std::array kLinks = {Link::kSubmit, Link::kLog, Link::kFigures, Link::kAsk};
std::string NameOf(Link link);

// Aggregation over an address of ingestion, and query over it: a second pair over the same log
// folds it again.
class Followers {
 public:
  // Data below `folder`. Where to dial query's source is asked once aggregation listens.
  Followers(const std::string& folder, const std::string& ingestion_internal,
            const std::function<std::string(const std::string& aggregation_internal)>& dial);
  process::Process& aggregation() { return *aggregation_; }
  process::Process& query() { return *query_; }

 private:
  base::SystemClock clock_;
  std::unique_ptr<process::Process> aggregation_;
  std::unique_ptr<process::Process> query_;
};

class ProxiedServices {
 public:
  // Everything runs and nothing is faulted.
  explicit ProxiedServices(const std::string& folder);

  testing_support::FaultProxy& link(Link link) { return *proxies_[static_cast<size_t>(link)]; }
  void SetAll(const testing_support::Faults& faults);
  void MendAll() { SetAll({}); }

  process::Process& ingestion() { return *ingestion_; }
  process::Process& aggregation() { return followers_->aggregation(); }
  process::Process& query() { return followers_->query(); }

  // Past the proxies, and with respondents and readers behind theirs.
  cli::Addresses Direct() const;
  cli::Addresses ThroughProxies() const;

 private:
  base::SystemClock clock_;
  std::unique_ptr<process::Process> ingestion_;
  std::unique_ptr<Followers> followers_;
  std::array<std::unique_ptr<testing_support::FaultProxy>, kLinks.size()> proxies_;
};

}  // namespace imdi::network_fault
