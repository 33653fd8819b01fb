#pragma once

// Why bytes are not a message, and where they go wrong: the library's parser says only that they
// are none.

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/support/byte_buffer.h"

namespace imdi::transport {

// For bytes that did not parse as `type`. INVALID_UTF8 or NESTING_TOO_DEEP with the field's path,
// UNDECODABLE_REQUEST for everything else.
absl::Status WhyUndecodable(const google::protobuf::Descriptor& type, std::string_view bytes);
absl::Status WhyUndecodable(const google::protobuf::Descriptor& type,
                            const grpc::ByteBuffer& bytes);

}  // namespace imdi::transport
