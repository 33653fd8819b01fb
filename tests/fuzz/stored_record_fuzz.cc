// Records of the log as aggregation takes them: a chunk
// (imdi.survey.ingestion.v1.FollowLogResponse) of any records after the definitions of a small
// survey. Positions of the chunk are not looked at.

#include <cstdint>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "services/aggregation/fold.h"
#include "services/aggregation/fold_state.h"
#include "storage/memory/side_stores.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/small_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi;
  using fuzz::Require;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  (void)quiet;
  static const auto* prologue = new std::vector(fuzz::SmallLog());
  survey::ingestion::v1::FollowLogResponse chunk;
  if (!chunk.ParseFromArray(data, static_cast<int>(size))) return 0;

  aggregation::Fold fold;
  storage::memory::MemoryFoldStore kept;
  const auto take = [&](const survey::store::v1::Record& record) {
    const int64_t position = fold.position() + 1;
    if (!fold.Apply(position, position, record).ok()) {
      Require(fold.position() == position - 1, "a refused record moves nothing");
      return;
    }
    const storage::FoldCursor cursor{
        .log_id = "log", .epoch = 1, .position = position, .chain = {}};
    std::vector<storage::FoldItem> items;
    aggregation::KeptItems puts;
    aggregation::Keep(position, position, record, fold, puts);
    for (auto& [key, value] : puts) items.push_back({.key = key, .value = value});
    items.push_back(aggregation::TimeItem(position));
    Require(kept.Write(items, {}, cursor).ok(), "what was taken can be kept");
  };
  for (const survey::store::v1::Record& record : *prologue) take(record);
  Require(fold.position() == static_cast<int64_t>(prologue->size()), "the prologue folds");
  fuzz::Shown(fold);  // So that later records are counted one by one.
  for (int i = 0; i < chunk.records_size() && i < 64; ++i) {
    survey::store::v1::Record record;
    if (record.ParseFromString(chunk.records(i).record())) take(record);
  }
  const std::string shown = fuzz::Shown(fold);
  const auto loaded = aggregation::LoadFold(kept);
  Require(loaded.ok(), "what was kept folds again");
  Require(fuzz::Shown(**loaded) == shown, "and gives the same figures");
  return 0;
}
