#pragma once

// Appends the scheduled openings and closings of editions when their time has come. The clock
// changes no state: the record does, through the same committer as every other.

#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/clock.h"
#include "services/base/mutex.h"
#include "services/ingestion/definitions.h"

namespace imdi::ingestion {

// Thread-safe. Each transition is appended once, also over restarts. What fell due while the
// process was down is appended at its next start, in order of time. A transition that the edition
// cannot take yet (no questionnaire, never opened) stays due and holds back the later ones of its
// edition.
class Scheduler {
 public:
  static constexpr absl::Duration kWaitMin = absl::Seconds(1);
  // Also when nothing is due sooner: the clock may have been set.
  static constexpr absl::Duration kWaitMax = absl::Seconds(60);
  static constexpr absl::Duration kRetryBlocked = absl::Seconds(30);

  // Borrowed; must outlive the scheduler, as must the committer behind `definitions`.
  Scheduler(Definitions& definitions, const base::Clock& clock);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Starts the thread: it runs what is due now, then sleeps until the next time or until the
  // catalog changes.
  void Start();
  // Ends it. No more transitions once it has returned.
  void Stop();

  // Appends everything that is due. Returns how many records were appended.
  int RunDue();
  // How long nothing will fall due, as far as is known now: kWaitMin to kWaitMax.
  absl::Duration WaitTime();
  // Makes the thread look again.
  void Wake();

 private:
  void Run();

  Definitions& definitions_;
  const base::Clock& clock_;

  base::Mutex run_mutex_;                                   // Held through RunDue.
  std::set<std::string> done_ ABSL_GUARDED_BY(run_mutex_);  // Known to be in the log.
  std::set<std::string> blocked_
      ABSL_GUARDED_BY(run_mutex_);  // Due, but not possible; reported once.

  base::Mutex mutex_;
  base::CondVar changed_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imdi::ingestion
