#pragma once

// Answers lately read out of the log, unpacked, by the position of their record. What lies at a
// position never changes, so an entry is never out of date.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "services/base/limits.h"
#include "services/base/mutex.h"
#include "services/domain/answer_set.h"

namespace imdi::ingestion {

// What a submission's record says of answers.
struct RecordedAnswers {
  bool withdrawn = false;
  int32_t questionnaire = 0;  // The version that `answers` are indexed by.
  domain::AnswerSet answers;
};

// Thread-safe. Every position has one slot, which it shares with others: a newcomer takes it.
class AnswersCache {
 public:
  // Null when it is not here.
  std::shared_ptr<const RecordedAnswers> Find(int64_t position) const;
  void Put(int64_t position, std::shared_ptr<const RecordedAnswers> answers);

 private:
  struct Slot {
    int64_t position = 0;
    std::shared_ptr<const RecordedAnswers> answers;
  };
  static size_t SlotOf(int64_t position) {
    return static_cast<size_t>(position) % base::kAnswersKeptMax;
  }

  mutable base::Mutex mutex_;
  std::array<Slot, base::kAnswersKeptMax> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::ingestion
