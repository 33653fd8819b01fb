#include "services/base/admission.h"

#include <algorithm>

#include "services/base/limits.h"

namespace imdi::base {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kWindow(kAdmissionWindowMs);
constexpr int64_t kAnswersOfAWindowMin = 16;
// Of those who were refused together, some come back this many parts of the delay later than
// others.
constexpr uint64_t kSpread = 8;
// What reads keep when they give way to writes.
constexpr double kGivenWay = 0.5;

}  // namespace

std::string_view Name(Work work) {
  switch (work) {
    case Work::kControl:
      return "control";
    case Work::kWrite:
      return "write";
    case Work::kRead:
      return "read";
  }
  return "unknown";
}

Admission::Settings Admission::DefaultSettings() {
  return {.write = {.fewest = kWritesAdmittedMin,
                    .first = kWritesAdmittedFirst,
                    .most = kWritesAdmittedMax,
                    .target = milliseconds(kWriteTargetMs)},
          .read = {.fewest = kReadsAdmittedMin,
                   .first = kReadsAdmittedMax,
                   .most = kReadsAdmittedMax,
                   .target = milliseconds(kReadTargetMs)}};
}

Admission::Admission(const Settings& settings) {
  MutexLock lock(mutex_);
  Of(Work::kWrite).bounds = settings.write;
  Of(Work::kRead).bounds = settings.read;
  for (Kind& kind : kinds_) kind.limit = kind.bounds.first;
}

bool Admission::HasRoom(const Kind& kind, int64_t held_by_caller) {
  if (kind.taken < kind.limit) return true;
  const int64_t free = 2 * kind.limit - kind.taken;
  if (free <= 0) return false;
  // However many greedy ones there are, each leaves as much as it holds to those who come.
  if (held_by_caller > 0 && held_by_caller >= free) return false;
  const int64_t present = static_cast<int64_t>(kind.callers.size()) + (held_by_caller == 0 ? 1 : 0);
  return 2 * held_by_caller <= kind.taken &&
         (held_by_caller - kAdmissionShareSlack) * present < kind.taken;
}

std::optional<Admission::Place> Admission::Enter(Work work, std::string_view caller, size_t bytes,
                                                 Time now) {
  Place place{.work = work, .pieces = 0, .caller = {}, .since = now};
  if (work == Work::kControl) {
    MutexLock lock(mutex_);
    ++Of(work).entered;
    ++Of(work).taken;
    return place;
  }
  place.pieces = static_cast<int64_t>(
      std::max<size_t>(1, (bytes + kAdmissionPieceBytes - 1) / kAdmissionPieceBytes));
  place.caller = caller;
  MutexLock lock(mutex_);
  Kind& kind = Of(work);
  if (!kind.window.began.has_value()) kind.window.began = now;
  const auto found = kind.callers.find(place.caller);
  const int64_t held = found == kind.callers.end() ? 0 : found->second;
  if (!HasRoom(kind, held)) {
    ++kind.refused;
    ++kind.window.refused;
    return std::nullopt;
  }
  ++kind.entered;
  ++kind.window.entered;
  kind.taken += place.pieces;
  kind.window.most_taken = std::max(kind.window.most_taken, kind.taken);
  if (found != kind.callers.end()) {
    found->second += place.pieces;
  } else {
    kind.callers.emplace(place.caller, place.pieces);
  }
  return place;
}

void Admission::Leave(const Place& place, Time now, Outcome outcome) {
  MutexLock lock(mutex_);
  Kind& kind = Of(place.work);
  if (place.work == Work::kControl) {
    --kind.taken;
    return;
  }
  kind.taken -= place.pieces;
  const auto found = kind.callers.find(place.caller);
  found->second -= place.pieces;
  if (found->second <= 0) kind.callers.erase(found);
  if (outcome == Outcome::kRefused) {
    ++kind.refused;
    ++kind.window.refused;
  }
  if (outcome != Outcome::kServed) return;
  const Duration took = now - place.since;
  ++kind.window.answered;
  kind.window.took += took;
  if (took > kind.bounds.target) ++kind.window.slow;
  LookAt(place.work, now);
}

// Additive increase, multiplicative decrease. The limit grows only when it was in the way, and
// falls only when it was used: one slow answer on an idle service says nothing about load.
void Admission::LookAt(Work work, Time now) {
  Kind& kind = Of(work);
  Window& window = kind.window;
  if (now - *window.began < kWindow || window.answered < kAnswersOfAWindowMin) return;
  if (window.slow * 20 > window.answered) {
    const Kind& reads = Of(Work::kRead);
    if (work == Work::kWrite && reads.taken > reads.bounds.fewest &&
        reads.limit > reads.bounds.fewest) {
      // Reads give way first, whoever is to blame and however fast they are themselves.
      Shrink(Work::kRead, kGivenWay);
    } else if (2 * window.most_taken >= kind.limit) {
      Shrink(work);
    }
  } else if (window.refused > 0 && window.slow * 100 <= window.answered) {
    kind.limit = std::min(kind.bounds.most, kind.limit + std::max<int64_t>(1, kind.limit / 16));
  }
  kind.before = window;
  window = Window{.began = now, .most_taken = kind.taken};
}

void Admission::Shrink(Work work, std::optional<double> keep) {
  Kind& kind = Of(work);
  const Window& window = kind.window;
  if (!keep.has_value() && window.answered > 0) {
    const double mean =
        static_cast<double>(window.took.count()) / static_cast<double>(window.answered);
    keep = std::clamp(static_cast<double>(kind.bounds.target.count()) / std::max(1.0, mean), 0.25,
                      0.9);
  }
  const int64_t used = std::min(kind.limit, std::max(window.most_taken, kind.taken));
  // Nothing came back: less, by a guess.
  kind.limit = std::clamp(static_cast<int64_t>(static_cast<double>(used) * keep.value_or(0.5)),
                          kind.bounds.fewest, kind.limit);
}

milliseconds Admission::RetryDelay(Work work) {
  MutexLock lock(mutex_);
  Kind& kind = Of(work);
  const int64_t entered = kind.window.entered + kind.before.entered;
  const int64_t offered = entered + kind.window.refused + kind.before.refused;
  const int64_t pressure = std::max<int64_t>(1, offered / std::max<int64_t>(1, entered));
  const int64_t shortest =
      std::min<int64_t>(kShedRetryDelayMs * pressure, kShedRetryDelayMaxMs / 2);
  const auto part = static_cast<int64_t>(kind.delays_given++ % kSpread);
  return milliseconds(shortest + shortest * part / static_cast<int64_t>(kSpread));
}

Admission::Reading Admission::Read(Work work) const {
  MutexLock lock(mutex_);
  const Kind& kind = kinds_[static_cast<size_t>(work)];
  return {.limit = kind.limit,
          .taken = kind.taken,
          .callers = static_cast<int64_t>(kind.callers.size()),
          .entered = kind.entered,
          .refused = kind.refused};
}

}  // namespace imdi::base
