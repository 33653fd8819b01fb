#include "services/ingestion/scheduler.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/text.h"

namespace imdi::ingestion {
namespace {

namespace model = survey::model::v1;

struct Planned {
  absl::Time at;
  std::string edition;
  const model::ScheduledTransition* transition;
  std::string key;
};

// All transitions of all editions in order of time.
std::vector<Planned> PlanOf(const domain::Catalog& catalog) {
  std::vector<Planned> out;
  for (const auto& [id, edition] : catalog.editions()) {
    for (const model::ScheduledTransition& transition : edition->definition->schedule()) {
      const std::optional<absl::Time> at = domain::TimeOf(transition);
      if (!at.has_value()) continue;
      out.push_back(
          {*at, id, &transition,
           base::StrCat(id, "/", absl::ToUnixMicros(*at), "/", static_cast<int>(transition.to()))});
    }
  }
  std::ranges::stable_sort(out, {}, &Planned::at);
  return out;
}

}  // namespace

Scheduler::Scheduler(Definitions& definitions, const base::Clock& clock)
    : definitions_(definitions), clock_(clock) {
  definitions_.SetCatalogListener([this] { Wake(); });
}

Scheduler::~Scheduler() {
  definitions_.SetCatalogListener(nullptr);
  Stop();
}

void Scheduler::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Scheduler::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Scheduler::Wake() {
  base::MutexLock lock(mutex_);
  wake_ = true;
  changed_.NotifyAll();
}

int Scheduler::RunDue() {
  base::MutexLock run(run_mutex_);
  const absl::Time now = clock_.Now();
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  std::set<std::string> held_back;  // Editions whose earlier transition could not be made.
  int appended = 0;
  for (const Planned& planned : PlanOf(*catalog)) {
    if (planned.at > now) break;
    if (done_.contains(planned.key) || held_back.contains(planned.edition)) continue;
    const absl::StatusOr<bool> ran =
        definitions_.RunScheduled(planned.edition, *planned.transition);
    if (!ran.ok()) {
      held_back.insert(planned.edition);
      if (blocked_.insert(planned.key).second) {
        base::LogEvent(base::Level::kWarning, "scheduled_transition_blocked",
                       {{"edition", planned.edition},
                        {"at", planned.transition->at()},
                        {"to", model::EditionState_Name(planned.transition->to())},
                        {"reason", base::Name(base::ReasonOf(ran.status()))}});
      }
      continue;
    }
    done_.insert(planned.key);
    blocked_.erase(planned.key);
    if (!*ran) continue;
    ++appended;
    base::LogEvent(base::Level::kInfo, "scheduled_transition",
                   {{"edition", planned.edition},
                    {"at", planned.transition->at()},
                    {"to", model::EditionState_Name(planned.transition->to())}});
  }
  return appended;
}

absl::Duration Scheduler::WaitTime() {
  base::MutexLock run(run_mutex_);
  const absl::Time now = clock_.Now();
  const std::shared_ptr<const domain::Catalog> catalog = definitions_.catalog();
  absl::Duration wait = kWaitMax;
  for (const Planned& planned : PlanOf(*catalog)) {
    if (done_.contains(planned.key)) continue;
    // Due and not done: it, or one before it, was not possible.
    wait = std::min(wait, planned.at <= now ? kRetryBlocked : planned.at - now);
  }
  return std::max(wait, kWaitMin);
}

void Scheduler::Run() {
  while (true) {
    {
      base::MutexLock lock(mutex_);
      if (stopping_) return;
      wake_ = false;
    }
    RunDue();
    const auto until = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(WaitTime());
    base::MutexLock lock(mutex_);
    while (!stopping_ && !wake_) {
      if (!changed_.WaitUntil(mutex_, until)) break;
    }
  }
}

}  // namespace imdi::ingestion
