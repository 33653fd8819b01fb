#include "services/aggregation/log_chain.h"

#include "absl/time/time.h"
#include "services/aggregation/errors.h"
#include "services/base/text.h"
#include "storage/response_log.h"

namespace imdi::aggregation {

storage::FoldCursor BeginOf(const survey::ingestion::v1::Cursor& head) {
  return {.log_id = head.log_id(),
          .epoch = head.epoch(),
          .position = 0,
          .chain = storage::GenesisChain(head.log_id())};
}

absl::StatusOr<ChainedRecord> Follow(const storage::FoldCursor& after,
                                     const survey::ingestion::v1::LogRecord& entry) {
  if (entry.position() != after.position + 1) {
    return Diverged(
        base::StrCat("position ", entry.position(), " came after position ", after.position));
  }
  ChainedRecord out;
  out.cursor = after;
  out.cursor.position = entry.position();
  out.cursor.chain = storage::NextChain(after.chain, entry.position(),
                                        absl::FromUnixMicros(entry.time_us()), entry.record());
  if (base::AsText(out.cursor.chain) != entry.chain_hash()) {
    return Diverged(base::StrCat("the chain hash of position ", entry.position(),
                                 " does not follow from the one before"));
  }
  if (!out.record.ParseFromString(entry.record())) {
    return Corrupt(base::StrCat("the record at position ", entry.position(), " does not parse"));
  }
  return out;
}

}  // namespace imdi::aggregation
