#include "services/transport/stream.h"

#include <map>
#include <memory>
#include <utility>

#include "grpcpp/support/slice.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/transport/status_bridge.h"

namespace imdi::transport {
namespace {

class Stream;

// The running streams of the process, so that drain can end them.
class Running {
 public:
  static Running& Get() {
    static Running* const running = new Running;
    return *running;
  }
  bool Add(std::weak_ptr<Stream> stream, const void* key);
  void Remove(const void* key);
  void EndAll();

 private:
  base::Mutex mutex_;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<const void*, std::weak_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
};

absl::Status ShuttingDown() {
  return base::WithRetryDelay(base::Error(base::Reason::kShuttingDown, "the service is stopping; resume elsewhere or later"),
                              absl::Milliseconds(base::kReconnectBackoffMinMs));
}

// Kept alive by itself until gRPC says that the stream is over.
class Stream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(base::BoundedExecutor& executor) : executor_(executor) {}

  void Start(const MakeSource& make) {
    self_ = shared_from_this();
    const bool allowed = Running::Get().Add(weak_from_this(), this);
    absl::StatusOr<std::unique_ptr<StreamSource>> source =
        allowed ? make([weak = weak_from_this()] {
          if (const std::shared_ptr<Stream> stream = weak.lock()) stream->Wake();
        })
                : absl::StatusOr<std::unique_ptr<StreamSource>>(ShuttingDown());
    if (!source.ok()) {
      End(source.status());
      return;
    }
    source_ = std::move(*source);
    Wake();
  }

  // Something may have come: asks the source, unless a chunk is on its way or the source is being asked already.
  void Wake() {
    {
      base::MutexLock lock(mutex_);
      again_ = true;
      if (busy_ || ended_) return;
      busy_ = true;
    }
    Ask();
  }

  void End(const absl::Status& status) {
    base::MutexLock lock(mutex_);
    if (ended_) return;
    ended_ = true;
    Finish(ToRpc(status));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      End(base::Error(base::Reason::kCancelled, "the reader has gone"));
      return;
    }
    Ask();
  }
  void OnCancel() override { End(base::Error(base::Reason::kCancelled, "the reader has gone")); }
  void OnDone() override {
    Running::Get().Remove(this);
    self_.reset();  // Pumping on another thread, if any, holds its own reference.
  }

 private:
  void Ask() {
    if (!executor_.TrySubmit([self = shared_from_this()] { self->Pump(); })) {
      End(base::WithRetryDelay(base::Error(base::Reason::kOverloaded, "the service is overloaded; resume shortly"),
                               absl::Milliseconds(base::kShedRetryDelayMs)));
    }
  }

  void Pump() {
    while (true) {
      {
        base::MutexLock lock(mutex_);
        if (ended_) return;
        again_ = false;
      }
      StreamStep step = source_->Next();
      if (auto* bytes = std::get_if<std::string>(&step)) {
        const grpc::Slice slice(*bytes);
        base::MutexLock lock(mutex_);
        if (ended_) return;
        chunk_ = grpc::ByteBuffer(&slice, 1);
        StartWrite(&chunk_);
        return;  // Still busy, until OnWriteDone.
      }
      if (const auto* end = std::get_if<absl::Status>(&step)) {
        End(*end);
        return;
      }
      base::MutexLock lock(mutex_);
      if (!again_) {
        busy_ = false;
        return;
      }
    }
  }

  base::BoundedExecutor& executor_;
  std::unique_ptr<StreamSource> source_;
  grpc::ByteBuffer chunk_;
  std::shared_ptr<Stream> self_;
  base::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

bool Running::Add(std::weak_ptr<Stream> stream, const void* key) {
  base::MutexLock lock(mutex_);
  if (ending_) return false;
  streams_.emplace(key, std::move(stream));
  return true;
}

void Running::Remove(const void* key) {
  base::MutexLock lock(mutex_);
  streams_.erase(key);
}

void Running::EndAll() {
  std::map<const void*, std::weak_ptr<Stream>> streams;
  {
    base::MutexLock lock(mutex_);
    ending_ = true;
    streams = streams_;
  }
  for (const auto& [key, weak] : streams) {
    if (const std::shared_ptr<Stream> stream = weak.lock()) stream->End(ShuttingDown());
  }
}

class Failed final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Failed(const absl::Status& status) { Finish(ToRpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* StartStream(MakeSource make, base::BoundedExecutor& executor) {
  const auto stream = std::make_shared<Stream>(executor);
  stream->Start(make);
  return stream.get();
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* FailStream(const absl::Status& status) { return new Failed(status); }

void EndAllStreams() { Running::Get().EndAll(); }

}  // namespace imdi::transport
