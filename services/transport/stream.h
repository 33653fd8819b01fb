#pragma once

// Server streams that a slow reader cannot fill: the next chunk is read only when the last one was
// written.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "services/base/executor.h"

namespace imdi::transport {

// What a source has next.
struct StreamWait {};  // Nothing yet; it will call wake.
using StreamStep =
    std::variant<std::string, StreamWait, absl::Status>;  // A message's bytes; wait; the end.

// Made for one stream, called by one thread at a time, destroyed when the stream is over.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  virtual StreamStep Next() = 0;
};

// Gets the stream's wake function: thread-safe, cheap, may be called at any time, also after the
// stream has ended.
using MakeSource =
    std::function<absl::StatusOr<std::unique_ptr<StreamSource>>(std::function<void()> wake)>;

// The streams of a listener, so that drain can end them. Thread-safe.
class Streams {
 public:
  // `executor` runs the sources and must outlive the streams. `thrown` is told of an exception that
  // a source lets out; its stream ends with INTERNAL.
  Streams(base::BoundedExecutor& executor, std::function<void(std::string_view what)> thrown);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // Streams what the made source gives; a source that cannot be made ends the stream with its
  // status.
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(const MakeSource& make);
  // Ends every running stream with SHUTTING_DOWN; streams begun later end at once.
  void EndAll();

 private:
  class Stream;
  struct Running;
  base::BoundedExecutor& executor_;
  const std::function<void(std::string_view)> thrown_;
  const std::shared_ptr<Running> running_;
};

// A stream that only fails.
grpc::ServerWriteReactor<grpc::ByteBuffer>* FailStream(const absl::Status& status);

}  // namespace imdi::transport
