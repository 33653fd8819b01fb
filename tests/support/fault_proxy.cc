#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <list>
#include <random>
#include <utility>
#include <vector>

#include "services/base/clock.h"
#include "services/base/text.h"

namespace imdi::testing_support {
namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr size_t kQueueBytesMax = 256 * 1024;  // In flight in one direction; then nothing is read.
constexpr size_t kConnectionsMax = 512;        // More are reset.
constexpr int kPiecesAtOnce = 64;  // Of one direction, before the others have their turn.

void Check(bool ok) {
  if (!ok) std::abort();
}

sockaddr_in AddressOf(const std::string& text) {
  const size_t colon = text.rfind(':');
  sockaddr_in out{};
  out.sin_family = AF_INET;
  Check(inet_pton(AF_INET, text.substr(0, colon).c_str(), &out.sin_addr) == 1);
  out.sin_port = htons(static_cast<uint16_t>(base::ParseInt64(text.substr(colon + 1)).value_or(0)));
  return out;
}

void Prepare(int socket) {
  const int on = 1;
  Check(fcntl(socket, F_SETFL, O_NONBLOCK) == 0);
  Check(setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

// Without linger the other side gets a reset instead of an end.
void CloseWithReset(int socket) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none));
  close(socket);
}

bool IsTransient() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

// Everything but what is guarded belongs to the one thread.
struct FaultProxy::Loop {
  struct Piece {
    base::SteadyTime due;
    std::string bytes;
  };
  // One direction of a connection.
  struct Stream {
    int from = -1;
    int to = -1;
    std::deque<Piece> queue;
    size_t queued = 0;
    bool ended = false;   // `from` has nothing more.
    bool passed = false;  // Its end was passed on.
    bool broken = false;  // Bytes went nowhere: what would come now is not what was sent.
  };
  struct Connection {
    int client = -1;
    int server = -1;  // -1: nobody is there.
    Stream up;
    Stream down;
  };

  explicit Loop(std::string to, uint64_t seed) : target(std::move(to)), random(seed) {}

  void Run();
  // False once it is to end.
  bool Take();
  void Accept();
  // False when the connection is over.
  bool Serve(Connection& connection);
  bool Read(Stream& stream, const Way& way);
  bool Write(Stream& stream, const Way& way, int64_t Seen::*counter);
  void Reset(Connection& connection);
  // Of everything that waits for a delay.
  base::SteadyTime NextDue() const;
  const Way& WayOf(const Connection& connection, const Stream& stream) const {
    return &stream == &connection.up ? now.up : now.down;
  }

  int listener = -1;
  std::array<int, 2> wake{-1, -1};
  std::list<Connection> connections;
  Faults now;
  std::string target_now;

  mutable base::Mutex mutex;
  Faults wanted ABSL_GUARDED_BY(mutex);
  bool untaken ABSL_GUARDED_BY(mutex) = false;  // The proxy does not behave so yet.
  base::CondVar taken;
  std::string target ABSL_GUARDED_BY(mutex);
  bool cut ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  Seen seen ABSL_GUARDED_BY(mutex);
  std::mt19937_64 random;
};

