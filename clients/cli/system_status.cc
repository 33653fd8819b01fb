#include "clients/cli/system_status.h"

#include <algorithm>
#include <map>

#include "absl/time/time.h"
#include "clients/cli/commands_common.h"
#include "clients/cli/print.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using base::StrCat;

constexpr const char* kServices[] = {"ingestion", "aggregation", "query"};
constexpr size_t kRevisionShown = 8;
constexpr int64_t kMicrosPerMilli = 1'000;

const status_api::ProcessReport* ReportOf(const status_api::SystemStatus& system,
                                          std::string_view service) {
  for (const status_api::ProcessReport& report : system.processes()) {
    if (std::find(report.services().begin(), report.services().end(), service) !=
        report.services().end())
      return &report;
  }
  return nullptr;
}

bool Has(const status_api::GetStatusResponse& status, std::string_view service) {
  if (service == "ingestion") return status.has_ingestion();
  return service == "aggregation" ? status.has_aggregation() : status.has_query();
}

// What is known of the log's end: from ingestion, or from what aggregation has heard.
struct Head {
  std::string log_id;
  int64_t epoch = 0;
  int64_t position = 0;
  std::optional<int64_t> time_us;
};
std::optional<Head> HeadOf(const status_api::SystemStatus& system) {
  for (const status_api::ProcessReport& report : system.processes()) {
    if (!report.status().has_ingestion()) continue;
    const status_api::LogPosition& head = report.status().ingestion().head();
    return Head{head.log_id(), head.epoch(), head.position(), head.time_us()};
  }
  for (const status_api::ProcessReport& report : system.processes()) {
    const status_api::AggregationStatus& aggregation = report.status().aggregation();
    if (aggregation.log_head() == 0) continue;
    return Head{aggregation.folded().log_id(), aggregation.folded().epoch(), aggregation.log_head(),
                std::nullopt};
  }
  return std::nullopt;
}

void Place(const status_api::LogPosition& at, const std::optional<Head>& head, ServiceLine& line) {
  line.position = at.position();
  if (!head.has_value() || head->log_id != at.log_id() || head->epoch != at.epoch()) return;
  // What was asked later may be further.
  line.lag_records = std::max<int64_t>(0, head->position - at.position());
  if (*line.lag_records == 0) {
    line.lag_ms = 0;
  } else if (head->time_us.has_value() && at.time_us() > 0) {
    line.lag_ms = std::max<int64_t>(0, *head->time_us - at.time_us()) / kMicrosPerMilli;
  }
}

std::string SinceText(int64_t since_us) {
  return since_us == 0 ? "since it began" : StrCat("since ", TimeOf(since_us));
}

struct Fault {
  std::string state;
  std::string why;
};

// What is wrong with one service of a process.
std::optional<Fault> FaultOf(const status_api::GetStatusResponse& status,
                             std::string_view service) {
  if (service == "ingestion") {
    const std::string& problem = status.ingestion().store_problem();
    if (problem.empty()) return std::nullopt;
    return Fault{"not serving", problem};
  }
  if (service == "aggregation") {
    const status_api::AggregationStatus& aggregation = status.aggregation();
    if (!aggregation.stopped().empty()) return Fault{"stopped", aggregation.stopped()};
    if (aggregation.unheard().empty()) return std::nullopt;
    return Fault{"stale", StrCat("ingestion is not heard of, ", SinceText(aggregation.heard_us()),
                                 ": ", aggregation.unheard())};
  }
  const status_api::QueryStatus& query = status.query();
  if (!status.has_query() || !query.stale()) return std::nullopt;
  return Fault{"stale", StrCat(query.stale_reason().empty() ? "aggregation is not heard of"
                                                            : query.stale_reason(),
                               ", ", SinceText(query.stale_since_us()))};
}

// A process is not ready because of a service in it, of which that is said; those beside it serve.
bool Explained(const status_api::GetStatusResponse& status) {
  return std::any_of(std::begin(kServices), std::end(kServices),
                     [&](const char* service) { return FaultOf(status, service).has_value(); });
}

