#include "services/query/kept_state.h"

#include <utility>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"

namespace imdi::query {
namespace {

constexpr std::string_view kStateKey = "state";
constexpr std::string_view kDefinitions = "definition/";
constexpr std::string_view kCounts = "counts/";
constexpr std::string_view kReleases = "release/";
constexpr std::string_view kParts = "part/";
constexpr uint8_t kStateVersion = 1;

absl::Status Unreadable(std::string_view key) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("what is kept under ", base::Quoted(key), " cannot be read"));
}

// Every item under a prefix, in order.
template <typename Visit>
absl::Status ForEach(const storage::FoldStore& store, std::string_view prefix, const Visit& visit) {
  std::string after;
  while (true) {
    IMDI_ASSIGN_OR_RETURN(const std::vector<storage::FoldItem> items,
                          store.List(prefix, after, storage::kFoldListMax));
    if (items.empty()) return absl::OkStatus();
    for (const storage::FoldItem& item : items) IMDI_RETURN_IF_ERROR(visit(item));
    after = items.back().key;
  }
}

std::string ReleaseKey(std::string_view prefix, const query_pb::Release& facts) {
  std::string key = base::StrCat(prefix, domain::EditionIdOf(facts.name()), "/");
  base::PutU32(key, static_cast<uint32_t>(facts.number()));
  return key;
}

std::string StateBytes(const FoldedState& state, int64_t heard_us) {
  std::string bytes;
  base::PutU8(bytes, kStateVersion);
  base::PutBytes(bytes, state.log_id());
  base::PutU64(bytes, static_cast<uint64_t>(state.epoch()));
  base::PutU64(bytes, static_cast<uint64_t>(state.position()));
  base::PutU64(bytes, static_cast<uint64_t>(state.time_us()));
  base::PutU64(bytes, static_cast<uint64_t>(heard_us));
  return bytes;
}

std::string CountsBytes(const std::string& edition, const domain::EditionCounts& counts) {
  aggregation_pb::EditionCounts out;
  out.set_edition(edition);
  out.set_plan(counts.plan().fingerprint());
  out.set_whole(true);
  for (size_t index = 0; index < counts.parts().size(); ++index) {
    aggregation_pb::CountBlock& block = *out.add_blocks();
    block.set_index(static_cast<uint32_t>(index));
    block.mutable_values()->Add(counts.parts()[index]->begin(), counts.parts()[index]->end());
  }
  return out.SerializeAsString();
}

absl::Status LoadCounts(const storage::FoldItem& item, FoldedState& state) {
  aggregation_pb::EditionCounts kept;
  if (!kept.ParseFromString(item.value)) return Unreadable(item.key);
  const auto edition = state.editions().find(kept.edition());
  if (edition == state.editions().end() || edition->second.book == nullptr ||
      edition->second.book->plan()->fingerprint() != kept.plan()) {
    base::LogEvent(base::Level::kInfo, "kept_counts_of_another_plan",
                   {{"edition", kept.edition()}});
    return absl::OkStatus();
  }
  Swap::Counts counts{.plan = kept.plan(), .whole = true, .blocks = {}};
  for (const aggregation_pb::CountBlock& block : kept.blocks())
    counts.blocks.try_emplace(block.index(), block.values().begin(), block.values().end());
  return state.AddCounts(kept.edition(), counts);
}

absl::StatusOr<std::vector<std::string>> ReadPartsOf(const storage::FoldStore& store,
                                                     const query_pb::Release& facts,
                                                     int32_t part_count) {
  std::vector<std::string> parts;
  const std::string prefix = ReleaseKey(kParts, facts);
  IMDI_RETURN_IF_ERROR(ForEach(store, prefix, [&](const storage::FoldItem& item) {
    // Behind the last part may lie parts of a longer release that this one took the place of.
    if (static_cast<int32_t>(parts.size()) < part_count) parts.push_back(item.value);
    return absl::OkStatus();
  }));
  return parts;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ReleaseSet>> ReadRelease(const storage::FoldStore& store,
                                                              const query_pb::Release& facts) {
  const std::string key = ReleaseKey(kReleases, facts);
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> kept, store.Get(key));
  if (!kept.has_value()) {
    return base::Error(
        base::Reason::kStoreUnavailable,
        base::StrCat("release ", base::Quoted(facts.name()), " is not on the disk yet; ask again"));
  }
  aggregation_pb::ReleaseParts entry;
  if (!entry.ParseFromString(*kept)) return Unreadable(key);
  IMDI_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                        ReadPartsOf(store, facts, entry.part_count()));
  return ReleaseSet::Read(facts, parts);
}

