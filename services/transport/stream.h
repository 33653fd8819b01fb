#pragma once

// Server streams that a slow reader cannot fill: the next chunk is read only when the last one was written.

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "services/base/executor.h"

namespace imdi::transport {

// What a source has next.
struct StreamWait {};                                             // Nothing yet; it will call wake.
using StreamStep = std::variant<std::string, StreamWait, absl::Status>;  // A message's bytes; wait; the end.

// Made for one stream, called by one thread at a time, destroyed when the stream is over.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual StreamStep Next() = 0;
};

// Calls `make` with the stream's wake function (thread-safe, cheap, may be called at any time, also after the stream
// has ended) and streams what the source gives. `executor` runs Next.
using MakeSource = std::function<absl::StatusOr<std::unique_ptr<StreamSource>>(std::function<void()> wake)>;
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(MakeSource make, base::BoundedExecutor& executor);

// A stream that only fails.
grpc::ServerWriteReactor<grpc::ByteBuffer>* FailStream(const absl::Status& status);

// Ends every running stream with SHUTTING_DOWN; streams begun later end at once. For drain.
void EndAllStreams();

}  // namespace imdi::transport
