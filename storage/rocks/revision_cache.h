#pragma once

// Current revisions lately asked for or made, in memory, so that judging a proposal and appending
// it look into the index only for what nobody named in a while. It holds what is acknowledged, and
// nothing that an append has overtaken.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "services/base/mutex.h"
#include "storage/rocks/layout.h"

namespace imdi::storage::rocks {

// Thread-safe. Every resource has one slot, which it shares with others: a newcomer takes it.
class RevisionCache {
 public:
  explicit RevisionCache(size_t slots);

  // Revision 0: the resource does not exist. None: not known here, look into the index.
  std::optional<RevisionAt> Find(std::string_view resource) const;

  // To be taken before the index is read, and handed back with what was read: if an append has
  // changed the slot in between, what was read is not kept.
  uint64_t Ticket(std::string_view resource) const;
  void Keep(std::string_view resource, const RevisionAt& current, uint64_t ticket);

  // What an acknowledged append made.
  void Advance(std::string_view resource, const RevisionAt& current);
  // Forgets everything, also what readers are about to keep.
  void Clear();

 private:
  struct Slot {
    std::string resource;  // "" = empty.
    RevisionAt current;
    uint64_t changes = 0;
  };

  size_t SlotOf(std::string_view resource) const;

  const size_t count_;
  mutable base::Mutex mutex_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace imdi::storage::rocks