absl::Status WriteRelease(storage::FoldStore& store, const Swap::Release& release) {
  const std::string own = ReleaseKey(kReleases, release.facts);
  std::vector<std::string> deletes;
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> before, store.Get(own));
  aggregation_pb::ReleaseParts other;
  if (before.has_value() && (!other.ParseFromString(*before) ||
                             other.release().content_hash() != release.facts.content_hash())) {
    for (const std::string_view prefix : {kReleases, kParts}) {
      const std::string last = ReleaseKey(prefix, release.facts);
      const std::string of_edition = last.substr(0, last.size() - sizeof(uint32_t));
      IMDI_RETURN_IF_ERROR(ForEach(store, of_edition, [&](const storage::FoldItem& item) {
        if (item.key.compare(0, last.size(), last) > 0) deletes.push_back(item.key);
        return absl::OkStatus();
      }));
    }
  }
  std::vector<storage::FoldItem> puts;
  for (size_t index = 0; index < release.parts.size(); ++index) {
    std::string key = ReleaseKey(kParts, release.facts);
    base::PutU32(key, static_cast<uint32_t>(index));
    puts.push_back({std::move(key), release.parts[index]});
  }
  aggregation_pb::ReleaseParts entry;
  *entry.mutable_release() = release.facts;
  entry.set_part_count(static_cast<int32_t>(release.parts.size()));
  puts.push_back({own, entry.SerializeAsString()});
  return store.Write(puts, deletes, std::nullopt);
}

absl::StatusOr<std::optional<KeptState>> LoadState(const storage::FoldStore& store) {
  IMDI_ASSIGN_OR_RETURN(const std::optional<std::string> bytes, store.Get(kStateKey));
  if (!bytes.has_value()) return std::optional<KeptState>();
  base::ByteReader reader(*bytes);
  uint8_t version = 0;
  std::string_view log_id;
  uint64_t epoch = 0;
  uint64_t position = 0;
  uint64_t time_us = 0;
  uint64_t heard_us = 0;
  reader.ReadU8(version);
  reader.ReadBytes(log_id);
  reader.ReadU64(epoch);
  reader.ReadU64(position);
  reader.ReadU64(time_us);
  reader.ReadU64(heard_us);
  if (!reader.AtEnd() || version != kStateVersion || log_id.empty()) return Unreadable(kStateKey);

  KeptState out;
  out.heard_us = static_cast<int64_t>(heard_us);
  FoldedState& state = out.state;
  IMDI_RETURN_IF_ERROR(ForEach(store, kDefinitions, [&](const storage::FoldItem& item) {
    aggregation_pb::DefinitionStep step;
    if (!step.ParseFromString(item.value)) return Unreadable(item.key);
    return state.AddDefinition(step);
  }));
  state.MakeBooks();
  IMDI_RETURN_IF_ERROR(ForEach(
      store, kCounts, [&](const storage::FoldItem& item) { return LoadCounts(item, state); }));
  std::vector<aggregation_pb::ReleaseParts> releases;
  IMDI_RETURN_IF_ERROR(ForEach(store, kReleases, [&](const storage::FoldItem& item) {
    if (!releases.emplace_back().ParseFromString(item.value)) return Unreadable(item.key);
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < releases.size(); ++i) {
    const query_pb::Release& facts = releases[i].release();
    // Keys are in order of edition and number, so the last of an edition is the latest.
    const bool latest =
        i + 1 == releases.size() ||
        domain::EditionIdOf(releases[i + 1].release().name()) != domain::EditionIdOf(facts.name());
    std::shared_ptr<const ReleaseSet> figures;
    if (latest) {
      IMDI_ASSIGN_OR_RETURN(const std::vector<std::string> parts,
                            ReadPartsOf(store, facts, releases[i].part_count()));
      IMDI_ASSIGN_OR_RETURN(figures, ReleaseSet::Read(facts, parts));
    }
    state.AddRelease(facts, std::move(figures));
  }
  state.Place(std::string(log_id), static_cast<int64_t>(epoch), static_cast<int64_t>(position),
              static_cast<int64_t>(time_us));
  return std::optional<KeptState>(std::move(out));
}

absl::Status WriteState(storage::FoldStore& store, const StateChange& change) {
  std::vector<std::string> deletes;
  if (change.before == nullptr) {
    for (const std::string_view prefix : {kDefinitions, kCounts}) {
      IMDI_RETURN_IF_ERROR(ForEach(store, prefix, [&](const storage::FoldItem& item) {
        deletes.push_back(item.key);
        return absl::OkStatus();
      }));
    }
  }
  std::vector<storage::FoldItem> puts;
  for (const aggregation_pb::DefinitionStep& step : change.definitions) {
    std::string key(kDefinitions);
    base::PutU64(key, static_cast<uint64_t>(step.position()));
    puts.push_back({std::move(key), step.SerializeAsString()});
  }
  for (const auto& [id, edition] : change.now->editions()) {
    std::string key = base::StrCat(kCounts, id);
    const FoldedState::Edition* before = nullptr;
    if (change.before != nullptr) {
      const auto found = change.before->editions().find(id);
      if (found != change.before->editions().end()) before = &found->second;
    }
    if (edition.counts == nullptr) {
      if (before != nullptr && before->counts != nullptr) deletes.push_back(std::move(key));
    } else if (before == nullptr || before->counts != edition.counts) {
      puts.push_back({std::move(key), CountsBytes(id, *edition.counts)});
    }
  }
  puts.push_back({std::string(kStateKey), StateBytes(*change.now, change.heard_us)});
  return store.Write(puts, deletes, std::nullopt);
}

}  // namespace imdi::query
