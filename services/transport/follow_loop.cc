#include "services/transport/follow_loop.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/log.h"

namespace imdi::transport {

FollowLoop::FollowLoop(std::string name, base::Metrics& metrics,
                       std::function<absl::Status(grpc::ClientContext&)> run_once)
    : name_(std::move(name)),
      run_once_(std::move(run_once)),
      interruptions_(metrics.CounterOf("imdi_follower_interruptions_total",
                                       "Streams that ended with an error and were opened again.",
                                       {{"follower", name_}})),
      heard_(std::chrono::steady_clock::now()) {
  reading_ = metrics.OnRead(
      [this,
       &connected = metrics.GaugeOf("imdi_follower_connected",
                                    "1 while a stream is open over which news has come.",
                                    {{"follower", name_}}),
       &age = metrics.GaugeOf("imdi_follower_news_age_seconds",
                              "Since news came last, else since the start. While nothing happens "
                              "there is none.",
                              {{"follower", name_}})] {
        connected.Set(connected_ ? 1 : 0);
        age.Set(absl::ToDoubleSeconds(SinceHeard()));
      });
  base::MutexLock lock(join_mutex_);
  thread_ = std::thread([this] { Run(); });
}

FollowLoop::~FollowLoop() { Stop(); }

void FollowLoop::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    if (current_ != nullptr) current_->TryCancel();
    changed_.NotifyAll();
  }
  base::MutexLock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

void FollowLoop::Heard() {
  heard_ = std::chrono::steady_clock::now();
  connected_ = true;
}

absl::Duration FollowLoop::SinceHeard() const {
  return absl::FromChrono(std::chrono::steady_clock::now() - heard_.load());
}

void FollowLoop::Run() {
  const absl::Duration first = absl::Milliseconds(base::kReconnectBackoffMinMs);
  absl::Duration backoff = first;
  while (true) {
    grpc::ClientContext context;
    {
      base::MutexLock lock(mutex_);
      if (stopping_) return;
      current_ = &context;
    }
    const absl::Status status = run_once_(context);
    if (connected_.exchange(false)) backoff = first;  // Whoever was heard comes back soon.
    base::MutexLock lock(mutex_);
    current_ = nullptr;
    if (stopping_) return;
    if (status.ok()) {
      backoff = first;
      continue;
    }
    interruptions_.Increment();
    base::LogEvent(base::Level::kWarning, "follow_interrupted",
                   {{"follower", name_},
                    {"status", status.ToString()},
                    {"retry_ms", absl::ToInt64Milliseconds(backoff)}});
    changed_.WaitFor(mutex_, backoff);
    backoff = std::min(2 * backoff, absl::Milliseconds(base::kReconnectBackoffMaxMs));
  }
}

}  // namespace imdi::transport
