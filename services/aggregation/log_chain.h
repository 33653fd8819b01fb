#pragma once

// Takes records of a log one after the other and sees that each follows from the one before it:
// position, chain hash, and a body that parses.

#include "absl/status/statusor.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/store/v1/record.pb.h"
#include "storage/fold_store.h"

namespace imdi::aggregation {

struct ChainedRecord {
  survey::store::v1::Record record;
  storage::FoldCursor cursor;  // After it.
};

// The cursor before the first record of a log.
storage::FoldCursor BeginOf(const survey::ingestion::v1::Cursor& head);
// LOG_DIVERGED where the entry does not follow on `after`, STORE_CORRUPT where it is no record.
absl::StatusOr<ChainedRecord> Follow(const storage::FoldCursor& after,
                                     const survey::ingestion::v1::LogRecord& entry);

}  // namespace imdi::aggregation
