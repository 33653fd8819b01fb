#include "services/query/claim_cache.h"

namespace imdi::query {

std::shared_ptr<const ClaimCache::Judged> ClaimCache::Get(std::string_view edition,
                                                          const std::function<Judged()>& judge) {
  std::shared_ptr<Entry> entry;
  {
    base::MutexLock lock(mutex_);
    auto found = entries_.find(edition);
    if (found == entries_.end())
      found = entries_.emplace(std::string(edition), std::make_shared<Entry>()).first;
    entry = found->second;
  }
  std::call_once(entry->once, [&] { entry->judged = std::make_shared<const Judged>(judge()); });
  return entry->judged;
}

}  // namespace imdi::query
