#pragma once

// The template through which every unary method runs: bytes in, parse, deadline, use case, bytes
// out, status, log line and metrics, the same for all. Methods are registered raw, so undecodable
// bytes get our own INVALID_ARGUMENT.

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "google/protobuf/arena.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "services/base/call_context.h"
#include "services/base/error.h"
#include "services/base/executor.h"
#include "services/base/limits.h"
#include "services/base/metrics.h"
#include "services/base/mutex.h"
#include "services/transport/ready_bytes.h"
#include "services/transport/status_bridge.h"
#include "services/transport/stream.h"
#include "services/transport/undecodable.h"

namespace imdi::transport {

enum class Where : uint8_t {
  kInline,    // On gRPC's own thread: only for calls that touch nothing but memory.
  kExecutor,  // On the bounded executor: may read a disk or wait for the committer.
};

struct MethodInfo {
  std::string_view name;  // "SubmissionService/Submit"; lives as long as the process.
  Where where = Where::kExecutor;
  bool mutation = false;  // A deadline is required, and the call is logged when it ends.
  base::Work work = base::Work::kRead;  // What is served first, and what is refused (admission.h).
  // Control that may take long: let in as control is, but run among the reads, so that it never
  // holds the threads that writes wait for.
  bool lasting = false;
};

// Below this, one copy is cheaper than two slices with counters of their own.
inline constexpr size_t kCopiedBytesMax = 8 * base::kKiB;

// Bytes of any size without a copy of a large part. `until_sent` lives until gRPC has let go of
// what was not copied: until it is written, or nobody wants it any more.
grpc::ByteBuffer ToByteBuffer(ReadyBytes bytes, std::shared_ptr<const void> until_sent = nullptr);

// Shared by all services of a listener. Thread-safe. Must outlive the server.
class Calls {
  // A method's own series, found once.
  struct Series {
    base::Counter* answered = nullptr;
    base::Histogram* seconds = nullptr;
  };
  struct State {
    grpc::CallbackServerContext* rpc = nullptr;
    std::string_view method;
    Series series;
    bool mutation = false;
    base::SteadyTime started;
    base::SteadyTime deadline;
    // Given back when the call is answered, or, by a read, when a large answer was sent.
    std::optional<base::Admission::Place> place;
  };

 public:
  struct Options {
    std::string actor;  // Recorded as unauthenticated until login exists.
    bool internal = false;
  };
  Calls(Options options, base::BoundedExecutor& executor, base::Metrics& metrics);

  // The handler returns its answer.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Run(
      const MethodInfo& method, grpc::CallbackServerContext* rpc, const grpc::ByteBuffer* in,
      grpc::ByteBuffer* out,
      std::function<absl::StatusOr<Response>(const base::CallContext&, const Request&)> handler) {
    return RunAsync<Request, Response>(
        method, rpc, in, out,
        [handler = std::move(handler)](const base::CallContext& call, const Request& request,
                                       auto done) { done(handler(call, request)); });
  }

