#include "imdi/survey/client/error.h"

#include <utility>

#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::survey::client {

Error ErrorOf(const absl::Status& status) {
  base::ErrorInfo info = base::InfoOf(status);
  Error out;
  out.code = status.code();
  out.reason = static_cast<Reason>(info.reason);
  out.message = base::ToStd(status.message());
  out.metadata = std::move(info.metadata);
  for (base::FieldViolation& violation : info.violations)
    out.violations.push_back({std::move(violation.field), std::move(violation.description)});
  out.violation_count = info.violation_count;
  out.retry_delay = info.retry_delay;
  return out;
}

Reason ReasonOf(const absl::Status& status) { return static_cast<Reason>(base::ReasonOf(status)); }

absl::Status StatusOf(const Error& error) {
  if (error.reason == error::v1::REASON_UNSPECIFIED) return {error.code, error.message};
  base::ErrorInfo info;
  info.reason = static_cast<base::Reason>(error.reason);
  info.metadata = error.metadata;
  for (const Violation& violation : error.violations)
    info.violations.push_back({violation.field, violation.description});
  info.violation_count = error.violation_count;
  info.retry_delay = error.retry_delay;
  return base::Error(std::move(info), error.message);
}

}  // namespace imdi::survey::client
