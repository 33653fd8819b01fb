#include "services/transport/status_bridge.h"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"

namespace imdi::transport {
namespace {

constexpr std::string_view kViolationCount = "violation_count";
// What the details cost beside their texts, at most: type URLs, domain, reason, count, delay; and
// each entry of a list.
constexpr size_t kFramingBytes = 400;
constexpr size_t kEntryBytes = 16;

// The room of trailing metadata: a client drops all of it when it is larger than 8 KiB.
class Room {
 public:
  // False, and nothing taken, when it does not fit.
  bool Take(size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  size_t left_ = base::kErrorDetailBytesMax;
};

// gRPC sends the message percent-encoded.
size_t EncodedSize(std::string_view message) {
  size_t size = 0;
  for (const char c : message) size += c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3;
  return size;
}

// With '?' for each byte that is not UTF-8: protobuf would refuse to read the whole message back.
std::string Readable(std::string_view text) {
  std::string out(text);
  for (size_t at = base::FirstInvalidUtf8(out); at != std::string::npos;
       at = base::FirstInvalidUtf8(out))
    out[at] = '?';
  return out;
}

grpc::Status Incident(const absl::Status& status) {
  const std::string incident = base::RandomId();
  base::LogEvent(base::Level::kError, "incident",
                 {{"incident", incident}, {"status", status.ToString()}});
  const absl::Status outward = base::WithMetadata(
      base::Error(base::Reason::kInternal, base::StrCat("internal error, incident ", incident)),
      "incident", incident);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(base::Name(base::Reason::kInternal)));
  info.set_domain(std::string(kErrorDomain));
  (*info.mutable_metadata())["incident"] = incident;
  google::rpc::Status details;
  details.set_code(static_cast<int>(outward.code()));
  details.set_message(std::string(outward.message()));
  details.add_details()->PackFrom(info);
  return {grpc::StatusCode::INTERNAL, details.message(), details.SerializeAsString()};
}

}  // namespace

grpc::Status ToRpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const base::ErrorInfo info = base::InfoOf(status);
  const bool known = base::CanonicalCode(info.reason) != absl::StatusCode::kUnknown;
  if (!known || info.reason == base::Reason::kInternal) return Incident(status);

  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(Readable(base::ToStd(status.message())));
  Room room;
  room.Take(kFramingBytes + details.message().size() + EncodedSize(details.message()));
  google::rpc::ErrorInfo error_info;
  error_info.set_reason(std::string(base::Name(info.reason)));
  error_info.set_domain(std::string(kErrorDomain));
  for (const auto& [key, value] : info.metadata) {
    if (room.Take(kEntryBytes + key.size() + value.size())) {
      (*error_info.mutable_metadata())[Readable(key)] = Readable(value);
    }
  }
  if (info.violation_count > 0) {
    (*error_info.mutable_metadata())[std::string(kViolationCount)] =
        base::StrCat(info.violation_count);
  }
  details.add_details()->PackFrom(error_info);
  if (info.retry_delay > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    const int64_t milliseconds = absl::ToInt64Milliseconds(info.retry_delay);
    retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
    details.add_details()->PackFrom(retry);
  }
  google::rpc::BadRequest bad;
  for (const base::FieldViolation& violation : info.violations) {
    if (!room.Take(kEntryBytes + violation.field.size() + violation.description.size())) break;
    auto& out = *bad.add_field_violations();
    out.set_field(Readable(violation.field));
    out.set_description(Readable(violation.description));
  }
  if (bad.field_violations_size() > 0) details.add_details()->PackFrom(bad);
  return {static_cast<grpc::StatusCode>(status.code()), details.message(),
          details.SerializeAsString()};
}

absl::Status FromRpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  base::ErrorInfo info;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& any : details.details()) {
      google::rpc::ErrorInfo error_info;
      google::rpc::RetryInfo retry;
      google::rpc::BadRequest bad;
      if (any.UnpackTo(&error_info) && error_info.domain() == kErrorDomain) {
        info.reason = base::ReasonFromName(error_info.reason());
        for (const auto& [key, value] : error_info.metadata()) {
          if (key == kViolationCount) {
            info.violation_count = base::ParseInt64(value).value_or(0);
          } else {
            info.metadata[key] = value;
          }
        }
      } else if (any.UnpackTo(&retry)) {
        info.retry_delay = absl::Seconds(retry.retry_delay().seconds()) +
                           absl::Nanoseconds(retry.retry_delay().nanos());
      } else if (any.UnpackTo(&bad)) {
        for (const auto& violation : bad.field_violations()) {
          info.violations.push_back({violation.field(), violation.description()});
        }
      }
    }
  }
  if (info.reason == base::Reason::kUnspecified) {
    return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
  }
  return base::Error(std::move(info), status.error_message());
}

}  // namespace imdi::transport
