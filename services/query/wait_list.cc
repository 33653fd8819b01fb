#include "services/query/wait_list.h"

#include <algorithm>
#include <string>
#include <vector>

#include "services/base/call_context.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

absl::Status NotYetFolded(int64_t wanted, int64_t reached) {
  return base::WithRetryDelay(
      base::WithMetadata(
          base::Error(base::Reason::kNotYetFolded,
                      base::StrCat("position ", wanted, " is not counted yet; reached ", reached)),
          "position", std::to_string(reached)),
      absl::Milliseconds(base::kShedRetryDelayMs));
}

}  // namespace

WaitList::WaitList(size_t waiters_max)
    : waiters_max_(waiters_max), timer_([this] { RunTimer(); }) {}

WaitList::~WaitList() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  timer_.join();
  std::multimap<base::SteadyTime, Waiter> left;
  {
    base::MutexLock lock(mutex_);
    left.swap(waiters_);
  }
  for (auto& [until, waiter] : left) {
    waiter.done(base::Error(base::Reason::kShuttingDown, "the service is stopping; ask again"),
                nullptr);
  }
}

std::shared_ptr<const Snapshot> WaitList::Current() const {
  base::MutexLock lock(mutex_);
  return current_;
}

size_t WaitList::waiting() const {
  base::MutexLock lock(mutex_);
  return waiters_.size();
}

void WaitList::Advance(std::shared_ptr<const Snapshot> snapshot) {
  std::vector<Done> reached;
  {
    base::MutexLock lock(mutex_);
    current_ = snapshot;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      if (it->second.position <= snapshot->position) {
        reached.push_back(std::move(it->second.done));
        it = waiters_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (const Done& done : reached) done(absl::OkStatus(), snapshot);
}

void WaitList::Wait(int64_t position, base::SteadyTime deadline, std::function<bool()> cancelled,
                    Done done) {
  std::shared_ptr<const Snapshot> current;
  absl::Status refused;
  {
    base::MutexLock lock(mutex_);
    current = current_;
    if (current->position < position) {
      const base::SteadyTime now = base::SteadyClock::now();
      const base::SteadyTime until =
          std::min(deadline, now + std::chrono::milliseconds(base::kWaitForPositionMs));
      if (stopping_) {
        refused = base::Error(base::Reason::kShuttingDown, "the service is stopping; ask again");
      } else if (until <= now) {
        refused = NotYetFolded(position, current->position);
      } else if (waiters_.size() >= waiters_max_) {
        refused = base::WithRetryDelay(
            base::Error(
                base::Reason::kTooManyWaiters,
                base::StrCat(waiters_max_,
                             " calls wait for a position already; ask again after the delay")),
            absl::Milliseconds(base::kShedRetryDelayMs));
      } else {
        const bool first = waiters_.empty() || until < waiters_.begin()->first;
        waiters_.emplace(until, Waiter{position, std::move(cancelled), std::move(done)});
        if (first) changed_.NotifyAll();
        return;
      }
    }
  }
  if (refused.ok()) {
    done(absl::OkStatus(), std::move(current));
  } else {
    done(std::move(refused), nullptr);
  }
}

void WaitList::RunTimer() {
  mutex_.Lock();
  while (!stopping_) {
    if (waiters_.empty()) {
      changed_.Wait(mutex_);
      continue;
    }
    const base::SteadyTime now = base::SteadyClock::now();
    std::vector<Waiter> late, gone;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
      const bool left = it->second.cancelled && it->second.cancelled();
      if (!left && now < it->first) {
        ++it;
        continue;
      }
      (left ? gone : late).push_back(std::move(it->second));
      it = waiters_.erase(it);
    }
    if (late.empty() && gone.empty()) {
      changed_.WaitUntil(mutex_, std::min(waiters_.begin()->first,
                                          now + std::chrono::milliseconds(base::kCancelledLookMs)));
      continue;
    }
    const int64_t reached = current_->position;
    mutex_.Unlock();
    for (const Waiter& waiter : late) waiter.done(NotYetFolded(waiter.position, reached), nullptr);
    for (const Waiter& waiter : gone) waiter.done(base::CallerGone(), nullptr);
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace imdi::query
