#pragma once

// The services at a glance, out of what their processes said, or did not say.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/sheet.h"
#include "imdi/survey/status/v1/status_service.pb.h"

namespace imdi::cli {

namespace status_api = ::imdi::survey::status::v1;

// Finds what is wrong and says whether anything is.
void Judge(status_api::SystemStatus& system);

// One service, whichever process hosts it.
struct ServiceLine {
  std::string service;
  std::string address;
  std::string state;    // serving, not serving, stopped, stale, away.
  std::string why;      // Of every state but serving; a remark of that.
  std::string version;  // "0.1.0 fbbfdca7"; empty where it did not answer.
  std::optional<int64_t> started_us;
  std::optional<int64_t> position;     // How far it has come.
  std::optional<int64_t> lag_records;  // None where it, or the log's head, is not known.
  std::optional<int64_t> lag_ms;       // Between the commits of its last record and of the log's.
  std::optional<int64_t> news_age_ms;  // Since something came last from what it follows.
};
// Ingestion, aggregation, query.
std::vector<ServiceLine> LinesOf(const status_api::SystemStatus& system);

Sheet ToSheet(const std::vector<ServiceLine>& lines);
std::string ToText(const status_api::SystemStatus& system, const std::vector<ServiceLine>& lines);

}  // namespace imdi::cli
