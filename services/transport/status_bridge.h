#pragma once

// The one bridge between absl::Status with a Reason and gRPC's status with google.rpc details in
// trailing metadata.

#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace imdi::transport {

// Domain of every ErrorInfo.
inline constexpr std::string_view kErrorDomain = "survey.imdi.no";

// Lossless for every error made by base::Error while message (percent-encoded) and details fit into
// kErrorDetailBytesMax: metadata that does not fit is left out, violations are cut, the true count
// stays. Bytes that are not UTF-8 become '?'. An error without a reason, or with Reason::kInternal,
// leaves only an incident id; its text is logged beside that id.
grpc::Status ToRpc(const absl::Status& status);

// The inverse. A status of another server keeps code and message.
absl::Status FromRpc(const grpc::Status& status);

}  // namespace imdi::transport