FaultProxy::FaultProxy(const std::string& target, uint64_t seed)
    : loop_(std::make_unique<Loop>(target, seed)) {
  loop_->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = AddressOf("127.0.0.1:0");
  socklen_t size = sizeof address;
  Check(loop_->listener >= 0 &&
        bind(loop_->listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
        listen(loop_->listener, 128) == 0 &&
        getsockname(loop_->listener, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        pipe2(loop_->wake.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  address_ = base::StrCat("127.0.0.1:", ntohs(address.sin_port));
  thread_ = std::thread([this] { loop_->Run(); });
}

FaultProxy::~FaultProxy() {
  {
    base::MutexLock lock(loop_->mutex);
    loop_->stopping = true;
  }
  Wake();
  thread_.join();
  for (const int one : {loop_->listener, loop_->wake[0], loop_->wake[1]}) close(one);
}

void FaultProxy::Wake() {
  static_cast<void>(!write(loop_->wake[1], "w", 1));  // A full pipe wakes as well.
}

void FaultProxy::Set(const Faults& faults) {
  {
    base::MutexLock lock(loop_->mutex);
    loop_->wanted = faults;
    loop_->untaken = true;
  }
  Wake();
  base::MutexLock lock(loop_->mutex);
  while (loop_->untaken) loop_->taken.Wait(loop_->mutex);
}

void FaultProxy::Cut() {
  {
    base::MutexLock lock(loop_->mutex);
    loop_->cut = true;
  }
  Wake();
}

void FaultProxy::SetTarget(const std::string& target) {
  base::MutexLock lock(loop_->mutex);
  loop_->target = target;
}

FaultProxy::Seen FaultProxy::seen() const {
  base::MutexLock lock(loop_->mutex);
  return loop_->seen;
}

bool FaultProxy::Loop::Take() {
  bool reset_all = false;
  {
    base::MutexLock lock(mutex);
    if (stopping) return false;
    now = wanted;
    untaken = false;
    taken.NotifyAll();
    target_now = target;
    reset_all = std::exchange(cut, false);
  }
  if (reset_all) {
    for (Connection& connection : connections) Reset(connection);
    connections.clear();
  }
  return true;
}

void FaultProxy::Loop::Run() {
  while (Take()) {
    connections.remove_if([this](Connection& connection) { return !Serve(connection); });
    {
      base::MutexLock lock(mutex);
      seen.open = static_cast<int>(connections.size());
    }
    std::vector<pollfd> watched = {{.fd = wake[0], .events = POLLIN, .revents = 0},
                                   {.fd = listener, .events = POLLIN, .revents = 0}};
    const base::SteadyTime at = base::SteadyClock::now();
    for (const Connection& connection : connections) {
      for (const Stream* stream : {&connection.up, &connection.down}) {
        if (!stream->ended && stream->from >= 0 && stream->queued < kQueueBytesMax &&
            WayOf(connection, *stream).flow != Way::Flow::kHold)
          watched.push_back({.fd = stream->from, .events = POLLIN, .revents = 0});
        if (!stream->queue.empty() && stream->queue.front().due <= at && stream->to >= 0 &&
            WayOf(connection, *stream).flow == Way::Flow::kPass)
          watched.push_back({.fd = stream->to, .events = POLLOUT, .revents = 0});
      }
    }
    const base::SteadyTime due = NextDue();
    int patience = -1;
    if (due != base::SteadyTime::max()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - at).count();
      patience = static_cast<int>(std::clamp<int64_t>(left, 0, 1'000));
    }
    static_cast<void>(poll(watched.data(), watched.size(), patience));
    std::array<char, 64> bytes{};
    while (read(wake[0], bytes.data(), bytes.size()) > 0) continue;
    if ((watched[1].revents & POLLIN) != 0 && Take()) Accept();
  }
  for (Connection& connection : connections) Reset(connection);
}

base::SteadyTime FaultProxy::Loop::NextDue() const {
  const base::SteadyTime at = base::SteadyClock::now();
  base::SteadyTime out = base::SteadyTime::max();
  for (const Connection& connection : connections) {
    for (const Stream* stream : {&connection.up, &connection.down}) {
      // What is due already waits for room, and poll for it.
      if (!stream->queue.empty() && stream->queue.front().due > at)
        out = std::min(out, stream->queue.front().due);
    }
  }
  return out;
}

void FaultProxy::Loop::Accept() {
  while (true) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    {
      base::MutexLock lock(mutex);
      ++seen.accepted;
    }
    // What was set before it dialled holds for it.
    if (!Take()) {
      CloseWithReset(client);
      return;
    }
    if (now.dial == Faults::Dial::kRefuse || connections.size() >= kConnectionsMax) {
      CloseWithReset(client);
      base::MutexLock lock(mutex);
      ++seen.resets;
      continue;
    }
    Prepare(client);
    Connection connection{.client = client, .server = -1, .up = {}, .down = {}};
    connection.up.from = client;
    connection.down.to = client;
    if (now.dial == Faults::Dial::kAnswer) {
      const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      Check(server >= 0);
      Prepare(server);
      const sockaddr_in address = AddressOf(target_now);
      const bool dialled =
          connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
          errno == EINPROGRESS;
      if (!dialled) {
        CloseWithReset(server);
        CloseWithReset(client);
        continue;
      }
      connection.server = connection.up.to = connection.down.from = server;
    }
    connections.push_back(std::move(connection));
  }
}

void FaultProxy::Loop::Reset(Connection& connection) {
  for (const int one : {connection.client, connection.server}) {
    if (one >= 0) CloseWithReset(one);
  }
  base::MutexLock lock(mutex);
  ++seen.resets;
}

bool FaultProxy::Loop::Serve(Connection& connection) {
  bool alive = true;
  for (Stream* stream : {&connection.up, &connection.down}) {
    const Way& way = WayOf(connection, *stream);
    if (way.flow == Way::Flow::kDrop && !stream->queue.empty()) {
      stream->queue.clear();
      stream->queued = 0;
      stream->broken = true;
    }
    alive = alive && Read(*stream, way);
    // Whoever speaks on a connection that the other side has lost is told so.
    if (connection.server >= 0 && (connection.up.broken || connection.down.broken) &&
        !stream->queue.empty())
      alive = false;
    alive = alive &&
            Write(*stream, way, stream == &connection.up ? &Seen::bytes_up : &Seen::bytes_down);
  }
  if (!alive) {
    Reset(connection);
    return false;
  }
  const bool nobody_left = connection.up.ended &&
                           (connection.down.ended || connection.server < 0) &&
                           connection.up.queue.empty() && connection.down.queue.empty();
  if (nobody_left) {
    close(connection.client);
    if (connection.server >= 0) close(connection.server);
    return false;
  }
  return true;
}

bool FaultProxy::Loop::Read(Stream& stream, const Way& way) {
  std::array<char, kReadBytes> bytes{};
  while (!stream.ended && stream.from >= 0 && way.flow != Way::Flow::kHold &&
         stream.queued < kQueueBytesMax) {
    const ssize_t count = recv(stream.from, bytes.data(), bytes.size(), 0);
    if (count < 0 && IsTransient()) return true;
    // Nobody there, or a line that swallows what it gets.
    const bool lost = way.flow == Way::Flow::kDrop || stream.to < 0;
    if (count < 0 && !lost) return false;
    if (lost) stream.broken = true;
    if (count <= 0) {
      stream.ended = true;
      return true;
    }
    if (lost) continue;
    const base::SteadyTime due = base::SteadyClock::now() + absl::ToChronoNanoseconds(way.delay);
    stream.queue.push_back({due, std::string(bytes.data(), static_cast<size_t>(count))});
    stream.queued += static_cast<size_t>(count);
  }
  return true;
}

bool FaultProxy::Loop::Write(Stream& stream, const Way& way, int64_t Seen::*counter) {
  if (way.flow != Way::Flow::kPass || stream.to < 0) return true;
  const base::SteadyTime at = base::SteadyClock::now();
  for (int pieces = 0; !stream.queue.empty() && stream.queue.front().due <= at; ++pieces) {
    if (way.piece_bytes > 0 && pieces == kPiecesAtOnce) return true;
    std::string& bytes = stream.queue.front().bytes;
    const size_t most =
        way.piece_bytes > 0 ? std::min(way.piece_bytes, bytes.size()) : bytes.size();
    const ssize_t count = send(stream.to, bytes.data(), most, MSG_NOSIGNAL);
    if (count < 0) return IsTransient();
    {
      base::MutexLock lock(mutex);
      seen.*counter += count;
      ++seen.pieces;
    }
    bytes.erase(0, static_cast<size_t>(count));
    stream.queued -= static_cast<size_t>(count);
    if (bytes.empty()) stream.queue.pop_front();
    if (now.resets > 0 && std::uniform_real_distribution<double>(0, 1)(random) < now.resets)
      return false;
  }
  if (stream.ended && stream.queue.empty() && !stream.passed && !stream.broken) {
    stream.passed = true;
    static_cast<void>(shutdown(stream.to, SHUT_WR));
  }
  return true;
}

}  // namespace imdi::testing_support
