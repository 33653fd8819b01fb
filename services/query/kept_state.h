#pragma once

// Query's state in its own store, for a warm start and for older releases (storage/SCHEMA.md).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/query/folded_state.h"
#include "services/query/swap.h"
#include "storage/fold_store.h"

namespace imdi::query {

struct KeptState {
  FoldedState state;
  int64_t heard_us = 0;  // When aggregation was last heard, as far as the store knows.
};

// None for a store that holds no state. STORE_CORRUPT for what cannot be read. Counts of another
// build's plan are left out: they come again.
absl::StatusOr<std::optional<KeptState>> LoadState(const storage::FoldStore& store);

// What is to be written so that the store holds `now`, after it held `before`. Nothing of `before`
// counts after a reset.
struct StateChange {
  const FoldedState* before =
      nullptr;  // Null: the store holds nothing that counts, releases apart.
  const FoldedState* now = nullptr;
  std::span<const aggregation_pb::DefinitionStep> definitions;  // Since `before`.
  int64_t heard_us = 0;
};
absl::Status WriteState(storage::FoldStore& store, const StateChange& change);

// Deletes later releases of the edition where another one of this number lay there.
absl::Status WriteRelease(storage::FoldStore& store, const Swap::Release& release);
// STORE_UNAVAILABLE where the store does not hold it (yet).
absl::StatusOr<std::shared_ptr<const ReleaseSet>> ReadRelease(const storage::FoldStore& store,
                                                              const query_pb::Release& facts);

}  // namespace imdi::query
