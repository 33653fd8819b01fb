#pragma once

// Who is let in when more is asked than can be done. What waits is bounded by how long it takes,
// not only by its number: a limit on calls at work follows the time they take, writes go before
// reads, and of several callers the one that holds most is refused first. It decides before
// anything of a call was read, so refusing costs little.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "services/base/mutex.h"

namespace imdi::base {

// What a call is for, the first served first. Control is what the services themselves and their
// operators do: it is little, and the work of the others waits for it, so it is never refused here.
enum class Work : uint8_t { kControl, kWrite, kRead };
inline constexpr size_t kWorkKinds = 3;
std::string_view Name(Work work);

// Thread-safe. No clock of its own: every call brings the time, so that tests can.
class Admission {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // Of one kind of work. Places are counted in pieces of kAdmissionPieceBytes, at least one a call.
  struct Bounds {
    int64_t fewest = 1;  // The limit never falls below this, however slow the answers.
    int64_t first = 1;
    int64_t most = 1;
    Duration target{};  // Of a hundred answers at most five may take longer.
  };
  struct Settings {
    Bounds write;
    Bounds read;
  };
  static Settings DefaultSettings();

  explicit Admission(const Settings& settings = DefaultSettings());

  // A place that was taken; given back with Leave, once.
  struct Place {
    Work work = Work::kControl;
    int64_t pieces = 0;
    std::string caller;
    Time since;
  };
  // Nothing: refused. There is room while fewer places are taken than the limit says. Beyond it, up
  // to twice the limit, there is room for a caller that holds no more than half of what is taken,
  // no more than a few above the average of those present, and less than what is still free: greedy
  // ones fill the limit and then wait, the others still come in.
  std::optional<Place> Enter(Work work, std::string_view caller, size_t bytes, Time now);
  // What came of the call that held a place. Only what was served says how fast the service is.
  enum class Outcome : uint8_t {
    kServed,
    kNotServed,  // It ended before anything was done for it.
    kRefused,    // The same, since there was no room for it further on: counts as refused.
  };
  void Leave(const Place& place, Time now, Outcome outcome = Outcome::kServed);

  // Advice for a call that was just refused: the longer, the more were refused of late, and never
  // the same for all, so that those who were refused together do not come back together.
  std::chrono::milliseconds RetryDelay(Work work);

  struct Reading {
    int64_t limit = 0;
    int64_t taken = 0;    // Places.
    int64_t callers = 0;  // With at least one.
    uint64_t entered = 0;
    uint64_t refused = 0;
  };
  Reading Read(Work work) const;

 private:
  // What happened since the limit was last looked at.
  struct Window {
    std::optional<Time> began;
    int64_t most_taken = 0;
    int64_t answered = 0;
    int64_t slow = 0;  // Of these, slower than the target.
    Duration took{};   // All of them together.
    int64_t entered = 0;
    int64_t refused = 0;
  };
  struct Kind {
    Bounds bounds;
    int64_t limit = 0;
    int64_t taken = 0;
    std::unordered_map<std::string, int64_t> callers;  // Places of each that has any.
    Window window;
    Window before;  // The one before.
    uint64_t entered = 0;
    uint64_t refused = 0;
    uint64_t delays_given = 0;
  };

  Kind& Of(Work work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return kinds_[static_cast<size_t>(work)];
  }
  static bool HasRoom(const Kind& kind, int64_t held_by_caller);
  void LookAt(Work work, Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // To so much of what was used; from how slow its answers were where that is not given.
  void Shrink(Work work, std::optional<double> keep = std::nullopt)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::array<Kind, kWorkKinds> kinds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::base
