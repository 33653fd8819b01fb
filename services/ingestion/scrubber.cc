#include "services/ingestion/scrubber.h"

#include <optional>
#include <utility>

#include "services/base/clock.h"
#include "services/base/limits.h"
#include "services/base/log.h"

namespace imdi::ingestion {

Scrubber::Scrubber(Verify verify, std::function<void()> passed, base::Progress* progress)
    : verify_(std::move(verify)),
      passed_(std::move(passed)),
      progress_(progress),
      thread_([this] { Run(); }) {}

Scrubber::~Scrubber() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

absl::Duration Scrubber::RestAfter(int64_t bytes) {
  return absl::Seconds(static_cast<double>(bytes) /
                       static_cast<double>(base::kScrubBytesPerSecond));
}

void Scrubber::Run() {
  int64_t from = 1;
  std::optional<base::Progress::Run> pass;
  while (true) {
    if (from == 1 && progress_ != nullptr) pass.emplace(progress_->Begin());
    const absl::StatusOr<Step> step = verify_(from);
    if (!step.ok()) {
      base::LogEvent(base::Level::kError, "scrub_stopped",
                     {{"from", from}, {"status", step.status().ToString()}});
      return;
    }
    from = step->next;
    if (pass.has_value()) {
      pass->Plan(step->end);
      pass->To(from == 1 ? step->end : from - 1);
      if (from == 1) pass->Succeed();
    }
    if (from == 1 && passed_) passed_();
    const base::SteadyTime until =
        base::SteadyClock::now() +
        absl::ToChronoNanoseconds(from == 1 ? absl::Milliseconds(base::kScrubPauseMs)
                                            : RestAfter(step->bytes));
    base::MutexLock lock(mutex_);
    while (!stopping_ && changed_.WaitUntil(mutex_, until)) continue;
    if (stopping_) return;
  }
}

}  // namespace imdi::ingestion
