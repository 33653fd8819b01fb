#pragma once

// Reads the whole log again and again in the background, slowly, so that damage is found while a
// backup still has what it took. Start-up verifies only from the last sealed checkpoint on.

#include <cstdint>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/base/mutex.h"
#include "services/base/progress.h"

namespace imdi::ingestion {

class Scrubber {
 public:
  // What one step has read. `next`: where the next one begins; 1 after the log's end.
  struct Step {
    int64_t bytes = 0;
    int64_t next = 1;
    int64_t end = 0;  // Where the log ends now.
  };
  // Verifies some records from a position on. An error ends scrubbing; the store has then stopped
  // by itself.
  using Verify = std::function<absl::StatusOr<Step>(int64_t from)>;

  // Starts the thread. `passed` is called after each pass over the whole log; may be empty. A pass
  // is a run of `progress`, unless that is null; it must outlive the scrubber.
  explicit Scrubber(Verify verify, std::function<void()> passed = {},
                    base::Progress* progress = nullptr);
  // Ends it.
  ~Scrubber();
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  // How long to rest after so many bytes, to stay below kScrubBytesPerSecond.
  static absl::Duration RestAfter(int64_t bytes);

 private:
  void Run();

  const Verify verify_;
  const std::function<void()> passed_;
  base::Progress* const progress_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace imdi::ingestion
