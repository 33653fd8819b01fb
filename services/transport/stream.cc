#include "services/transport/stream.h"

#include <map>
#include <memory>
#include <utility>

#include "grpcpp/support/slice.h"
#include "services/base/call_context.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/transport/status_bridge.h"

namespace imdi::transport {
struct Streams::Running {
  bool Add(const std::shared_ptr<Stream>& stream);
  void Remove(const Stream* stream);

  base::Mutex mutex;
  bool ending ABSL_GUARDED_BY(mutex) = false;
  std::map<const Stream*, std::weak_ptr<Stream>> streams ABSL_GUARDED_BY(mutex);
};

// Kept alive by itself until gRPC says that the stream is over.
class Streams::Stream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                              public std::enable_shared_from_this<Streams::Stream> {
 public:
  Stream(base::BoundedExecutor& executor, std::function<void(std::string_view)> thrown,
         std::shared_ptr<Running> running)
      : executor_(executor), thrown_(std::move(thrown)), running_(std::move(running)) {}

  void Start(const MakeSource& make) {
    self_ = shared_from_this();
    const bool allowed = running_->Add(self_);
    using Made = absl::StatusOr<std::unique_ptr<StreamSource>>;
    const auto wake = [weak = weak_from_this()] {
      if (const std::shared_ptr<Stream> stream = weak.lock()) stream->Wake();
    };
    Made source = allowed ? Guarded<Made>([&] { return make(wake); }) : Made(base::ShuttingDown());
    if (!source.ok()) {
      End(source.status());
      return;
    }
    source_ = std::move(*source);
    Ask();
  }

  // Something may have come: asks the source, unless a chunk is on its way or the source is being
  // asked already.
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
    running_->Remove(this);
    self_.reset();  // Pumping on another thread, if any, holds its own reference.
  }

 private:
  // What `work` returns, or INTERNAL when it throws.
  template <typename Result, typename Work>
  Result Guarded(const Work& work) {
    try {
      return work();
    } catch (const std::exception& thrown) {
      thrown_(thrown.what());
    } catch (...) {
      thrown_("something that is no std::exception");
    }
    return base::Error(base::Reason::kInternal, "an exception reached the edge");
  }

  void Ask() {
    if (!executor_.TrySubmit([self = shared_from_this()] { self->Pump(); })) {
      End(base::WithRetryDelay(
          base::Error(base::Reason::kOverloaded, "the service is overloaded; resume shortly"),
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
      StreamStep step = Guarded<StreamStep>([&] { return source_->Next(); });
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
  const std::function<void(std::string_view)> thrown_;
  const std::shared_ptr<Running> running_;
  std::unique_ptr<StreamSource> source_;
  grpc::ByteBuffer chunk_;
  std::shared_ptr<Stream> self_;
  base::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = true;  // Also until it has a source.
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

bool Streams::Running::Add(const std::shared_ptr<Stream>& stream) {
  base::MutexLock lock(mutex);
  if (ending) return false;
  streams.emplace(stream.get(), stream);
  return true;
}

void Streams::Running::Remove(const Stream* stream) {
  base::MutexLock lock(mutex);
  streams.erase(stream);
}

Streams::Streams(base::BoundedExecutor& executor, std::function<void(std::string_view)> thrown)
    : executor_(executor), thrown_(std::move(thrown)), running_(std::make_shared<Running>()) {}
Streams::~Streams() = default;

grpc::ServerWriteReactor<grpc::ByteBuffer>* Streams::Start(const MakeSource& make) {
  const auto stream = std::make_shared<Stream>(executor_, thrown_, running_);
  stream->Start(make);
  return stream.get();
}

void Streams::EndAll() {
  std::map<const Stream*, std::weak_ptr<Stream>> streams;
  {
    base::MutexLock lock(running_->mutex);
    running_->ending = true;
    streams = running_->streams;
  }
  for (const auto& [key, weak] : streams) {
    if (const std::shared_ptr<Stream> stream = weak.lock()) stream->End(base::ShuttingDown());
  }
}

namespace {

class Failed final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Failed(const absl::Status& status) { Finish(ToRpc(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* FailStream(const absl::Status& status) {
  return new Failed(status);
}

}  // namespace imdi::transport
