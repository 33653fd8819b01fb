#include "services/ingestion/answers_cache.h"

#include <utility>

namespace imdi::ingestion {

std::shared_ptr<const RecordedAnswers> AnswersCache::Find(int64_t position) const {
  base::MutexLock lock(mutex_);
  const Slot& slot = slots_[SlotOf(position)];
  return slot.position == position ? slot.answers : nullptr;
}

void AnswersCache::Put(int64_t position, std::shared_ptr<const RecordedAnswers> answers) {
  base::MutexLock lock(mutex_);
  Slot& slot = slots_[SlotOf(position)];
  slot.position = position;
  slot.answers.swap(answers);  // What was there dies after the lock.
}

}  // namespace imdi::ingestion
