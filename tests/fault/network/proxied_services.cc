#include "tests/fault/network/proxied_services.h"

#include <gtest/gtest.h>

#include <utility>

#include "services/aggregation/aggregation_app.h"
#include "services/base/status_macros.h"
#include "services/ingestion/ingestion_app.h"
#include "services/process/server_config.h"
#include "services/query/query_app.h"
#include "services/transport/client.h"

namespace imdi::network_fault {
namespace {

using process::Process;
using testing_support::FaultProxy;

std::unique_ptr<Process> Started(absl::StatusOr<std::unique_ptr<Process>> process) {
  if (process.ok()) return *std::move(process);
  ADD_FAILURE() << process.status();
  std::abort();  // Nothing of the test makes sense without it.
}

std::unique_ptr<Process> StartIngestion(const std::string& folder, const base::Clock& clock) {
  return Started(Process::Start(
      process::EmbeddedConfig(folder, {.ingestion = true}), clock,
      [](Process& process) -> absl::Status {
        IMDI_ASSIGN_OR_RETURN(
            auto service, ingestion::IngestionApp::Start(
                              process.config().ingestion(), process.clock(), process.public_calls(),
                              process.internal_calls(), process.metrics()));
        process.Host(std::move(service));
        return absl::OkStatus();
      }));
}

std::unique_ptr<Process> StartAggregation(const std::string& folder, const std::string& ingestion,
                                          const base::Clock& clock) {
  auto config = process::EmbeddedConfig(folder, {.aggregation = true});
  config.mutable_aggregation()->set_ingestion_address(ingestion);
  return Started(Process::Start(config, clock, [&](Process& process) -> absl::Status {
    IMDI_ASSIGN_OR_RETURN(auto service,
                          aggregation::AggregationApp::Start(
                              process.config().aggregation(), transport::MakeChannel(ingestion),
                              process.internal_calls(), process.metrics()));
    process.Host(std::move(service));
    return absl::OkStatus();
  }));
}

std::unique_ptr<Process> StartQuery(const std::string& folder, const std::string& aggregation,
                                    const base::Clock& clock) {
  auto config = process::EmbeddedConfig(folder, {.query = true});
  config.mutable_query()->set_aggregation_address(aggregation);
  return Started(Process::Start(config, clock, [&](Process& process) -> absl::Status {
    IMDI_ASSIGN_OR_RETURN(auto service,
                          query::QueryApp::Start(process.config().query(), process.clock(),
                                                 transport::MakeChannel(aggregation),
                                                 process.internal_calls(), process.metrics()));
    process.Host(std::move(service));
    return absl::OkStatus();
  }));
}

}  // namespace

std::string NameOf(Link link) {
  switch (link) {
    case Link::kSubmit:
      return "respondents - ingestion";
    case Link::kLog:
      return "aggregation - ingestion";
    case Link::kFigures:
      return "query - aggregation";
    case Link::kAsk:
      return "readers - query";
  }
  return "?";
}

Followers::Followers(const std::string& folder, const std::string& ingestion_internal,
                     const std::function<std::string(const std::string&)>& dial)
    : aggregation_(StartAggregation(folder + "/aggregation", ingestion_internal, clock_)),
      query_(StartQuery(folder + "/query", dial(aggregation_->internal_address()), clock_)) {}

ProxiedServices::ProxiedServices(const std::string& folder)
    : ingestion_(StartIngestion(folder + "/ingestion", clock_)) {
  const auto proxy = [this](Link link, const std::string& target) {
    auto& made = proxies_[static_cast<size_t>(link)];
    made = std::make_unique<FaultProxy>(target, 1 + static_cast<uint64_t>(link));
    return made->address();
  };
  proxy(Link::kSubmit, ingestion_->public_address());
  followers_ = std::make_unique<Followers>(
      folder, proxy(Link::kLog, ingestion_->internal_address()),
      [&](const std::string& aggregation) { return proxy(Link::kFigures, aggregation); });
  proxy(Link::kAsk, followers_->query().internal_address());
}

void ProxiedServices::SetAll(const testing_support::Faults& faults) {
  for (const auto& proxy : proxies_) proxy->Set(faults);
}

cli::Addresses ProxiedServices::Direct() const {
  return {.public_ingestion = ingestion_->public_address(),
          .ingestion = ingestion_->internal_address(),
          .aggregation = followers_->aggregation().internal_address(),
          .query = followers_->query().internal_address()};
}

cli::Addresses ProxiedServices::ThroughProxies() const {
  cli::Addresses out = Direct();
  out.public_ingestion = proxies_[static_cast<size_t>(Link::kSubmit)]->address();
  out.query = proxies_[static_cast<size_t>(Link::kAsk)]->address();
  return out;
}

}  // namespace imdi::network_fault