ServiceLine LineOf(const status_api::SystemStatus& system, std::string_view service,
                   const std::optional<Head>& head) {
  ServiceLine line;
  line.service = service;
  const status_api::ProcessReport* report = ReportOf(system, service);
  if (report == nullptr) return line;
  line.address = report->address();
  if (!report->error().empty()) {
    line.state = "away";
    line.why = report->error();
    return line;
  }
  const status_api::GetStatusResponse& status = report->status();
  if (!Has(status, service)) {
    line.state = "away";
    line.why = "the process there does not host it";
    return line;
  }
  line.version = status.version();
  if (!status.revision().empty())
    base::StrAppend(line.version, " ", status.revision().substr(0, kRevisionShown));
  line.started_us = status.started_us();
  line.state = "serving";
  line.why = status.remark();
  if (const auto fault = FaultOf(status, service); fault.has_value()) {
    line.state = fault->state;
    line.why = fault->why;
  } else if (!status.not_ready().empty() && !Explained(status)) {
    line.state = "not serving";
    line.why = status.not_ready();
  }
  const auto news = [&](int64_t heard_us) {
    if (heard_us > 0)
      line.news_age_ms = std::max<int64_t>(0, status.now_us() - heard_us) / kMicrosPerMilli;
  };
  if (service == "ingestion") {
    line.position = status.ingestion().head().position();
  } else if (service == "aggregation") {
    Place(status.aggregation().folded(), head, line);
    news(status.aggregation().heard_us());
  } else {
    Place(status.query().served(), head, line);
    news(status.query().heard_us());
  }
  return line;
}

std::string Number(const std::optional<int64_t>& value) {
  return value.has_value() ? StrCat(*value) : "";
}

