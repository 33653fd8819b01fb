#include "services/aggregation/fold_state.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "services/aggregation/errors.h"
#include "services/base/encoding.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::aggregation {
namespace {

constexpr std::string_view kRecordPrefix = "r/";
constexpr std::string_view kTimeKey = "time";
// Releases: facts under f/{edition}/{number}, parts under p/{edition}/{number}/{index}; of a
// building that is not closed its id and number of parts under b/{edition}, its parts under
// u/{edition}/{index}.
constexpr std::string_view kFactsPrefix = "f/";
constexpr std::string_view kPartPrefix = "p/";
constexpr std::string_view kBuildingPrefix = "b/";
constexpr std::string_view kBuildingPartPrefix = "u/";

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
  return Corrupt(base::StrCat("the kept state of the fold is damaged: ", what));
}

}  // namespace

namespace {

std::string FactsKey(std::string_view edition, int32_t number) {
  std::string key = base::StrCat(kFactsPrefix, edition, "/");
  base::PutU32(key, static_cast<uint32_t>(number));
  return key;
}

std::string PartKey(std::string_view edition, int32_t number, size_t index) {
  std::string key = base::StrCat(kPartPrefix, edition, "/");
  base::PutU32(key, static_cast<uint32_t>(number));
  key += "/";
  base::PutU32(key, static_cast<uint32_t>(index));
  return key;
}

std::string BuildingPartKey(std::string_view edition, size_t index) {
  std::string key = base::StrCat(kBuildingPartPrefix, edition, "/");
  base::PutU32(key, static_cast<uint32_t>(index));
  return key;
}

// Build id and number of parts, then the facts of a closed release.
std::string EncodeBuilding(std::string_view build_id, size_t parts, std::string_view facts) {
  std::string out;
  base::PutBytes(out, build_id);
  base::PutU32(out, static_cast<uint32_t>(parts));
  out.append(facts);
  return out;
}

bool DecodeBuilding(std::string_view value, std::string& build_id, uint32_t& parts,
                    std::string_view& facts) {
  base::ByteReader reader(value);
  std::string_view id;
  reader.ReadBytes(id);
  if (!reader.ReadU32(parts)) return false;
  build_id = id;
  facts = reader.rest();
  return true;
}

void KeepPart(const store_pb::ReleaseChunk& chunk, const Fold& fold, KeptItems& items) {
  const OpenBuilding* building = fold.releases().BuildingOf(chunk.edition());
  if (building == nullptr || building->build_id != chunk.build_id()) return;
  const size_t count = building->parts.size();
  items[base::StrCat(kBuildingPrefix, chunk.edition())] =
      EncodeBuilding(building->build_id, building->too_large ? UINT32_MAX : count, "");
  // Anything but the last part was kept when it came.
  if (count > 0 && count == static_cast<size_t>(chunk.index()) + 1)
    items[BuildingPartKey(chunk.edition(), count - 1)] = chunk.part();
}

void KeepClosed(const std::string& edition, const Fold& fold, KeptItems& items) {
  const ClosedRelease* release = fold.releases().Latest(edition);
  if (release == nullptr || release->parts == nullptr) return;
  for (size_t index = 0; index < release->parts->size(); ++index)
    items[PartKey(edition, release->facts.number(), index)] = (*release->parts)[index];
  items[FactsKey(edition, release->facts.number())] =
      EncodeBuilding(release->build_id, release->parts->size(), release->facts.SerializeAsString());
  items[base::StrCat(kBuildingPrefix, edition)] = EncodeBuilding("", 0, "");
}

// The item to keep for a record that is no part of a release; empty when nothing is.
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

// Calls `take` with every item under a prefix, in order of keys.
absl::Status ForEach(const storage::FoldStore& store, std::string_view prefix,
                     const std::function<absl::Status(const storage::FoldItem&)>& take) {
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const std::vector<storage::FoldItem> page,
                          store.List(prefix, after, storage::kFoldListMax));
    if (page.empty()) return absl::OkStatus();
    after = page.back().key;
    for (const storage::FoldItem& item : page) IMDI_RETURN_IF_ERROR(take(item));
  }
}