  // The handler hands its answer to `done`, from any thread; the request lives until then. Only the
  // first answer counts. `at_hand`, unless null, says of a request that answering it touches
  // nothing but memory: it is then answered on gRPC's own thread, whatever the method says.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* RunAsync(
      const MethodInfo& method, grpc::CallbackServerContext* rpc, const grpc::ByteBuffer* in,
      grpc::ByteBuffer* out,
      std::function<void(const base::CallContext&, const Request&,
                         std::function<void(absl::StatusOr<Response>)>)>
          handler,
      const std::function<bool(const Request&)>& at_hand = nullptr) {
    grpc::ServerUnaryReactor* reactor = rpc->DefaultReactor();
    auto call = std::make_shared<Call<Request>>();
    Begin(method, rpc, call->state);
    absl::Status admitted = Admit(method, call->state);
    if (admitted.ok() && (method.where != Where::kInline || at_hand != nullptr)) {
      admitted = TakePlace(method.work, in->Length(), call->state);
    }
    if (!admitted.ok()) {
      Finish(call->state, reactor, admitted);
      return reactor;
    }
    call->context = ContextOf(method.name, rpc);
    call->context.deadline = call->state.deadline;
    if (method.lasting) call->context.stopping = &stopping_;
    if (!method.mutation) {
      // gRPC knows of no deadline where the caller gave none.
      call->context.cancelled = [rpc, deadline = call->state.deadline] {
        return rpc->IsCancelled() || base::SteadyClock::now() > deadline;
      };
    }
    grpc::ByteBuffer bytes(*in);
    if (!grpc::GenericDeserialize<grpc::ProtoBufferReader, Request>(&bytes, call->request).ok()) {
      Finish(call->state, reactor, WhyUndecodable(*Request::descriptor(), *in));
      return reactor;
    }
    const bool at_once =
        method.where == Where::kInline || (at_hand != nullptr && at_hand(*call->request));
    auto work = [this, call, reactor, out, at_once, kind = method.work,
                 handler = std::move(handler)] {
      auto done = [this, call, reactor, out, kind](absl::StatusOr<Response> response) {
        if (call->answered.exchange(true)) return;
        absl::Status status = response.status();
        if (response.ok() && kind == base::Work::kRead &&
            response->ByteSizeLong() > kCopiedBytesMax) {
          status =
              Put({.shared = nullptr, .tail = response->SerializeAsString()}, call->state, out);
        } else if (response.ok()) {
          bool own_buffer = false;
          const grpc::Status written = grpc::GenericSerialize<grpc::ProtoBufferWriter, Response>(
              *response, out, &own_buffer);
          if (!written.ok()) status = base::Error(base::Reason::kInternal, written.error_message());
        }
        Finish(call->state, reactor, status);
      };
      // Its caller may have gone while it waited for a thread.
      if (absl::Status wanted = at_once ? absl::OkStatus() : call->context.CheckWanted();
          !wanted.ok()) {
        done(std::move(wanted));
        return;
      }
      const absl::Status thrown = Guarded([&] { handler(call->context, *call->request, done); });
      if (!thrown.ok()) done(thrown);
    };
    if (at_once) {
      work();
    } else if (!executor_.TrySubmit(std::move(work),
                                    method.lasting ? base::Work::kRead : method.work)) {
      Finish(call->state, reactor, Overloaded(method.work));
    }
    return reactor;
  }

  // A method of that kind, and what is counted of it.
  class ReadyMethod {
   public:
    ReadyMethod(Calls& calls, std::string_view name)
        : info_{.name = name, .where = Where::kInline}, series_(calls.SeriesOf(name)) {}

   private:
    friend class Calls;
    const MethodInfo info_;
    const Series series_;
  };

  // A read that is answered with ready bytes, in one allocation and without a look at metadata: for
  // answers that cost less than what surrounds them. Kept alive by whoever will answer it.
  template <typename Request>
  class ReadyCall : public std::enable_shared_from_this<ReadyCall<Request>> {
   public:
    const Request& request() const { return request_; }
    // The request's bytes as they came.
    std::string_view raw() const {
      return {reinterpret_cast<const char*>(raw_.begin()), raw_.size()};
    }
    base::SteadyTime deadline() const { return state_.deadline; }
    // True once the caller has gone or the deadline passed. Not to be asked once it is answered.
    bool Cancelled() const {
      return state_.rpc->IsCancelled() || base::SteadyClock::now() > state_.deadline;
    }
    bool internal() const { return calls_.options_.internal; }
    // From any thread. Only the first answer counts.
    void Answer(absl::StatusOr<ReadyBytes> answer) {
      if (answered_.exchange(true)) return;
      const absl::Status status =
          answer.ok() ? calls_.Put(*std::move(answer), state_, out_) : std::move(answer).status();
      calls_.Finish(state_, reactor_, status);
    }
    // Goes on with `work` on the bounded executor as a read, or answers OVERLOADED. What `work`
    // throws is answered INTERNAL. Not yet begun when the caller goes, it never is.
    template <typename Work>
    void OnExecutor(Work work) {
      auto self = this->shared_from_this();
      absl::Status taken = calls_.TakePlace(base::Work::kRead, raw_.size(), state_);
      if (taken.ok() && !calls_.executor_.TrySubmit(
                            [self, work = std::move(work)] {
                              const absl::Status done = self->Cancelled()
                                                            ? base::CallerGone()
                                                            : self->calls_.Guarded(work);
                              if (!done.ok()) self->Answer(done);
                            },
                            base::Work::kRead)) {
        taken = calls_.Overloaded(base::Work::kRead);
      }
      if (!taken.ok()) Answer(std::move(taken));
    }

    // For RunReady alone.
    ReadyCall(Calls& calls, grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* out)
        : calls_(calls), reactor_(reactor), out_(out) {}

   private:
    friend class Calls;
    Calls& calls_;
    grpc::ServerUnaryReactor* const reactor_;
    grpc::ByteBuffer* const out_;
    State state_;
    std::atomic<bool> answered_{false};
    grpc::Slice raw_;
    Request request_;
  };

  // `handler` gets the call as a shared pointer, on gRPC's own thread, and sees to it that it is
  // answered. Before that, `find` may know an answer to the very bytes of the request: then nothing
  // is parsed.
  template <typename Request, typename Find, typename Handler>
  grpc::ServerUnaryReactor* RunReady(const ReadyMethod& method, grpc::CallbackServerContext* rpc,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
                                     const Find& find, const Handler& handler) {
    grpc::ServerUnaryReactor* reactor = rpc->DefaultReactor();
    auto call = std::make_shared<ReadyCall<Request>>(*this, reactor, out);
    Begin(method.info_, rpc, call->state_);
    call->state_.series = method.series_;
    if (absl::Status admitted = Admit(method.info_, call->state_); !admitted.ok()) {
      call->Answer(std::move(admitted));
      return reactor;
    }
    if (!in->TrySingleSlice(&call->raw_).ok() && !in->DumpToSingleSlice(&call->raw_).ok()) {
      call->Answer(WhyUndecodable(*Request::descriptor(), *in));
      return reactor;
    }
    const absl::Status thrown = Guarded([&] {
      if (std::optional<ReadyBytes> found = find(call->raw()); found.has_value()) {
        call->Answer(*std::move(found));
      } else if (!call->request_.ParseFromArray(call->raw_.begin(),
                                                static_cast<int>(call->raw_.size()))) {
        call->Answer(WhyUndecodable(*Request::descriptor(), *in));
      } else {
        handler(call);
      }
    });
    if (!thrown.ok()) call->Answer(thrown);
    return reactor;
  }
  template <typename Request, typename Handler>
  grpc::ServerUnaryReactor* RunReady(const ReadyMethod& method, grpc::CallbackServerContext* rpc,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out,
                                     const Handler& handler) {
    return RunReady<Request>(
        method, rpc, in, out,
        [](std::string_view) -> std::optional<ReadyBytes> { return std::nullopt; }, handler);
  }

  Streams& streams() { return streams_; }
  // Ends the streams, and has calls that last end at their next step; later ones at once.
  void Stop();
  base::CallContext ContextOf(std::string_view method, grpc::CallbackServerContext* rpc) const;
  // Counts an exception that reached the edge: the count must stay 0.
  void Thrown(std::string_view what);

 private:
  template <typename Request>
  struct Call {
    State state;
    base::CallContext context;
    std::atomic<bool> answered{false};
    google::protobuf::Arena arena{FirstBlock()};
    Request* const request = google::protobuf::Arena::CreateMessage<Request>(&arena);
  };
  // Room for a request of some hundred fields at once, rather than in many small steps.
  static google::protobuf::ArenaOptions FirstBlock() {
    google::protobuf::ArenaOptions options;
    options.start_block_size = 4 * base::kKiB;
    options.max_block_size = 64 * base::kKiB;
    return options;
  }
  Series SeriesOf(std::string_view method);

  // INTERNAL when `work` throws.
  template <typename Work>
  absl::Status Guarded(const Work& work) {
    try {
      work();
      return absl::OkStatus();
    } catch (const std::exception& thrown) {
      Thrown(thrown.what());
    } catch (...) {
      Thrown("something that is no std::exception");
    }
    return base::Error(base::Reason::kInternal, "an exception reached the edge");
  }
  void Begin(const MethodInfo& method, grpc::CallbackServerContext* rpc, State& state) const;
  absl::Status Admit(const MethodInfo& method, State& state);
  // OVERLOADED when there is no room for more of that work, or not for more of this caller's.
  absl::Status TakePlace(base::Work work, size_t bytes, State& state);
  // The answer to a read. A large one holds a place until it was sent, its call's or a new one:
  // what is not taken is bounded like what is not yet done, and refused like it.
  absl::Status Put(ReadyBytes answer, State& state, grpc::ByteBuffer* out);
  void Finish(const State& state, grpc::ServerUnaryReactor* reactor, const absl::Status& status);
  absl::Status Overloaded(base::Work work);
  // One line a second for all that were shed: what is refused most must not cost most.
  void LogShed(std::string_view method);

  const Options options_;
  base::BoundedExecutor& executor_;
  base::Metrics& metrics_;
  base::Counter& exceptions_;
  Streams streams_;
  std::atomic<int64_t> in_flight_{0};
  std::atomic<bool> stopping_{false};
  std::array<base::Counter*, base::kWorkKinds> shed_{};  // By kind of work.
  std::atomic<int64_t> shed_unlogged_{0};
  std::atomic<int64_t> shed_logged_s_{0};  // Second of the steady clock of the last line.
  base::Metrics::Reading reading_;
  base::Mutex mutex_;
  std::map<std::string_view, Series> series_ ABSL_GUARDED_BY(mutex_);  // Method names are literals.
};

}  // namespace imdi::transport
