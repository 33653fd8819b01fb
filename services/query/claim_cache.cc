#include "services/query/claim_cache.h"

namespace imdi::query {

std::shared_ptr<const ClaimCache::Claims> ClaimCache::Get(std::string_view edition,
                                                          const std::function<Claims()>& judge) {
  std::shared_ptr<Entry> entry;
  {
    base::MutexLock lock(mutex_);
    auto found = entries_.find(edition);
    if (found == entries_.end())
      found = entries_.emplace(std::string(edition), std::make_shared<Entry>()).first;
    entry = found->second;
  }
  std::call_once(entry->once, [&] { entry->claims = std::make_shared<const Claims>(judge()); });
  return entry->claims;
}

}  // namespace imdi::query
