#include "clients/cli/submitter.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "services/base/error.h"
#include "services/base/mutex.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

// The actions of one unit, in order.
using Chain = std::vector<const AnswersAction*>;

class Run {
 public:
  Run(const SubmitOptions& options, const SendFunction& send, size_t all)
      : options_(options), send_(send), all_(all) {}

  // Sends all chains and returns when every one is done.
  void Send(std::vector<Chain> chains) {
    {
      base::MutexLock lock(mutex_);
      waiting_.assign(std::make_move_iterator(chains.begin()),
                      std::make_move_iterator(chains.end()));
    }
    const size_t threads =
        std::min(chains.size(), static_cast<size_t>(std::clamp(options_.in_flight, 1, 256)));
    std::vector<std::thread> workers;
    workers.reserve(threads);
    for (size_t i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
    for (std::thread& worker : workers) worker.join();
  }

  bool gave_up() {
    base::MutexLock lock(mutex_);
    return report_.gave_up;
  }

  SubmitReport Take() {
    base::MutexLock lock(mutex_);
    std::sort(report_.refusals.begin(), report_.refusals.end(),
              [](const Refusal& a, const Refusal& b) { return a.line < b.line; });
    return std::move(report_);
  }

  // One action on this thread.
  void SendOne(const AnswersAction& action) { Note(action, send_(action)); }

  void Note(const AnswersAction& action, const absl::StatusOr<Outcome>& outcome) {
    base::MutexLock lock(mutex_);
    ++done_;
    if (!outcome.ok()) {
      const base::Reason reason = base::ReasonOf(outcome.status());
      Refusal refusal{.line = action.line,
                      .edition = action.edition,
                      .unit = action.unit,
                      .findings = {},
                      .error = {}};
      refusal.error = base::StrCat(reason == base::Reason::kUnspecified
                                       ? absl::StatusCodeToString(outcome.status().code())
                                       : std::string(base::Name(reason)),
                                   ": ", outcome.status().message());
      report_.refusals.push_back(std::move(refusal));
      if (base::IsRetryable(outcome.status()) ||
          outcome.status().code() == absl::StatusCode::kUnavailable ||
          outcome.status().code() == absl::StatusCode::kDeadlineExceeded) {
        report_.gave_up = true;
      }
    } else if (outcome->kind == Outcome::Kind::kRefused) {
      report_.refusals.push_back({.line = action.line,
                                  .edition = action.edition,
                                  .unit = action.unit,
                                  .findings = outcome->findings,
                                  .error = {}});
    } else if (outcome->position > options_.head_before) {
      ++report_.appended;
    } else {
      ++report_.already_there;
    }
    if (options_.progress) options_.progress(done_, all_);
  }

 private:
  void Work() {
    while (true) {
      Chain chain;
      {
        base::MutexLock lock(mutex_);
        if (waiting_.empty() || report_.gave_up) return;
        chain = std::move(waiting_.front());
        waiting_.pop_front();
      }
      for (const AnswersAction* action : chain) {
        if (gave_up()) return;
        Note(*action, send_(*action));
      }
    }
  }

  const SubmitOptions& options_;
  const SendFunction& send_;
  const size_t all_;
  base::Mutex mutex_;
  std::deque<Chain> waiting_ ABSL_GUARDED_BY(mutex_);
  SubmitReport report_ ABSL_GUARDED_BY(mutex_);
  size_t done_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

SubmitReport SubmitAll(const std::vector<AnswersAction>& actions, const SubmitOptions& options,
                       const SendFunction& send) {
  Run run(options, send, actions.size());
  std::vector<Chain> chains;
  std::map<std::pair<std::string, std::string>, size_t> chain_of;
  const auto flush = [&] {
    if (!chains.empty()) run.Send(std::exchange(chains, {}));
    chain_of.clear();
  };
  for (const AnswersAction& action : actions) {
    if (action.IsBarrier()) {
      flush();
      if (run.gave_up()) break;
      run.Send({{&action}});
      continue;
    }
    const auto [entry, fresh] = chain_of.try_emplace({action.edition, action.unit}, chains.size());
    if (fresh) chains.emplace_back();
    chains[entry->second].push_back(&action);
  }
  if (!run.gave_up()) flush();
  return run.Take();
}

SubmitReport SubmitInBatches(const std::vector<AnswersAction>& actions,
                             const SubmitOptions& options, size_t batch, const SendFunction& send,
                             const SendBatchFunction& send_batch) {
  Run run(options, send, actions.size());
  std::vector<const AnswersAction*> waiting;
  std::set<std::pair<std::string, std::string>> units;
  const auto flush = [&] {
    if (waiting.empty()) return;
    const std::vector<absl::StatusOr<Outcome>> outcomes = send_batch(waiting);
    for (size_t i = 0; i < waiting.size() && !run.gave_up(); ++i) {
      if (base::IsRetryable(outcomes[i].status())) {
        run.SendOne(*waiting[i]);
      } else {
        run.Note(*waiting[i], outcomes[i]);
      }
    }
    waiting.clear();
    units.clear();
  };
  for (const AnswersAction& action : actions) {
    const bool submits = std::holds_alternative<ingestion_api::SubmitRequest>(action.request);
    if (!submits || waiting.size() >= batch || units.contains({action.edition, action.unit}))
      flush();
    if (run.gave_up()) break;
    if (submits) {
      waiting.push_back(&action);
      units.emplace(action.edition, action.unit);
    } else {
      run.SendOne(action);
    }
  }
  flush();
  return run.Take();
}

}  // namespace imdi::cli
