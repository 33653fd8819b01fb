#pragma once

// A fold between two runs of the process: the records that still say something, under keys that
// make a later record of the same kind and unit replace the earlier one. Applying them in log order
// gives the same fold again.

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/aggregation/fold.h"
#include "storage/fold_store.h"

namespace imdi::aggregation {

// The item to keep for a record: without its texts, actor and request id, which no figure needs.
// Empty for a record that says nothing about figures.
std::optional<storage::FoldItem> ItemFor(int64_t position, int64_t time_us,
                                         const store_pb::Record& record);

// The fold as of the store's cursor. STORE_CORRUPT when what is stored does not fold.
absl::StatusOr<std::unique_ptr<Fold>> LoadFold(const storage::FoldStore& store);

// Time of the last record folded, beside the cursor.
storage::FoldItem TimeItem(int64_t time_us);

}  // namespace imdi::aggregation
