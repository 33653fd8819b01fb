#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "services/base/mutex.h"
#include "storage/response_log.h"

namespace imdi::storage {

// The listeners of one log. Callbacks run under the lock, so that Remove can promise that the
// callback is over: the reason why a listener must be quick and must not come back.
class HeadListeners {
 public:
  int64_t Add(ResponseLog::HeadListener listener) {
    base::MutexLock lock(mutex_);
    listeners_.emplace(++last_id_, std::move(listener));
    return last_id_;
  }
  void Remove(int64_t id) {
    base::MutexLock lock(mutex_);
    listeners_.erase(id);
  }
  void Notify(const LogHead& head) {
    base::MutexLock lock(mutex_);
    for (const auto& [id, listener] : listeners_) listener(head);
  }

 private:
  base::Mutex mutex_;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, ResponseLog::HeadListener> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::storage
