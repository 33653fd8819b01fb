#pragma once

// How far a thing that takes long has come: read by /metrics and by whoever tells operators, and
// written to the log now and then while it runs.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"

namespace imdi::base {

// One kind of long-running work, for example the verification of the log. Its runs follow each
// other; where two overlap, the later one is shown. Thread-safe.
class Progress {
 public:
  struct View {
    std::string task;        // "verify_log"
    std::string unit;        // What is counted: "records", "parts".
    bool running = false;    // Else the rest is said of the last run.
    int64_t done = 0;        // Units.
    int64_t planned = 0;     // Units; 0 = not known.
    absl::Duration took;     // So far, or altogether.
    uint64_t succeeded = 0;  // Runs that ended well, since the process began.
    uint64_t failed = 0;     // Runs that did not.
    absl::Time last_success = absl::InfinitePast();

    // 0 to 1; 0 while nothing is known, 1 after a run that ended well.
    double ratio() const;
  };

  // A run, from Begin to the end of this object: failed unless Succeed was called.
  class Run {
   public:
    ~Run() { End(); }
    Run(Run&& other) noexcept : progress_(other.progress_), number_(other.number_) {
      other.progress_ = nullptr;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    Run& operator=(Run&&) = delete;

    void Plan(int64_t planned);  // Units altogether.
    void To(int64_t done);  // Units done so far; a line in the log at most every kProgressLogMs.
    void Add(int64_t more);
    void Succeed();
    void End();  // As the destructor does; what follows is ignored.

   private:
    friend class Progress;
    Run(Progress* progress, uint64_t number) : progress_(progress), number_(number) {}
    Progress* progress_;
    uint64_t number_;
  };

  Progress(std::string_view task, std::string_view unit,
           absl::Duration log_every = absl::Milliseconds(kProgressLogMs));
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The object must outlive the run.
  [[nodiscard]] Run Begin(int64_t planned = 0);
  View Look() const;

 private:
  void Set(uint64_t number, int64_t done, bool relative);
  void Finish(uint64_t number, bool ok);
  void Log(std::string_view event) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration Took() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const absl::Duration log_every_;
  mutable Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
  uint64_t number_ ABSL_GUARDED_BY(mutex_) = 0;  // Of the run that is shown.
  std::chrono::steady_clock::time_point began_ ABSL_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point logged_ ABSL_GUARDED_BY(mutex_);
  bool said_ ABSL_GUARDED_BY(mutex_) = false;  // This run has a line in the log already.
};

}  // namespace imdi::base
