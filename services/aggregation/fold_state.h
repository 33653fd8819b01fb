#pragma once

// A fold between two runs of the process: the records that still say something, under keys that
// make a later record of the same kind and unit replace the earlier one. Applying them in log order
// gives the same fold again. Closed releases lie beside them, part by part.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/aggregation/fold.h"
#include "storage/fold_store.h"

namespace imdi::aggregation {

// By key: the last word on a key is the one to keep.
using KeptItems = std::map<std::string, std::string>;

// What is to be kept of a record that `fold` has just taken: without its texts, actor and request
// id, which no figure needs. Nothing for a record that says nothing about figures. Of a release
// being written the parts, which the edition's next building overwrites; of a closed one its parts
// and facts.
void Keep(int64_t position, int64_t time_us, const store_pb::Record& record, const Fold& fold,
          KeptItems& items);

// The parts of a closed release. STORE_CORRUPT where they are not those that were published.
absl::StatusOr<std::vector<std::string>> LoadParts(const storage::FoldStore& store,
                                                   const ClosedRelease& release);

// The fold as of the store's cursor. STORE_CORRUPT when what is stored does not fold.
absl::StatusOr<std::unique_ptr<Fold>> LoadFold(const storage::FoldStore& store);

// Time of the last record folded, beside the cursor.
storage::FoldItem TimeItem(int64_t time_us);

}  // namespace imdi::aggregation
