#include "clients/cli/commands_common.h"

#include "absl/time/time.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

// How long the log is asked for its head before figures are asked for without it.
constexpr absl::Duration kHeadPatience = absl::Seconds(1);

// What to do about an error whose message comes from the transport, or whose remedy is an option of
// this program. The messages of the services say it themselves.
std::string_view RemedyOf(const absl::Status& status, base::Reason reason) {
  if (reason == base::Reason::kNotYetFolded)
    return "wait until query has caught up, or take what it has with --no-wait";
  if (reason != base::Reason::kUnspecified) return {};
  if (absl::IsUnavailable(status))
    return "see whether the service runs and listens there (imdictl status), or name another "
           "address";
  if (absl::IsDeadlineExceeded(status)) return "try again, or give it longer with --timeout";
  if (absl::IsUnimplemented(status))
    return "this address does not offer the method: another service listens there, or an older "
           "one";
  return {};
}

}  // namespace

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitInvalid;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return kExitConflict;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kExitUnavailable;
    case absl::StatusCode::kDataLoss:
      return kExitCorrupt;
    default:
      return kExitFailed;
  }
}

std::string ErrorText(const absl::Status& status) {
  const base::Reason reason = base::ReasonOf(status);
  return base::StrCat(reason == base::Reason::kUnspecified ? absl::StatusCodeToString(status.code())
                                                           : std::string(base::Name(reason)),
                      ": ", status.message());
}

int Fail(const absl::Status& status) {
  const base::ErrorInfo info = base::InfoOf(status);
  std::string text = base::StrCat("imdictl: ", ErrorText(status), "\n");
  for (const base::FieldViolation& violation : info.violations) {
    base::StrAppend(text, "  ", violation.field, ": ", violation.description, "\n");
  }
  if (info.violation_count > static_cast<int64_t>(info.violations.size())) {
    base::StrAppend(text, "  and ",
                    info.violation_count - static_cast<int64_t>(info.violations.size()), " more\n");
  }
  for (const auto& [key, value] : info.metadata)
    base::StrAppend(text, "  ", key, ": ", value, "\n");
  const std::string asked = AskedOf(status);
  if (!asked.empty()) base::StrAppend(text, "  asked: ", asked, "\n");
  const std::string_view remedy = RemedyOf(status, info.reason);
  if (!remedy.empty()) base::StrAppend(text, "  remedy: ", remedy, "\n");
  if (info.retry_delay > absl::ZeroDuration()) {
    base::StrAppend(text, "  try again in: ", absl::ToDoubleSeconds(info.retry_delay), " s\n");
  }
  PrintError(text);
  return ExitCodeOf(status);
}

void PrintProblems(const std::vector<config::Problem>& problems, size_t count) {
  std::string text;
  for (const config::Problem& problem : problems)
    base::StrAppend(text, config::ToText(problem), "\n");
  if (count > problems.size()) base::StrAppend(text, "and ", count - problems.size(), " more\n");
  PrintError(text);
}

std::string EditionName(std::string_view edition) {
  return edition.starts_with("editions/") ? std::string(edition)
                                          : base::StrCat("editions/", edition);
}

std::string ReleaseName(std::string_view edition, std::string_view release) {
  return base::StrCat(EditionName(edition), "/releases/", release);
}

std::string TimeOf(int64_t microseconds) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMicros(microseconds),
                          absl::UTCTimeZone());
}

Commands::Commands(const Options& options)
    : options_(options),
      output_(options.format),
      connection_(options.addresses, absl::Seconds(options.timeout_seconds), options.trace_parent) {
}

std::string Commands::Label(const survey::model::v1::LocalizedText& text) const {
  if (options_.language == "nn") return text.nn();
  if (options_.language == "en" && !text.en().empty()) return text.en();
  return text.nb();
}

absl::StatusOr<int64_t> Commands::HeadPosition() const {
  const auto head = Try(connection_.log(), &ingestion_api::LogService::StubInterface::GetHead,
                        ingestion_api::GetHeadRequest());
  if (!head.ok()) return head.status();
  return head->head().position();
}

int64_t Commands::NewestPosition() const {
  if (options_.no_wait) return 0;
  absl::StatusOr<ingestion_api::GetHeadResponse> head = absl::UnknownError("not called");
  const absl::Status status = WithRetries(kHeadPatience, [&] {
    head = connection_.Call(connection_.log(), &ingestion_api::LogService::StubInterface::GetHead,
                            ingestion_api::GetHeadRequest());
    return head.status();
  });
  if (status.ok()) return head->head().position();
  PrintError(base::StrCat("imdictl: note: ", AskedOf(status),
                          " does not say how far the log goes (", status.message(),
                          "); figures are as query has them\n"));
  return 0;
}

}  // namespace imdi::cli