absl::Status LoadReleases(const storage::FoldStore& store, Fold& fold) {
  // Keys sort by edition and number, so the last one of an edition is its latest: only its parts
  // are held.
  std::vector<ClosedRelease> releases;
  IMDI_RETURN_IF_ERROR(ForEach(store, kFactsPrefix, [&](const storage::FoldItem& item) {
    ClosedRelease release;
    uint32_t parts = 0;
    std::string_view facts;
    if (!DecodeBuilding(item.value, release.build_id, parts, facts) ||
        !release.facts.ParseFromString(std::string(facts)) || parts > base::kReleasePartsMax) {
      return Unreadable("a release does not parse");
    }
    release.part_count = static_cast<int32_t>(parts);
    releases.push_back(std::move(release));
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < releases.size(); ++i) {
    const std::string edition(domain::EditionIdOf(releases[i].facts.name()));
    if (i + 1 == releases.size() || domain::EditionIdOf(releases[i + 1].facts.name()) != edition) {
      IMDI_ASSIGN_OR_RETURN(std::vector<std::string> parts, LoadParts(store, releases[i]));
      releases[i].parts = std::make_shared<const std::vector<std::string>>(std::move(parts));
    }
  }
  for (ClosedRelease& release : releases) {
    const std::string edition(domain::EditionIdOf(release.facts.name()));
    IMDI_RETURN_IF_ERROR(fold.releases().Restore(edition, std::move(release)));
  }
  return ForEach(store, kBuildingPrefix, [&](const storage::FoldItem& item) -> absl::Status {
    const std::string edition = item.key.substr(kBuildingPrefix.size());
    OpenBuilding building;
    uint32_t parts = 0;
    std::string_view rest;
    if (!DecodeBuilding(item.value, building.build_id, parts, rest))
      return Unreadable("a building of a release does not parse");
    if (building.build_id.empty()) return absl::OkStatus();
    building.too_large = parts == UINT32_MAX;
    for (size_t index = 0; !building.too_large && index < parts; ++index) {
      IMDI_ASSIGN_OR_RETURN(std::optional<std::string> part,
                            store.Get(BuildingPartKey(edition, index)));
      if (!part.has_value()) return Unreadable("a part of a release is missing");
      building.bytes += part->size();
      building.parts.push_back(*std::move(part));
    }
    fold.releases().Restore(edition, std::move(building));
    return absl::OkStatus();
  });
}

}  // namespace

void Keep(int64_t position, int64_t time_us, const store_pb::Record& record, const Fold& fold,
          KeptItems& items) {
  if (record.has_release_chunk()) {
    KeepPart(record.release_chunk(), fold, items);
  } else if (record.has_release_published()) {
    KeepClosed(record.release_published().edition(), fold, items);
  } else if (std::optional<storage::FoldItem> item = ItemFor(position, time_us, record)) {
    items[std::move(item->key)] = std::move(item->value);
  }
}

absl::StatusOr<std::vector<std::string>> LoadParts(const storage::FoldStore& store,
                                                   const ClosedRelease& release) {
  const std::string_view edition = domain::EditionIdOf(release.facts.name());
  std::vector<std::string> out;
  for (int32_t index = 0; index < release.part_count; ++index) {
    IMDI_ASSIGN_OR_RETURN(
        std::optional<std::string> part,
        store.Get(PartKey(edition, release.facts.number(), static_cast<size_t>(index))));
    if (!part.has_value()) return Unreadable("a part of a release is missing");
    out.push_back(*std::move(part));
  }
  IMDI_RETURN_IF_ERROR(CheckPartsOf(release, out));
  return out;
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
  IMDI_RETURN_IF_ERROR(ForEach(store, kRecordPrefix, [&](const storage::FoldItem& item) {
    std::optional<Kept> kept = Decode(item.value);
    if (!kept.has_value()) return Unreadable("a record does not parse");
    records.push_back(std::move(*kept));
    return absl::OkStatus();
  }));
  std::sort(records.begin(), records.end(),
            [](const Kept& a, const Kept& b) { return a.position < b.position; });
  for (const Kept& kept : records)
    IMDI_RETURN_IF_ERROR(fold->Apply(kept.position, kept.time_us, kept.record));
  IMDI_RETURN_IF_ERROR(LoadReleases(store, *fold));
  if (fold->position() > cursor->position) return Unreadable("a record lies beyond the cursor");
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> time, store.Get(kTimeKey));
  base::ByteReader reader(time.has_value() ? std::string_view(*time) : std::string_view());
  uint64_t time_us = 0;
  if (!reader.ReadU64(time_us)) return Unreadable("the time of the last record is missing");
  fold->AdvanceTo(cursor->position, static_cast<int64_t>(time_us));
  return fold;
}

}  // namespace imdi::aggregation
