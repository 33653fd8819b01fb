#include "storage/rocks/revision_cache.h"

#include "services/base/text.h"

namespace imdi::storage::rocks {

using base::MutexLock;

RevisionCache::RevisionCache(size_t slots) : count_(slots), slots_(slots) {}

size_t RevisionCache::SlotOf(std::string_view resource) const {
  return base::TextHash()(resource) % count_;
}

std::optional<RevisionAt> RevisionCache::Find(std::string_view resource) const {
  const size_t at = SlotOf(resource);
  MutexLock lock(mutex_);
  const Slot& slot = slots_[at];
  if (slot.resource != resource) return std::nullopt;
  return slot.current;
}

uint64_t RevisionCache::Ticket(std::string_view resource) const {
  const size_t at = SlotOf(resource);
  MutexLock lock(mutex_);
  return slots_[at].changes;
}

void RevisionCache::Keep(std::string_view resource, const RevisionAt& current, uint64_t ticket) {
  const size_t at = SlotOf(resource);
  MutexLock lock(mutex_);
  Slot& slot = slots_[at];
  if (slot.changes != ticket) return;
  slot.resource = resource;
  slot.current = current;
}

void RevisionCache::Advance(std::string_view resource, const RevisionAt& current) {
  const size_t at = SlotOf(resource);
  MutexLock lock(mutex_);
  Slot& slot = slots_[at];
  ++slot.changes;
  slot.resource = resource;
  slot.current = current;
}

void RevisionCache::Clear() {
  MutexLock lock(mutex_);
  for (Slot& slot : slots_) {
    ++slot.changes;
    slot.resource.clear();
  }
}

}  // namespace imdi::storage::rocks
