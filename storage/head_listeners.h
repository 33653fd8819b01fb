#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "services/base/mutex.h"
#include "storage/response_log.h"

namespace imdi::storage {

// The listeners of one log. They are called without the lock: what a listener wakes may end there,
// and take its listener away. So one may be called once more while it is taken away.
class HeadListeners {
 public:
  int64_t Add(ResponseLog::HeadListener listener) {
    auto shared = std::make_shared<const ResponseLog::HeadListener>(std::move(listener));
    base::MutexLock lock(mutex_);
    listeners_.emplace(++last_id_, std::move(shared));
    return last_id_;
  }
  void Remove(int64_t id) {
    base::MutexLock lock(mutex_);
    listeners_.erase(id);
  }
  void Notify(const LogHead& head) {
    std::vector<std::shared_ptr<const ResponseLog::HeadListener>> listeners;
    {
      base::MutexLock lock(mutex_);
      for (const auto& [id, listener] : listeners_) listeners.push_back(listener);
    }
    for (const auto& listener : listeners) (*listener)(head);
  }

 private:
  base::Mutex mutex_;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::shared_ptr<const ResponseLog::HeadListener>> listeners_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::storage
