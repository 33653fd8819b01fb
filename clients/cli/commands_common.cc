#include "clients/cli/commands_common.h"

#include "absl/time/time.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::cli {

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

void PrintOut(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void PrintError(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

int Fail(const absl::Status& status) {
  const base::ErrorInfo info = base::InfoOf(status);
  std::string text = "imdictl: ";
  base::StrAppend(text,
                  info.reason == base::Reason::kUnspecified
                      ? absl::StatusCodeToString(status.code())
                      : std::string(base::Name(info.reason)),
                  ": ", status.message(), "\n");
  for (const base::FieldViolation& violation : info.violations) {
    base::StrAppend(text, "  ", violation.field, ": ", violation.description, "\n");
  }
  if (info.violation_count > static_cast<int64_t>(info.violations.size())) {
    base::StrAppend(text, "  and ",
                    info.violation_count - static_cast<int64_t>(info.violations.size()), " more\n");
  }
  for (const auto& [key, value] : info.metadata)
    base::StrAppend(text, "  ", key, ": ", value, "\n");
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

Commands::Commands(const Options& options)
    : options_(options),
      connection_(options.server, options.internal, absl::Seconds(options.timeout_seconds)) {}

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

}  // namespace imdi::cli
