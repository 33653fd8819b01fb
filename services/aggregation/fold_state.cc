#include "services/aggregation/fold_state.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::aggregation {
namespace {

constexpr std::string_view kRecordPrefix = "r/";
constexpr std::string_view kTimeKey = "time";

struct Kept {
  int64_t position = 0;
  int64_t time_us = 0;
  store_pb::Record record;
};

std::optional<Kept> Decode(std::string_view value) {
  base::ByteReader reader(value);
  uint64_t position = 0;
  uint64_t time_us = 0;
  reader.ReadU64(position);
  reader.ReadU64(time_us);
  Kept kept;
  if (!reader.ok() || !kept.record.ParseFromString(std::string(reader.rest()))) return std::nullopt;
  kept.position = static_cast<int64_t>(position);
  kept.time_us = static_cast<int64_t>(time_us);
  return kept;
}

absl::Status Unreadable(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("the kept state of the fold is damaged: ", what));
}

}  // namespace

std::optional<storage::FoldItem> ItemFor(int64_t position, int64_t time_us,
                                         const store_pb::Record& record) {
  store_pb::Record kept;
  std::string key(kRecordPrefix);
  switch (record.body_case()) {
    case store_pb::Record::kDefinitionApplied:
      *kept.mutable_definition_applied() = record.definition_applied();
      key += "definition/";
      base::PutU64(key, static_cast<uint64_t>(position));
      break;
    case store_pb::Record::kEditionStateChanged:
      *kept.mutable_edition_state_changed() = record.edition_state_changed();
      kept.mutable_edition_state_changed()->clear_reason();
      key += "state/";
      base::PutU64(key, static_cast<uint64_t>(position));
      break;
    case store_pb::Record::kSubmissionAccepted: {
      store_pb::SubmissionAccepted& accepted = *kept.mutable_submission_accepted();
      accepted = record.submission_accepted();
      accepted.clear_text();
      accepted.clear_findings();
      base::StrAppend(key, "answers/", accepted.edition(), "/", accepted.unit(), "/",
                      accepted.part());
      break;
    }
    case store_pb::Record::kSubmissionWithdrawn: {
      store_pb::SubmissionWithdrawn& withdrawn = *kept.mutable_submission_withdrawn();
      withdrawn = record.submission_withdrawn();
      withdrawn.clear_reason();
      base::StrAppend(key, "answers/", withdrawn.edition(), "/", withdrawn.unit(), "/",
                      withdrawn.part());
      break;
    }
    case store_pb::Record::kDispositionSet: {
      store_pb::DispositionSet& set = *kept.mutable_disposition_set();
      set = record.disposition_set();
      set.clear_reason();
      base::StrAppend(key, "disposition/", set.edition(), "/", set.unit());
      break;
    }
    default:
      return std::nullopt;
  }
  storage::FoldItem item{.key = std::move(key), .value = {}};
  base::PutU64(item.value, static_cast<uint64_t>(position));
  base::PutU64(item.value, static_cast<uint64_t>(time_us));
  kept.AppendToString(&item.value);
  return item;
}

storage::FoldItem TimeItem(int64_t time_us) {
  storage::FoldItem item{.key = std::string(kTimeKey), .value = {}};
  base::PutU64(item.value, static_cast<uint64_t>(time_us));
  return item;
}

absl::StatusOr<std::unique_ptr<Fold>> LoadFold(const storage::FoldStore& store) {
  auto fold = std::make_unique<Fold>();
  IMDI_ASSIGN_OR_RETURN(const std::optional<storage::FoldCursor> cursor, store.LoadCursor());
  if (!cursor.has_value()) return fold;
  std::vector<Kept> records;
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const std::vector<storage::FoldItem> page,
                          store.List(kRecordPrefix, after, storage::kFoldListMax));
    if (page.empty()) break;
    after = page.back().key;
    for (const storage::FoldItem& item : page) {
      std::optional<Kept> kept = Decode(item.value);
      if (!kept.has_value()) return Unreadable("a record does not parse");
      records.push_back(std::move(*kept));
    }
  }
  std::sort(records.begin(), records.end(),
            [](const Kept& a, const Kept& b) { return a.position < b.position; });
  for (const Kept& kept : records)
    IMDI_RETURN_IF_ERROR(fold->Apply(kept.position, kept.time_us, kept.record));
  if (fold->position() > cursor->position) return Unreadable("a record lies beyond the cursor");
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> time, store.Get(kTimeKey));
  base::ByteReader reader(time.has_value() ? std::string_view(*time) : std::string_view());
  uint64_t time_us = 0;
  if (!reader.ReadU64(time_us)) return Unreadable("the time of the last record is missing");
  fold->AdvanceTo(cursor->position, static_cast<int64_t>(time_us));
  return fold;
}

}  // namespace imdi::aggregation