// "12 s", "3 min", "2 h", "5 d".
std::string Age(const std::optional<int64_t>& milliseconds) {
  if (!milliseconds.has_value()) return "";
  const int64_t seconds = *milliseconds / 1'000;
  if (seconds < 120) return StrCat(seconds, " s");
  if (seconds < 2 * 3'600) return StrCat(seconds / 60, " min");
  if (seconds < 2 * 86'400) return StrCat(seconds / 3'600, " h");
  return StrCat(seconds / 86'400, " d");
}

// What is known of one edition, from ingestion and from query.
struct EditionLine {
  const status_api::OpenEdition* open = nullptr;
  const status_api::EditionFigures* figures = nullptr;
};

std::string EditionsText(const status_api::SystemStatus& system) {
  std::map<std::string, EditionLine> editions;
  for (const status_api::ProcessReport& report : system.processes()) {
    for (const auto& open : report.status().ingestion().open_editions())
      editions[open.name()].open = &open;
    for (const auto& figures : report.status().query().editions())
      editions[figures.name()].figures = &figures;
  }
  if (editions.empty()) return "";
  std::vector<std::vector<std::string>> rows = {
      {"edition", "state", "invited", "complete", "partial", "latest release"}};
  for (const auto& [name, edition] : editions) {
    std::string state = edition.figures != nullptr &&
                                edition.figures->state() == survey::model::v1::EDITION_STATE_CLOSED
                            ? "closed"
                            : "not open";
    if (edition.open != nullptr) {
      state = edition.open->reopened_units() == 0
                  ? "open"
                  : StrCat("closed, ", edition.open->reopened_units(), " units reopened");
    } else if (edition.figures != nullptr &&
               edition.figures->state() == survey::model::v1::EDITION_STATE_OPEN) {
      state = "open";  // As query has it; ingestion did not say.
    }
    const bool counted = edition.open != nullptr && edition.open->has_units();
    std::string release = edition.figures == nullptr ? "not known" : "none";
    if (edition.figures != nullptr && edition.figures->latest_release() > 0) {
      release = StrCat(edition.figures->latest_release(), ", ",
                       TimeOf(edition.figures->release_time_us()), ", up to position ",
                       edition.figures->release_position());
    }
    rows.push_back({name, state, counted ? StrCat(edition.open->units().invited()) : "",
                    counted ? StrCat(edition.open->units().complete()) : "",
                    counted ? StrCat(edition.open->units().partial()) : "", release});
  }
  return StrCat("\n", FormatTable(rows, true));
}

std::string TasksText(const status_api::SystemStatus& system) {
  std::string text;
  for (const status_api::ProcessReport& report : system.processes()) {
    for (const status_api::Task& task : report.status().tasks()) {
      if (!task.running()) continue;
      base::StrAppend(text, "running: ", task.task(), ", ", task.done());
      if (task.planned() > 0) base::StrAppend(text, " of ", task.planned());
      base::StrAppend(text, " ", task.unit(), ", for ", Age(task.took_ms()), "\n");
    }
    for (const std::string& candidate : report.status().aggregation().candidates())
      base::StrAppend(text, "candidate: ", candidate, "\n");
  }
  return text.empty() ? text : StrCat("\n", text);
}

}  // namespace

std::vector<ServiceLine> LinesOf(const status_api::SystemStatus& system) {
  const std::optional<Head> head = HeadOf(system);
  std::vector<ServiceLine> lines;
  for (const char* service : kServices) lines.push_back(LineOf(system, service, head));
  return lines;
}

void Judge(status_api::SystemStatus& system) {
  system.clear_problems();
  for (const ServiceLine& line : LinesOf(system)) {
    if (line.state != "serving")
      system.add_problems(
          StrCat(line.service, " at ", line.address, " is ", line.state, ": ", line.why));
  }
  for (const status_api::ProcessReport& report : system.processes()) {
    for (const std::string& problem : report.status().problems()) system.add_problems(problem);
  }
  system.set_healthy(system.problems().empty());
}

Sheet ToSheet(const std::vector<ServiceLine>& lines) {
  Sheet sheet = {{"service", "address", "state", "why", "version", "started_us", "position",
                  "lag_records", "lag_ms", "news_age_ms"},
                 {}};
  for (const ServiceLine& line : lines) {
    sheet.rows.push_back({line.service, line.address, line.state, line.why, line.version,
                          Number(line.started_us), Number(line.position), Number(line.lag_records),
                          Number(line.lag_ms), Number(line.news_age_ms)});
  }
  return sheet;
}

std::string ToText(const status_api::SystemStatus& system, const std::vector<ServiceLine>& lines) {
  std::vector<std::vector<std::string>> rows = {{"service", "state", "position", "behind", "",
                                                 "last news", "up since (UTC)", "version",
                                                 "address"}};
  for (const ServiceLine& line : lines) {
    rows.push_back({line.service, line.state, Number(line.position),
                    line.lag_records.has_value() ? StrCat(*line.lag_records, " records") : "",
                    Age(line.lag_ms),
                    line.news_age_ms.has_value() ? StrCat(Age(line.news_age_ms), " ago") : "",
                    line.started_us.has_value() ? TimeOf(*line.started_us) : "", line.version,
                    line.address});
  }
  std::string text = FormatTable(rows, true);
  for (const std::string& problem : system.problems()) base::StrAppend(text, "! ", problem, "\n");
  for (const ServiceLine& line : lines) {
    if (line.state == "serving" && !line.why.empty())
      base::StrAppend(text, line.service, ": ", line.why, "\n");
  }
  for (const status_api::ProcessReport& report : system.processes()) {
    if (!report.status().has_ingestion()) continue;
    const status_api::LogPosition& head = report.status().ingestion().head();
    base::StrAppend(text, "\nlog ", head.log_id(), ", epoch ", head.epoch(), ", position ",
                    head.position());
    if (head.time_us() > 0) {
      base::StrAppend(text, ", last record ",
                      Age((report.status().now_us() - head.time_us()) / kMicrosPerMilli), " ago");
    }
    text += '\n';
  }
  return StrCat(text, EditionsText(system), TasksText(system));
}

}  // namespace imdi::cli
